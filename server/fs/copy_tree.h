// Copies a directory with all below it into a directory that exists.
// Threading: thread-safe (no state); others may change both trees meanwhile.
#pragma once

#include <string>

#include "server/base/result.h"
#include "server/fs/copy_file.h"

namespace paned {

// Copies the entries of the directory `source` into the directory `destination` (both trimmed):
// files with their modes, links as links, directories with default modes merged into existing ones;
// fifos, sockets and devices are skipped, as are entries that vanish meanwhile. Stops at the first
// error.
Status CopyTree(const std::string& source, const std::string& destination);

// The error of a directory that would be copied into itself.
Error IntoItselfError(std::string destination);

}  // namespace paned
