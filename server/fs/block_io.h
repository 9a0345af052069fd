// Blocks of an open file, wherever they lie in it: what fs/readBlock and fs/writeBlock do on the
// disk. Source: exec-server protocol, section 8.9. Threading: thread-safe; calls on one file may
// run side by side. Blocking: on workers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/result.h"
#include "server/fs/file_handles.h"

namespace paned {

// The most that one block may have, in bytes.
inline constexpr std::uint64_t kMaxBlock = 1'048'576;

// The rules that need no file, in the reference's words. A block has 1 to kMaxBlock bytes; a
// written one ends at a signed 64-bit offset. kInvalidRequest otherwise.
Status CheckReadBlock(std::uint64_t length);
Status CheckWriteBlock(std::uint64_t offset, std::uint64_t length);

// Reads `length` bytes at `offset`; fewer only where the file ends. A range past the largest offset
// is EINVAL; a file that was opened to be replaced cannot be read (EBADF).
Result<std::string> ReadBlock(const OpenFile& file, std::uint64_t offset, std::uint64_t length);

// Writes all of `bytes` at `offset`; a gap before it reads as zeros. A failure half-way says how
// far it came (hint).
Status WriteBlock(const OpenFile& file, std::uint64_t offset, std::string_view bytes);

}  // namespace paned
