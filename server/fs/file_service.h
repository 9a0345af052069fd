// The file methods' work on the disk: blocking, stateless, exact in its error texts.
// Source: exec-server protocol, section 8. Threading: thread-safe (no state); called from the
// worker pool, never from the io thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/fs_types.h"
#include "server/base/result.h"
#include "server/base/unique_fd.h"

namespace paned {

// The reference's own limit of fs/readFile, in bytes.
inline constexpr std::uint64_t kMaxReadableFile = 536'870'912;

// A regular file open for reading.
struct OpenedFile {
  UniqueFd fd;
  std::uint64_t size = 0;  // by fstat; 0 for /proc files, which have content all the same
};

// Opens `path` for fs/readFile. Follows symlinks, never blocks on a fifo. Not a regular file:
// kInvalidRequest "path `P` is not a file". Larger than `limit` bytes: kInvalidRequest "file is too
// large to read: limit is N bytes" with limit and a hint (fs/open + fs/readBlock).
Result<OpenedFile> OpenForRead(const std::string& path, std::uint64_t limit);

// Opens `path` for fs/open with mode "replace": created (0666 & ~umask) or truncated in place, and
// writable only. Never blocks on a fifo. Not a regular file: the system's error (EISDIR, ENXIO) or
// kInvalidRequest "path `P` is not a file"; devices are not even opened.
Result<UniqueFd> OpenForReplace(const std::string& path);

// Reads up to `count` bytes at the file's current position; fewer only at the end of the file.
Result<std::string> ReadPiece(const OpenedFile& file, std::size_t count);

// Creates (0666 & ~umask) or replaces in place with all of `bytes`. `create_parents` makes missing
// parents (0755). When there is no room the old contents stay, where the file system can tell
// before. A write that fails half-way is an error that says how far it came, and what is lost
// (hint).
Status WriteFile(const std::string& path, std::string_view bytes, bool create_parents);

Status CreateDirectory(const std::string& path, bool recursive);
Result<protocol::Metadata> GetMetadata(const std::string& path);
Result<std::string> Canonicalize(const std::string& path);
Result<protocol::ReadDirectoryResult> ReadDirectory(const std::string& path);
Status Remove(const std::string& path, bool recursive, bool force);
Status Copy(const std::string& source, const std::string& destination, bool recursive);

}  // namespace paned
