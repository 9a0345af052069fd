// Lists a tree of files and directories, with limits: fs/walk. Source: exec-server protocol,
// section 8.7. Threading: thread-safe (no state); others may change the tree meanwhile. Blocking:
// on workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "protocol/fs_types.h"
#include "server/base/result.h"

namespace paned {

inline constexpr std::uint64_t kMaxWalkDepth = 64;
inline constexpr std::uint64_t kMaxWalkDirectories = 10'000;
inline constexpr std::uint64_t kMaxWalkEntries = 50'000;
// What the items of a result may weigh together: their texts, and kWalkItemCost for each. The
// reference has the same limit and does not announce it (measured on 0.169).
inline constexpr std::size_t kMaxWalkBytes = std::size_t{4} << 20;
inline constexpr std::size_t kWalkItemCost = 64;

// kInvalidRequest when a limit is zero (the depth may be) or above its maximum.
Status CheckWalkLimits(const protocol::WalkOptions& options);

// Writes a native path as the client wants to read it.
using PathWriter = std::function<std::string(const std::string& native)>;

// Walks breadth-first, the names of each directory in byte order; paths begin with `path` and leave
// through `write`. Regular files and directories are reported; symlinks to directories as
// directories with `follow_directory_symlinks`, else not at all. Every real directory is entered
// once, whatever leads to it. What cannot be looked at or entered becomes an item of `errors`. A
// `path` that is no directory, or a symlink that is not to be followed, has no entries; one that
// cannot be looked up is an error.
//
// `options` must have passed CheckWalkLimits. `truncated` is set when a directory or a name was
// left over at the limits, or when an item would have made the result heavier than kMaxWalkBytes.
Result<protocol::WalkResult> Walk(const std::string& path, const protocol::WalkOptions& options,
                                  const PathWriter& write);

}  // namespace paned
