#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

#include "server/base/os_error.h"
#include "server/fs/copy_file.h"
#include "server/fs/copy_tree.h"
#include "server/fs/file_service.h"
#include "server/fs/make_directories.h"
#include "server/fs/open_directory.h"
#include "server/fs/path_text.h"

namespace paned {
namespace {

Error NotCopyable(const std::string& path) {
  return Error{ErrorKind::kInvalidRequest,
               "fs/copy only supports regular files, directories, and symlinks", path};
}

// Whether `path`, or where it would be made, is the directory `root` or below it. Asked of the
// kernel through "..", so that links on the way cannot hide it.
bool IsBelow(std::string path, const FileId& root) {
  OpenDirectory directory;
  for (;;) {
    const int error = directory.Open(AT_FDCWD, path, O_PATH);
    if (error == 0) break;
    std::string parent = ParentOf(path);
    if (error != ENOENT || parent == path) return false;  // making the directories will tell why
    path = std::move(parent);
  }
  for (;;) {
    if (directory.id() == root) return true;
    OpenDirectory parent;
    if (parent.Open(directory.fd(), "..", O_PATH) != 0 || parent.id() == directory.id()) {
      return false;
    }
    directory = std::move(parent);
  }
}

Status CopyDirectory(const std::string& source, const struct stat& status,
                     const std::string& destination, bool recursive) {
  if (!recursive) {
    return Error{ErrorKind::kInvalidRequest,
                 "fs/copy requires recursive: true when sourcePath is a directory", source};
  }
  if (IsBelow(destination, IdOf(status))) return IntoItselfError(destination);
  const int error = MakeDirectories(destination, 0777);
  if (error != 0) return FileError(error, destination);
  return CopyTree(source, destination);
}

}  // namespace

Status Copy(const std::string& raw_source, const std::string& raw_destination, bool recursive) {
  const std::string source = TrimPath(raw_source);
  const std::string destination = TrimPath(raw_destination);
  struct stat status = {};
  if (::lstat(source.c_str(), &status) != 0) return FileError(errno, source);
  if (S_ISDIR(status.st_mode)) return CopyDirectory(source, status, destination, recursive);
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) return NotCopyable(source);

  const FilePlace from{AT_FDCWD, source};
  const FilePlace to{AT_FDCWD, destination};
  const CopyOutcome outcome = S_ISLNK(status.st_mode) ? CopyLink(from, to) : CopyFile(from, to);
  if (outcome.not_a_file) return NotCopyable(source);
  if (outcome.error != 0) return CopyError(outcome, source, destination);
  return Done{};
}

}  // namespace paned
