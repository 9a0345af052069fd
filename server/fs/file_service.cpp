#include "server/fs/file_service.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/os_error.h"
#include "server/fs/make_directories.h"
#include "server/fs/path_text.h"
#include "server/fs/replacement.h"
#include "server/fs/write_all.h"

namespace paned {
namespace {

// What a file without a size (/proc) is read by at first.
constexpr std::uint64_t kFirstRead = std::uint64_t{64} * 1024;

Error NotAFile(const std::string& path) {
  Error error{ErrorKind::kInvalidRequest, "path `" + path + "` is not a file", path};
  error.hint = "only regular files can be opened";
  return error;
}

// Reads into [data, data + count) until it is full or the file ends; errno or 0.
int ReadFully(int fd, char* data, std::size_t count, std::size_t* got) {
  while (*got < count) {
    const ssize_t part = ::read(fd, data + *got, count - *got);
    if (part == 0) return 0;
    if (part > 0) {
      *got += static_cast<std::size_t>(part);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// `more`: flags beside these.
int OpenForWrite(const std::string& path, int more) {
  // O_NONBLOCK: a fifo without reader fails with ENXIO instead of holding a worker.
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  return ::open(path.c_str(), kFlags | more, 0666);
}

}  // namespace

Result<OpenedFile> OpenForRead(const std::string& raw_path, std::uint64_t limit) {
  const std::string path = TrimPath(raw_path);
  // Asked before opening, because opening a device can have effects (a tape rewinds). O_NONBLOCK
  // and the second look are for what comes to stand there in between.
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return FileError(errno, path);
  if (!S_ISREG(status.st_mode)) return NotAFile(path);

  OpenedFile file;
  file.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.fd.valid()) return FileError(errno, path);
  if (::fstat(file.fd.get(), &status) != 0) return FileError(errno, path);
  if (!S_ISREG(status.st_mode)) return NotAFile(path);

  file.size = static_cast<std::uint64_t>(status.st_size);
  if (file.size > limit) {
    Error error{ErrorKind::kInvalidRequest,
                "file is too large to read: limit is " + std::to_string(limit) + " bytes", path,
                limit};
    error.hint = "read it in blocks with fs/open and fs/readBlock";
    return error;
  }
  return file;
}

Result<UniqueFd> OpenForReplace(const std::string& raw_path) {
  const std::string path = TrimPath(raw_path);
  // A device is left alone: opening it can have effects. What else is no file is told by open().
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))) {
    return NotAFile(path);
  }
  UniqueFd fd(OpenForWrite(path, O_TRUNC));
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return FileError(errno, path);
  if (!S_ISREG(status.st_mode)) return NotAFile(path);
  return fd;
}

Result<std::string> ReadPiece(const OpenedFile& file, std::size_t count) {
  std::string piece;
  // The buffer follows the file, not the request: `count` may be the limit and the file ten bytes.
  // One byte more than the size lets the end show without another round.
  const std::uint64_t expected = std::max(file.size + 1, kFirstRead);
  try {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(count, expected)));
    std::size_t got = 0;
    for (;;) {
      const int error = ReadFully(file.fd.get(), piece.data(), piece.size(), &got);
      if (error != 0) return FileError(error, {});
      if (got < piece.size() || piece.size() == count) break;
      piece.resize(count - piece.size() < piece.size() ? count : piece.size() * 2);
    }
    piece.resize(got);
  } catch (const std::exception&) {  // bad_alloc or length_error: the piece does not fit in memory
    return FileError(ENOMEM, {});
  }
  return piece;
}

Status WriteFile(const std::string& raw_path, std::string_view bytes, bool create_parents) {
  const std::string path = TrimPath(raw_path);
  UniqueFd fd(OpenForWrite(path, 0));
  if (!fd.valid() && errno == ENOENT && create_parents) {
    const int error = MakeDirectories(ParentOf(path), 0755);
    if (error != 0) return FileError(error, ParentOf(path));
    fd = UniqueFd(OpenForWrite(path, 0));
  }
  struct stat status = {};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return FileError(errno, path);

  const WriteSignalGuard guard;
  Replacement replacement(fd.get(), status);
  WriteOutcome outcome;
  outcome.error = replacement.Begin(bytes.size(), /*holes=*/false);
  if (outcome.error == 0) {
    outcome = WriteAll(fd.get(), bytes);
    const int end_error = replacement.End(outcome.written);
    if (outcome.error == 0) outcome.error = end_error;
  }
  const int close_error = CloseChecked(std::move(fd));
  if (outcome.error == 0) outcome.error = close_error;
  if (outcome.error == 0) return Done{};
  Error error = PartialWriteError(outcome.error, path, outcome.written, bytes.size());
  replacement.Explain(&error);
  return error;
}

}  // namespace paned
