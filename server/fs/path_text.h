// Paths as text: what the file methods need before the kernel sees a path.
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace paned {

// `path` without trailing "/" and "/.", because clients write them and the reference ignores them
// (also on files and symlinks). "/" stays "/".
std::string TrimPath(std::string_view path);

// The directory part: "/a/b" -> "/a", "/a" -> "/", "a" -> ".". `path` must be trimmed.
std::string ParentOf(const std::string& path);

// The last name: "/a/b" -> "b", "/" -> "". `path` must be trimmed.
std::string NameOf(const std::string& path);

// True when the kernel would refuse `path` as a whole for its length.
bool IsTooLong(const std::string& path);

}  // namespace paned
