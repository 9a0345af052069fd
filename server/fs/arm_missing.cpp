#include "server/fs/arm_missing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <string_view>

#include "server/base/os_error.h"
#include "server/base/unique_fd.h"
#include "server/fs/path_text.h"

namespace paned {
namespace {

// f_type of statfs(2) where every change goes through this kernel. Elsewhere (NFS, FUSE, /proc) a
// file may appear without an event, so the answer is that nothing is watched, and the client looks.
constexpr std::array<std::uint32_t, 8> kLocalFileSystems = {
    0xEF53,      // ext2, ext3, ext4
    0x58465342,  // xfs
    0x9123683E,  // btrfs
    0x01021994,  // tmpfs, devtmpfs
    0x794C7630,  // overlayfs
    0xF2F52010,  // f2fs
    0x2FC12FC1,  // zfs
    0xCA451A4E,  // bcachefs
};

bool TellsItsChanges(const UniqueFd& directory) {
  struct statfs status = {};
  if (::fstatfs(directory.get(), &status) != 0) return false;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return std::find(kLocalFileSystems.begin(), kLocalFileSystems.end(), type) !=
         kLocalFileSystems.end();
}

bool IsShortage(int error_number) {
  return error_number == ENOSPC || error_number == ENOMEM || error_number == EMFILE ||
         error_number == ENFILE;
}

Error Shortage(int error_number, const std::string& path) {
  Error error = FileError(error_number, path);
  error.kind = ErrorKind::kInternal;
  if (error_number == ENOSPC) {
    error.message = "no inotify watch is left to this user (fs.inotify.max_user_watches)";
    error.hint = "raise the sysctl fs.inotify.max_user_watches";
  }
  return error;
}

class Arming {
 public:
  Arming(WatchTable* table, WatchTable::WatchId watch) : table_(table), watch_(watch) {}

  // True: all but the last component exist and are watched (`missing`: or some end earlier).
  bool Descend(const std::string& path, bool missing);
  const std::optional<Error>& shortage() const { return shortage_; }

 private:
  enum class Step { kArmed, kMissing, kRefused };

  Step Arm(const std::string& directory, int* wd);

  WatchTable* table_;
  WatchTable::WatchId watch_;
  std::map<std::string, int> armed_;  // the watch descriptors of directories, by path
  std::optional<Error> shortage_;
};

Arming::Step Arming::Arm(const std::string& directory, int* wd) {
  const auto known = armed_.find(directory);
  if (known != armed_.end()) {
    *wd = known->second;
    return Step::kArmed;
  }
  // The path leads through directories that are watched by now: a symlink that comes into it is an
  // event of theirs.
  const UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return Step::kMissing;
    if (IsShortage(errno)) shortage_ = Shortage(errno, directory);
    return Step::kRefused;
  }
  if (armed_.size() == kMaxWatchedDirectories || !TellsItsChanges(fd)) return Step::kRefused;
  *wd = table_->Arm(watch_, fd);
  if (*wd < 0) {
    if (IsShortage(-*wd)) shortage_ = Shortage(-*wd, directory);
    return Step::kRefused;
  }
  armed_.emplace(directory, *wd);
  return Step::kArmed;
}

bool Arming::Descend(const std::string& path, bool missing) {
  int wd = -1;
  if (IsTooLong(path)) return false;  // it cannot come into being
  if (Arm("/", &wd) != Step::kArmed) return false;
  std::size_t start = 1;
  while (start < path.size()) {
    const std::size_t slash = path.find('/', start);
    const std::string name = path.substr(start, slash - start);
    table_->Expect(watch_, wd, name);
    const std::string here = path.substr(0, slash);
    if (slash == std::string::npos) {
      struct stat status = {};
      if (::lstat(here.c_str(), &status) == 0) return !missing && !S_ISLNK(status.st_mode);
      return missing && errno == ENOENT;
    }
    switch (Arm(here, &wd)) {
      case Step::kArmed:
        break;
      case Step::kMissing:
        return missing;
      case Step::kRefused:
        return false;
    }
    start = slash + 1;
  }
  return !missing;  // the root itself
}

}  // namespace

Result<bool> ArmMissing(WatchTable* table, WatchTable::WatchId watch, const MissingPaths& paths) {
  if (paths.missing.empty() || paths.missing.size() > kMaxWatchedPaths) return false;
  Arming arming(table, watch);
  bool good = !paths.present || arming.Descend(*paths.present, /*missing=*/false);
  for (auto path = paths.missing.begin(); good && path != paths.missing.end(); ++path) {
    good = arming.Descend(*path, /*missing=*/true);
  }
  if (arming.shortage()) return *arming.shortage();
  return good;
}

}  // namespace paned
