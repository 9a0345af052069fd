// Lists a tree of files and directories, with limits: fs/walk. Source: exec-server protocol,
// section 8.7. Threading: thread-safe (no state); others may change the tree meanwhile. Blocking:
// on workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/fs_types.h"
#include "server/base/result.h"

namespace paned {

inline constexpr std::uint64_t kMaxWalkDepth = 64;
inline constexpr std::uint64_t kMaxWalkDirectories = 10'000;
inline constexpr std::uint64_t kMaxWalkEntries = 50'000;
// What the result may weigh in memory: 50,000 paths of 335 bytes. As URIs they stay below every
// client's message limit, however many bytes need an escape.
inline constexpr std::size_t kMaxWalkBytes = std::size_t{20} << 20;

// kInvalidRequest when a limit is zero (the depth may be) or above its maximum.
Status CheckWalkLimits(const protocol::WalkOptions& options);

// Walks breadth-first, the names of each directory in byte order; paths are native and begin with
// `path`. Regular files and directories are reported; symlinks to directories as directories with
// `follow_directory_symlinks`, else not at all. Every real directory is entered once, whatever
// leads to it. What cannot be looked at or entered becomes an item of `errors`. A `path` that is no
// directory, or a symlink that is not to be followed, has no entries; one that cannot be looked up
// is an error.
//
// `options` must have passed CheckWalkLimits. `truncated` is set when a directory or a name was
// left over at the limits, or when the result reached `max_bytes`.
Result<protocol::WalkResult> Walk(const std::string& path, const protocol::WalkOptions& options,
                                  std::size_t max_bytes = kMaxWalkBytes);

}  // namespace paned
