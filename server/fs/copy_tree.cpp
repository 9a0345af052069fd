#include "server/fs/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "server/base/os_error.h"
#include "server/fs/open_directory.h"

namespace paned {
namespace {

unsigned char TypeOf(int directory, const ListedName& listed) {
  if (listed.type != DT_UNKNOWN) return listed.type;
  struct stat status = {};
  if (::fstatat(directory, listed.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return DT_UNKNOWN;  // gone: nothing to copy
  }
  return static_cast<unsigned char>(IFTODT(status.st_mode));
}

// Copies level by level like TreeRemover: depth costs neither stack nor descriptors.
class TreeCopier {
 public:
  TreeCopier(const std::string& source, const std::string& destination)
      : source_(source), destination_(destination) {}

  Status Run() {
    Level top;
    int error = top.source.Open(AT_FDCWD, source_, O_RDONLY | O_NOFOLLOW);
    if (error != 0) return FileError(error, source_);
    error = top.destination.Open(AT_FDCWD, destination_, O_PATH);
    if (error != 0) return FileError(error, destination_);
    entrances_.push_back(top.destination.id());

    Status status = Fill(std::move(top));
    while (status.ok() && !levels_.empty()) {
      Level& level = levels_.back();
      if (level.directories.empty()) {
        status = Leave();
      } else {
        const std::string next = std::move(level.directories.back());
        level.directories.pop_back();
        status = Enter(next);
      }
    }
    return status;
  }

 private:
  struct Level {
    OpenDirectory source;
    OpenDirectory destination;
    bool linked = false;  // the destination was reached through a symlink: its ".." is not ours
    std::string name;
    std::vector<std::string> directories;  // still to be copied
  };

  // Copies what `level` holds but its directories, which become the next levels' work.
  Status Fill(Level level) {
    // A source directory that is one of the roots we write below would grow as it is copied.
    if (std::find(entrances_.begin(), entrances_.end(), level.source.id()) != entrances_.end()) {
      return IntoItselfError(destination_);
    }
    levels_.push_back(std::move(level));
    SuspendAbove();
    Level& here = levels_.back();
    std::vector<ListedName> names;
    const int error = ListNames(here.source.fd(), &names);
    if (error != 0) return FileError(error, PathBelow(source_, {}));
    for (ListedName& listed : names) {
      const unsigned char type = TypeOf(here.source.fd(), listed);
      if (type == DT_DIR) {
        here.directories.push_back(std::move(listed.name));
      } else if (type == DT_REG || type == DT_LNK) {
        const FilePlace from{here.source.fd(), listed.name};
        const FilePlace to{here.destination.fd(), listed.name};
        const CopyOutcome outcome = type == DT_REG ? CopyFile(from, to) : CopyLink(from, to);
        const bool vanished = outcome.error == ENOENT && outcome.side == CopySide::kSource;
        if (outcome.error != 0 && !vanished) {
          return CopyError(outcome, PathBelow(source_, listed.name),
                           PathBelow(destination_, listed.name));
        }
      }
    }
    return Done{};
  }

  Status Enter(const std::string& name) {
    const Level& parent = levels_.back();
    Level level;
    level.name = name;
    int error = level.source.Open(parent.source.fd(), name, O_RDONLY | O_NOFOLLOW);
    if (error == ENOENT) return Done{};
    if (error != 0) return FileError(error, PathBelow(source_, name));
    error = MakeDestination(parent.destination.fd(), &level);
    if (error != 0) return FileError(error, PathBelow(destination_, name));
    if (level.linked) {
      if (level.source.id() == level.destination.id())
        return Done{};  // onto itself: whole as it is
      entrances_.push_back(level.destination.id());
    }
    return Fill(std::move(level));
  }

  static int MakeDestination(int parent, Level* level) {
    if (::mkdirat(parent, level->name.c_str(), 0777) != 0 && errno != EEXIST) return errno;
    int error = level->destination.Open(parent, level->name, O_PATH | O_NOFOLLOW);
    if (error == ENOTDIR || error == ELOOP) {
      level->linked = true;
      error = level->destination.Open(parent, level->name, O_PATH);
    }
    // A file, or a link that leads to no directory, is in the way.
    return error == ENOTDIR || error == ELOOP || error == ENOENT ? EEXIST : error;
  }

  Status Leave() {
    const Level done = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.empty()) return Done{};
    Level& parent = levels_.back();
    int error = parent.source.Resume(done.source);
    if (error != 0) return FileError(error, PathBelow(source_, {}));
    error = parent.destination.Resume(done.destination);
    if (error != 0) return FileError(error, PathBelow(destination_, {}));
    return Done{};
  }

  void SuspendAbove() {
    if (levels_.size() <= kOpenLevels) return;
    const std::size_t index = levels_.size() - 1 - kOpenLevels;
    levels_[index].source.Suspend();
    if (!levels_[index + 1].linked) levels_[index].destination.Suspend();
  }

  // The path of `name` in the last level; of the level itself when `name` is empty.
  std::string PathBelow(const std::string& top, const std::string& name) const {
    std::string path = top;
    for (std::size_t i = 1; i < levels_.size(); ++i) path += '/' + levels_[i].name;
    if (!name.empty()) path += '/' + name;
    return path;
  }

  const std::string& source_;
  const std::string& destination_;
  std::vector<Level> levels_;
  std::vector<FileId> entrances_;  // the directories through which we came to write
};

}  // namespace

Status CopyTree(const std::string& source, const std::string& destination) {
  return TreeCopier(source, destination).Run();
}

Error IntoItselfError(std::string destination) {
  return Error{ErrorKind::kInvalidRequest,
               "fs/copy cannot copy a directory to itself or one of its descendants",
               std::move(destination)};
}

}  // namespace paned
