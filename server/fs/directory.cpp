#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "server/base/os_error.h"
#include "server/base/unique_fd.h"
#include "server/fs/file_service.h"
#include "server/fs/make_directories.h"
#include "server/fs/open_directory.h"
#include "server/fs/path_text.h"

namespace paned {

Status CreateDirectory(const std::string& raw_path, bool recursive) {
  const std::string path = TrimPath(raw_path);
  int error = 0;
  if (recursive) {
    error = MakeDirectories(path, 0777);
  } else if (::mkdir(path.c_str(), 0777) != 0) {
    error = errno;
  }
  if (error != 0) return FileError(error, path);
  return Done{};
}

Result<protocol::ReadDirectoryResult> ReadDirectory(const std::string& raw_path) {
  const std::string path = TrimPath(raw_path);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FileError(errno, path);
  std::vector<ListedName> names;
  const int error = ListNames(fd.get(), &names);
  if (error != 0) return FileError(error, path);

  protocol::ReadDirectoryResult result;
  result.entries.reserve(names.size());
  for (ListedName& listed : names) {
    protocol::DirectoryEntry entry;
    entry.is_directory = listed.type == DT_DIR;
    entry.is_file = listed.type == DT_REG;
    if (listed.type == DT_LNK || listed.type == DT_UNKNOWN) {
      struct stat status = {};
      // A link that leads nowhere is left out, as is a file that has just gone.
      if (::fstatat(fd.get(), listed.name.c_str(), &status, 0) != 0) continue;
      entry.is_directory = S_ISDIR(status.st_mode);
      entry.is_file = S_ISREG(status.st_mode);
    }
    entry.file_name = std::move(listed.name);
    result.entries.push_back(std::move(entry));
  }
  return result;
}

}  // namespace paned
