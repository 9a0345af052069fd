#include "server/fs/replacement.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace paned {
namespace {

int Truncate(int fd, std::uint64_t size) {
  int result = 0;
  do {
    result = ::ftruncate(fd, static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

// Whether the file system cannot reserve room, as opposed to having none.
bool CannotReserve(int error) {
  return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL || error == ENODEV ||
         error == EPERM;
}

}  // namespace

Replacement::Replacement(int fd, const struct stat& status)
    : fd_(fd),
      regular_(S_ISREG(status.st_mode)),
      old_size_(regular_ ? static_cast<std::uint64_t>(status.st_size) : 0) {}

int Replacement::Reserve(std::uint64_t size) {
  if (size == 0) return 0;
  int result = 0;
  do {
    result = ::fallocate(fd_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return 0;
  const int error = errno;
  // What it could get goes back, and nothing that somebody has appended meanwhile.
  struct stat now = {};
  if (::fstat(fd_, &now) == 0) Truncate(fd_, static_cast<std::uint64_t>(now.st_size));
  return error;
}

int Replacement::Begin(std::uint64_t size, bool holes) {
  // Nothing for nothing is still a change, to those who watch and to make(1).
  if (old_size_ == 0) return regular_ && size == 0 ? Truncate(fd_, 0) : 0;
  rlimit limit = {};  // it counts for writing, and not for reserving
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && size > limit.rlim_cur) return EFBIG;
  // A file with holes may be larger than any disk: only what it really has could be reserved.
  const int error = holes ? EOPNOTSUPP : Reserve(size);
  if (error != 0 && !CannotReserve(error)) return error;
  // What is longer goes now, so that no shorter contents stand before a tail of the old ones.
  if (error != 0 || size < old_size_) {
    const int refused = Truncate(fd_, error != 0 ? 0 : size);
    if (refused != 0) return refused;
  }
  destroyed_ = true;
  if (error == 0) due_ = size;
  return 0;
}

int Replacement::End(std::uint64_t size) { return size < due_ ? Truncate(fd_, size) : 0; }

void Replacement::Explain(Error* error) const {
  if (old_size_ == 0) return;
  if (!error->hint.empty()) error->hint += "; ";
  error->hint += destroyed_ ? "the old contents are lost" : "the file keeps its old contents";
}

}  // namespace paned
