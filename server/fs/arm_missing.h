// Lays a watch over paths that do not exist: from the root down to the last directory that is
// there, every one of them, so that neither a name that appears nor a directory that is swapped
// stays unseen. Each directory is watched before it is looked into: what changes in between is an
// event. Source: protocol/README.md, "fs/watchMissing, measured". Threading: blocks on the disk;
// called from the worker pool, never from the io thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/fs/watch_table.h"

namespace paned {

struct MissingPaths {
  std::vector<std::string> missing;    // absolute, without "." and ".."
  std::optional<std::string> present;  // likewise; must be there, and no symlink
};

// What one watch may ask for (the reference: 64 of each). The names of the largest one take a few
// megabytes, its directories a fifth of the 8192 that old kernels give a user.
inline constexpr std::size_t kMaxWatchedPaths = 16384;
inline constexpr std::size_t kMaxWatchedDirectories = 1024;

// True: everything is as `paths` says, and a change will end the watch. False: it is not so, or
// cannot be watched: there are no missing paths or too many, one exists, something on the way is no
// directory (symlinks are none) or may not be read, or lies on a file system whose changes inotify
// does not tell. An Error: the machine has no more watches (a text that names the sysctl), memory
// or descriptors.
Result<bool> ArmMissing(WatchTable* table, WatchTable::WatchId watch, const MissingPaths& paths);

}  // namespace paned
