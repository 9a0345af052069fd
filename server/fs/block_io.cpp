#include "server/fs/block_io.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <limits>

#include "server/base/os_error.h"
#include "server/fs/write_all.h"

namespace paned {
namespace {

constexpr std::uint64_t kLargestOffset = std::numeric_limits<std::int64_t>::max();

bool IsPastTheEnd(std::uint64_t offset, std::uint64_t length) {
  return offset > kLargestOffset - length;
}

Status CheckLength(const char* direction, std::uint64_t length) {
  if (length >= 1 && length <= kMaxBlock) return Done{};
  return Error{ErrorKind::kInvalidRequest,
               std::string("file ") + direction + " block length must be between 1 and " +
                   std::to_string(kMaxBlock),
               {},
               kMaxBlock};
}

}  // namespace

Status CheckReadBlock(std::uint64_t length) { return CheckLength("read", length); }

Status CheckWriteBlock(std::uint64_t offset, std::uint64_t length) {
  Status status = CheckLength("write", length);
  if (status.ok() && IsPastTheEnd(offset, length)) {
    return Error{ErrorKind::kInvalidRequest,
                 "file write range exceeds the signed 64-bit file offset limit",
                 {},
                 kLargestOffset};
  }
  return status;
}

Result<std::string> ReadBlock(const OpenFile& file, std::uint64_t offset, std::uint64_t length) {
  // Some file systems would take it for an end of file.
  if (IsPastTheEnd(offset, length)) return FileError(EINVAL, file.path);
  try {
    std::string block(length, '\0');
    std::size_t got = 0;
    while (got < length) {
      const ssize_t part = ::pread(file.fd.get(), block.data() + got, length - got,
                                   static_cast<off_t>(offset + got));
      if (part == 0) break;
      if (part > 0) {
        got += static_cast<std::size_t>(part);
      } else if (errno != EINTR) {
        return FileError(errno, file.path);
      }
    }
    block.resize(got);
    return block;
  } catch (const std::exception&) {  // bad_alloc
    return FileError(ENOMEM, file.path);
  }
}

Status WriteBlock(const OpenFile& file, std::uint64_t offset, std::string_view bytes) {
  const WriteSignalGuard guard;
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t part = ::pwrite(file.fd.get(), bytes.data() + written, bytes.size() - written,
                                  static_cast<off_t>(offset + written));
    if (part >= 0) {
      written += static_cast<std::size_t>(part);
    } else if (errno != EINTR) {
      const int error = errno;
      if (written == 0) return FileError(error, file.path);
      return PartialWriteError(error, file.path, written, bytes.size());
    }
  }
  return Done{};
}

}  // namespace paned
