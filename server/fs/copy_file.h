// Copies one regular file: bytes and mode, fast where the kernel can, and never onto itself.
// Threading: thread-safe (no state).
#pragma once

#include <cstdint>
#include <string>

#include "server/base/result.h"

namespace paned {

// A name seen from an open directory (AT_FDCWD for a whole path).
struct FilePlace {
  int directory;
  const std::string& name;
};

enum class CopySide { kSource, kDestination };

struct CopyOutcome {
  int error = 0;                      // errno, or 0 for success
  CopySide side = CopySide::kSource;  // whose error it is
  bool not_a_file = false;            // the source is no regular file (any more)
  std::uint64_t written = 0;          // how far a copy came that failed half-way
  std::uint64_t size = 0;             // out of so many bytes; 0: it did not begin
  Error account;  // its hint: what became of the old contents, when that is to be said
};

// Copies `source`, which must not be a symlink, over `destination`, which is followed if it is one.
// The destination is overwritten in place and gets the source's mode with its set-id bits (which
// the kernel takes away again unless the server is privileged). The same file under both names, be
// it by a link, is left whole.
CopyOutcome CopyFile(const FilePlace& source, const FilePlace& destination);

// Makes `destination` a symlink with the text of the symlink `source`. Never overwrites.
CopyOutcome CopyLink(const FilePlace& source, const FilePlace& destination);

// The Error of a failed outcome, given the paths of both sides.
Error CopyError(const CopyOutcome& outcome, const std::string& source,
                const std::string& destination);

}  // namespace paned
