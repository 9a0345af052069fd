#include "server/fs/copy_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/os_error.h"
#include "server/base/unique_fd.h"
#include "server/fs/open_directory.h"
#include "server/fs/replacement.h"
#include "server/fs/write_all.h"

namespace paned {
namespace {

constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

bool IsSparse(const struct stat& status) {
  return static_cast<std::uint64_t>(status.st_blocks) * 512 <
         static_cast<std::uint64_t>(status.st_size);
}

// The bytes of one copy, from the current position of one file to that of the other.
class ByteCopier {
 public:
  ByteCopier(int source, int destination) : source_(source), destination_(destination) {}

  // Copies a file of `size` bytes with what holes it has. What is appended meanwhile is left out:
  // a copy of a log must end even if the log grows faster. Size 0 may be a /proc file: read to its
  // end.
  bool CopyAll(const struct stat& source, const struct stat& destination) {
    const auto size = static_cast<std::uint64_t>(source.st_size);
    if (size == 0) return CopyBytes(kNoEnd);
    if (IsSparse(source) && S_ISREG(destination.st_mode) && CopyWithHoles(source.st_size))
      return true;
    return outcome_.error == 0 && CopyBytes(size);
  }

  const CopyOutcome& outcome() const { return outcome_; }

 private:
  bool Fail(int error, CopySide side) {
    outcome_.error = error;
    outcome_.side = side;
    return false;
  }

  // False with no error set: the file system does not tell its holes, nothing has been copied.
  bool CopyWithHoles(off_t size) {
    for (off_t position = 0; position < size;) {
      off_t data = ::lseek(source_, position, SEEK_DATA);
      if (data < 0 && errno == ENXIO) data = size;  // a hole up to the end
      if (data < 0) return position != 0 && Fail(errno, CopySide::kSource);
      data = std::min(data, size);
      const off_t hole = data == size ? size : ::lseek(source_, data, SEEK_HOLE);
      if (hole < 0 || ::lseek(source_, data, SEEK_SET) < 0) return Fail(errno, CopySide::kSource);
      if (::lseek(destination_, data, SEEK_SET) < 0) return Fail(errno, CopySide::kDestination);
      const off_t end = std::min(hole, size);
      if (!CopyBytes(static_cast<std::uint64_t>(end - data))) return false;
      if (ended_) return true;  // shorter than its size says: /sys, or just cut
      position = end;
    }
    return ::ftruncate(destination_, size) == 0 || Fail(errno, CopySide::kDestination);
  }

  // Copies `count` bytes, or fewer when the file ends.
  bool CopyBytes(std::uint64_t count) {
    constexpr std::uint64_t kAtOnce = std::uint64_t{64} * 1024 * 1024;
    std::uint64_t copied = 0;
    while (count > 0) {
      const auto part = static_cast<std::size_t>(std::min(count, kAtOnce));
      const ssize_t got = ::copy_file_range(source_, nullptr, destination_, nullptr, part, 0);
      if (got < 0 && errno == EINTR) continue;
      // Any failure is left to read and write: it may be only this call's (other file systems, old
      // kernels), and if not they meet it again and know the side. A 0 at once may be a /proc file.
      if (got < 0 || (got == 0 && copied == 0)) return ReadAndWrite(count);
      if (got == 0) return End();
      Advance(static_cast<std::uint64_t>(got), &count);
      copied += static_cast<std::uint64_t>(got);
    }
    return true;
  }

  bool ReadAndWrite(std::uint64_t count) {
    constexpr std::size_t kBufferSize = std::size_t{128} * 1024;
    if (buffer_ == nullptr) buffer_ = std::make_unique<char[]>(kBufferSize);
    while (count > 0) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, kBufferSize));
      const ssize_t got = ::read(source_, buffer_.get(), part);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Fail(errno, CopySide::kSource);
      if (got == 0) return End();
      const std::string_view bytes(buffer_.get(), static_cast<std::size_t>(got));
      const WriteOutcome outcome = WriteAll(destination_, bytes);
      Advance(outcome.written, &count);
      if (outcome.error != 0) return Fail(outcome.error, CopySide::kDestination);
    }
    return true;
  }

  bool End() {
    ended_ = true;
    return true;
  }

  void Advance(std::uint64_t bytes, std::uint64_t* count) {
    *count -= bytes;
    outcome_.written += bytes;
  }

  const int source_;
  const int destination_;
  CopyOutcome outcome_;
  bool ended_ = false;  // the source had fewer bytes than asked for
  std::unique_ptr<char[]> buffer_;
};

CopyOutcome Failed(int error, CopySide side) {
  CopyOutcome outcome;
  outcome.error = error;
  outcome.side = side;
  return outcome;
}

