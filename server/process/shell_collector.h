// The shell code that takes a snapshot: run as `SHELL -lc CODE`, it reads the file of interactive
// shells as well and then prints what it has. Source: protocol/README.md, "Shell snapshots";
// bash(1), zshbuiltins(1), POSIX sh. Threading: pure.
#pragma once

#include <string>
#include <string_view>

#include "server/process/shell_snapshot.h"

namespace paned {

// `mark`: letters, digits and hyphens that nothing else prints; a letter first, since a digit would
// count as part of the NUL in front of it. The code prints MarkLine(mark), a
// script, MarkLine(mark), "NAME=value" with a NUL behind each, MarkLine(mark).
std::string CollectorCode(SnapshotShell shell, std::string_view mark);

// The mark as it stands in the output, between NULs.
std::string MarkLine(std::string_view mark);

}  // namespace paned
