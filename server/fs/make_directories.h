// Directories with their missing parents: fs/createDirectory, fs/writeFile and fs/copy all need
// them, with different modes.
// Threading: thread-safe; two calls that make the same directories both succeed.
#pragma once

#include <sys/types.h>

#include <string>

namespace paned {

// Makes `path` (trimmed) and what is missing above it, each with `mode` & ~umask. A directory that
// exists, or a symlink to one, is success. Returns errno or 0.
int MakeDirectories(const std::string& path, mode_t mode);

}  // namespace paned