// A mode that is no wider than either file's, while bytes of both may stand there. A refused change
// leaves the old contents alone. The set-id bits are given now, so that the writing takes them away
// again where it should.
int Narrow(int fd, const struct stat& source, const struct stat& destination) {
  if (!S_ISREG(destination.st_mode)) return 0;
  const mode_t both = source.st_mode & destination.st_mode & 0777;
  return ::fchmod(fd, both | (source.st_mode & 07000)) == 0 ? 0 : errno;
}

// The source's permissions, and what has become of the set-id bits.
int Widen(int fd, const struct stat& source, const struct stat& destination) {
  struct stat now = {};
  if (!S_ISREG(destination.st_mode)) return 0;
  if (::fstat(fd, &now) != 0) return errno;
  return ::fchmod(fd, (source.st_mode & 0777) | (now.st_mode & 07000)) == 0 ? 0 : errno;
}

}  // namespace

CopyOutcome CopyFile(const FilePlace& source, const FilePlace& destination) {
  // O_NONBLOCK on both: what is a fifo by now must not hold a worker.
  constexpr int kCommon = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const UniqueFd in(
      ::openat(source.directory, source.name.c_str(), O_RDONLY | O_NOFOLLOW | kCommon));
  if (!in.valid()) return Failed(errno, CopySide::kSource);
  struct stat in_status = {};
  if (::fstat(in.get(), &in_status) != 0) return Failed(errno, CopySide::kSource);
  if (!S_ISREG(in_status.st_mode)) {
    CopyOutcome outcome;
    outcome.not_a_file = true;
    return outcome;
  }

  // Not truncated by opening: it may be the source itself.
  UniqueFd out(::openat(destination.directory, destination.name.c_str(),
                        O_WRONLY | O_CREAT | kCommon, in_status.st_mode & 0777));
  if (!out.valid()) return Failed(errno, CopySide::kDestination);
  struct stat out_status = {};
  if (::fstat(out.get(), &out_status) != 0) return Failed(errno, CopySide::kDestination);
  if (IdOf(in_status) == IdOf(out_status)) return {};

  const WriteSignalGuard guard;
  const int refused = Narrow(out.get(), in_status, out_status);
  if (refused != 0) return Failed(refused, CopySide::kDestination);
  Replacement replacement(out.get(), out_status);
  const auto size = static_cast<std::uint64_t>(in_status.st_size);
  const int no_room = replacement.Begin(size, size == 0 || IsSparse(in_status));
  // No room is needed where both can share their blocks: ioctl_ficlone(2).
  const bool shared = (no_room == ENOSPC || no_room == EDQUOT) &&
                      ::ioctl(out.get(), FICLONE, in.get()) == 0 &&
                      ::ftruncate(out.get(), in_status.st_size) == 0;
  if (no_room != 0 && !shared) {
    ::fchmod(out.get(), out_status.st_mode & 07777);
    CopyOutcome failed = Failed(no_room, CopySide::kDestination);
    failed.size = size;
    replacement.Explain(&failed.account);
    return failed;
  }
  ByteCopier copier(in.get(), out.get());
  if (!shared) copier.CopyAll(in_status, out_status);
  CopyOutcome outcome = copier.outcome();
  outcome.size = size;
  const auto also = [&outcome](int error) {
    if (outcome.error != 0 || error == 0) return;
    outcome.error = error;
    outcome.side = CopySide::kDestination;
  };
  also(replacement.End(outcome.written));
  also(Widen(out.get(), in_status, out_status));
  also(CloseChecked(std::move(out)));
  if (outcome.error != 0) replacement.Explain(&outcome.account);
  return outcome;
}

CopyOutcome CopyLink(const FilePlace& source, const FilePlace& destination) {
  // PATH_MAX bounds the text of a link; one byte more is its NUL.
  std::string text(PATH_MAX, '\0');
  const ssize_t length =
      ::readlinkat(source.directory, source.name.c_str(), text.data(), text.size());
  if (length < 0) return Failed(errno, CopySide::kSource);
  text.resize(static_cast<std::size_t>(length));
  if (::symlinkat(text.c_str(), destination.directory, destination.name.c_str()) != 0) {
    return Failed(errno, CopySide::kDestination);
  }
  return {};
}

Error CopyError(const CopyOutcome& outcome, const std::string& source,
                const std::string& destination) {
  const std::string& path = outcome.side == CopySide::kSource ? source : destination;
  Error error = outcome.size == 0
                    ? FileError(outcome.error, path)
                    : PartialWriteError(outcome.error, path, outcome.written, outcome.size);
  if (!outcome.account.hint.empty()) {
    error.hint += (error.hint.empty() ? "" : "; ") + outcome.account.hint;
  }
  return error;
}

}  // namespace paned
