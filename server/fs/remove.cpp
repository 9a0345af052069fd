#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "server/base/os_error.h"
#include "server/base/unique_fd.h"
#include "server/fs/file_service.h"
#include "server/fs/open_directory.h"
#include "server/fs/path_text.h"

namespace paned {
namespace {

// Removes a name of the directory `parent`; one that is gone already counts. Returns errno or 0.
int Unlink(int parent, const std::string& name, int flags) {
  if (::unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT) return 0;
  return errno;
}

// Removes one tree, level by level instead of by recursion: depth costs memory, neither stack nor
// descriptors. Every step is relative to an open directory and follows no link, so what others do
// to the names meanwhile can make it fail, but never make it reach outside the tree.
class TreeRemover {
 public:
  TreeRemover(int parent, std::string path) : parent_(parent), path_(std::move(path)) {}

  Status Run(const std::string& name) {
    int error = Enter(name);
    while (error == 0 && !levels_.empty()) {
      Level& level = levels_.back();
      if (level.directories.empty()) {
        error = Leave();
      } else {
        const std::string next = std::move(level.directories.back());
        level.directories.pop_back();
        error = Enter(next);
      }
    }
    if (error != 0) return FileError(error, FailedPath());
    return Done{};
  }

 private:
  struct Level {
    OpenDirectory directory;
    std::string name;
    std::vector<std::string> directories;  // still to be removed
  };

  int ParentFd() const { return levels_.empty() ? parent_ : levels_.back().directory.fd(); }

  // Removes all of the directory `name` but its directories, which become the next level's work.
  int Enter(const std::string& name) {
    failed_ = name;
    Level level;
    const int error = level.directory.Open(ParentFd(), name, O_RDONLY | O_NOFOLLOW);
    if (error == ENOENT) return 0;
    if (error == ENOTDIR || error == ELOOP) return Unlink(ParentFd(), name, 0);  // swapped
    if (error == EACCES) {
      // It cannot be looked into, but an empty one can be removed all the same.
      return Unlink(ParentFd(), name, AT_REMOVEDIR) == 0 ? 0 : EACCES;
    }
    if (error != 0) return error;
    level.name = name;
    levels_.push_back(std::move(level));
    if (levels_.size() > kOpenLevels) {
      levels_[levels_.size() - 1 - kOpenLevels].directory.Suspend();
    }
    return RemoveFiles(&levels_.back());
  }

  int RemoveFiles(Level* level) {
    failed_.clear();
    std::vector<ListedName> names;
    const int error = ListNames(level->directory.fd(), &names);
    if (error != 0) return error;
    for (ListedName& listed : names) {
      if (listed.type != DT_DIR) {
        const int file_error = Unlink(level->directory.fd(), listed.name, 0);
        if (file_error == 0) continue;
        if (file_error != EISDIR) {
          failed_ = listed.name;
          return file_error;
        }
      }
      level->directories.push_back(std::move(listed.name));
    }
    return 0;
  }

  // Removes the emptied directory of the last level by its name in the level above.
  int Leave() {
    const Level done = std::move(levels_.back());
    levels_.pop_back();
    failed_ = done.name;
    if (!levels_.empty()) {
      const int error = levels_.back().directory.Resume(done.directory);
      if (error != 0) return error;
    }
    return Unlink(ParentFd(), done.name, AT_REMOVEDIR);
  }

  // The path of the entry that the last step worked on; empty `failed_` is the last level itself.
  std::string FailedPath() const {
    std::string path = path_;
    for (std::size_t i = 1; i < levels_.size(); ++i) path += '/' + levels_[i].name;
    if (!levels_.empty() && !failed_.empty()) path += '/' + failed_;
    return path;
  }

  const int parent_;
  const std::string path_;
  std::vector<Level> levels_;
  std::string failed_;
};

int RemoveOne(int parent, const std::string& name, int flags) {
  return ::unlinkat(parent, name.c_str(), flags) == 0 ? 0 : errno;
}

}  // namespace

Status Remove(const std::string& raw_path, bool recursive, bool force) {
  const std::string path = TrimPath(raw_path);
  if (IsTooLong(path)) return FileError(ENAMETOOLONG, path);
  const std::string name = NameOf(path);
  // What the kernel says of removing the root, said before the tree below it is gone.
  if (name.empty()) return FileError(EBUSY, path);
  if (name == "." || name == "..") return FileError(EINVAL, path);

  const UniqueFd parent(::open(ParentOf(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  int error = parent.valid() ? 0 : errno;
  struct stat status = {};
  if (error == 0 && ::fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    error = errno;
  }
  if (error == 0) {
    if (!S_ISDIR(status.st_mode)) {
      error = RemoveOne(parent.get(), name, 0);
    } else if (!recursive) {
      error = RemoveOne(parent.get(), name, AT_REMOVEDIR);
    } else {
      return TreeRemover(parent.get(), path).Run(name);
    }
  }
  if (error == 0 || (error == ENOENT && force)) return Done{};
  return FileError(error, path);
}

}  // namespace paned
