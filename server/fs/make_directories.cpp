#include "server/fs/make_directories.h"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "server/fs/path_text.h"

namespace paned {
namespace {

// Makes one directory; one that is there already counts. Returns errno or 0.
int MakeOne(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return 0;
  const int error = errno;
  if (error == ENOENT) return error;
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) ? 0 : error;
}

}  // namespace

int MakeDirectories(const std::string& path, mode_t mode) {
  // Up to the first ancestor that exists or can be made, then down again: the usual case, where
  // only the last name is missing, is one system call.
  std::vector<std::string> missing = {path};
  for (;;) {
    const int error = MakeOne(missing.back(), mode);
    if (error == 0) break;
    std::string parent = ParentOf(missing.back());
    if (error != ENOENT || parent == missing.back()) return error;
    missing.push_back(std::move(parent));
  }
  missing.pop_back();
  for (; !missing.empty(); missing.pop_back()) {
    const int error = MakeOne(missing.back(), mode);
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace paned
