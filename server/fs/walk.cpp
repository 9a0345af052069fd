#include "server/fs/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/os_error.h"
#include "server/base/unique_fd.h"
#include "server/fs/open_directory.h"
#include "server/fs/path_text.h"

namespace paned {
namespace {

// The first `count` names of a directory in byte order, however many it holds. Links that lead
// nowhere are passed over. Returns errno or 0.
int FirstNames(int fd, std::uint64_t count, std::vector<std::string>* names) {
  const int error = VisitNames(fd, [&](std::string_view name, unsigned char type) {
    const bool full = names->size() == count;
    if (full && name >= names->front()) return;
    if (type == DT_LNK || type == DT_UNKNOWN) {
      struct stat status = {};
      if (::fstatat(fd, std::string(name).c_str(), &status, 0) != 0) return;
    }
    if (full) {
      std::pop_heap(names->begin(), names->end());
      names->pop_back();
    }
    names->emplace_back(name);
    std::push_heap(names->begin(), names->end());
  });
  std::sort_heap(names->begin(), names->end());
  return error;
}

// One walk. A directory that waits for its turn is remembered by its path below the root and opened
// when the turn comes: the width of a tree costs no descriptors.
class Walker {
 public:
  Walker(std::string root, const protocol::WalkOptions& options, const PathWriter& write)
      : root_(std::move(root)), options_(options), write_(write) {}

  Result<protocol::WalkResult> Run() {
    struct stat status = {};
    if (::stat(root_.c_str(), &status) != 0) return FileError(errno, root_);
    if (!S_ISDIR(status.st_mode)) return std::move(result_);
    const int follow = options_.follow_directory_symlinks ? 0 : O_NOFOLLOW;
    top_ = UniqueFd(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow));
    if (!top_.valid()) {
      // ENOTDIR and ELOOP: it is a link that is not to be followed.
      if (errno != ENOTDIR && errno != ELOOP) AddError(root_, errno);
      return std::move(result_);
    }
    seen_.insert(IdOf(status));
    List(top_.get(), Pending(), root_);
    for (std::uint64_t entered = 1; !pending_.empty() && !result_.truncated; ++entered) {
      if (entered == options_.max_directories) {
        result_.truncated = true;
        break;
      }
      const Pending next = std::move(pending_.front());
      pending_.pop_front();
      Enter(next);
    }
    return std::move(result_);
  }

 private:
  struct Pending {
    std::string below;  // its path as seen from the root; empty for the root
    std::uint64_t depth = 0;
    bool linked = false;
  };

  void Enter(const Pending& directory) {
    const std::string path = Join(root_, directory.below);
    const int follow = directory.linked ? 0 : O_NOFOLLOW;
    const UniqueFd fd(
        ::openat(top_.get(), directory.below.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow));
    if (fd.valid()) {
      List(fd.get(), directory, path);
    } else {
      AddError(path, errno);
    }
  }

  void List(int fd, const Pending& directory, const std::string& path) {
    std::vector<std::string> names;
    // One more than may be looked at: it tells that something was left over.
    const int error = FirstNames(fd, options_.max_entries - looked_at_ + 1, &names);
    for (const std::string& name : names) {
      if (looked_at_ == options_.max_entries) result_.truncated = true;
      if (result_.truncated) return;
      ++looked_at_;
      LookAt(fd, name, directory, path);
    }
    if (error != 0) AddError(path, error);
  }

  void LookAt(int fd, const std::string& name, const Pending& parent, const std::string& path) {
    struct stat status = {};
    if (::fstatat(fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      AddError(Join(path, name), errno);
      return;
    }
    const bool linked = S_ISLNK(status.st_mode);
    if (linked) {
      if (!options_.follow_directory_symlinks) return;
      if (::fstatat(fd, name.c_str(), &status, 0) != 0 || !S_ISDIR(status.st_mode)) return;
    }
    if (S_ISREG(status.st_mode)) {
      AddEntry(Join(path, name), protocol::WalkKind::kFile);
    } else if (S_ISDIR(status.st_mode)) {
      AddEntry(Join(path, name), protocol::WalkKind::kDirectory);
      const bool pruned = options_.prune_hidden_directories && name.front() == '.';
      if (pruned || parent.depth == options_.max_depth) return;
      if (!seen_.insert(IdOf(status)).second) return;
      pending_.push_back(
          {parent.below.empty() ? name : Join(parent.below, name), parent.depth + 1, linked});
    }
  }

  static std::string Join(const std::string& directory, const std::string& name) {
    return directory == "/" ? directory + name : directory + '/' + name;
  }

  // Whether one more item with so much text may be kept; if not, the walk is over.
  bool Afford(std::size_t text) {
    bytes_ += text + kWalkItemCost;
    if (bytes_ > kMaxWalkBytes) result_.truncated = true;
    return bytes_ <= kMaxWalkBytes;
  }
  void AddEntry(const std::string& native, protocol::WalkKind kind) {
    std::string path = write_(native);
    if (Afford(path.size())) result_.entries.push_back({std::move(path), kind});
  }
  void AddError(const std::string& native, int error_number) {
    std::string path = write_(native);
    std::string message = OsErrorText(error_number);
    if (Afford(path.size() + message.size())) {
      result_.errors.push_back({std::move(path), std::move(message)});
    }
  }

  const std::string root_;
  const protocol::WalkOptions& options_;
  const PathWriter& write_;
  UniqueFd top_;
  std::deque<Pending> pending_;
  std::set<FileId> seen_;  // entered, or waiting to be
  std::uint64_t looked_at_ = 0;
  std::size_t bytes_ = 0;
  protocol::WalkResult result_;
};

}  // namespace

Status CheckWalkLimits(const protocol::WalkOptions& options) {
  if (options.max_directories == 0 || options.max_entries == 0) {
    return Error{ErrorKind::kInvalidRequest, "filesystem walk limits must be greater than zero"};
  }
  if (options.max_depth > kMaxWalkDepth || options.max_directories > kMaxWalkDirectories ||
      options.max_entries > kMaxWalkEntries) {
    return Error{ErrorKind::kInvalidRequest,
                 "filesystem walk limits exceed maximums: depth=" + std::to_string(kMaxWalkDepth) +
                     ", directories=" + std::to_string(kMaxWalkDirectories) +
                     ", entries=" + std::to_string(kMaxWalkEntries)};
  }
  return Done{};
}

Result<protocol::WalkResult> Walk(const std::string& path, const protocol::WalkOptions& options,
                                  const PathWriter& write) {
  return Walker(TrimPath(path), options, write).Run();
}

}  // namespace paned
