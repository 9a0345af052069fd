#include "server/base/os_error.h"

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace paned {
namespace {

constexpr std::string_view kTexts[] = {
#include "server/base/os_error_table.inc"
};

// musl's text for a number it does not know, which is also its text for 0.
constexpr std::string_view kUnknown = kTexts[0];

std::string_view TextOf(int error_number) {
  if (error_number < 0) return kUnknown;
  const auto index = static_cast<std::size_t>(error_number);
  return index < std::size(kTexts) ? kTexts[index] : kUnknown;
}

ErrorKind KindOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return ErrorKind::kNotFound;
    // The reference counts a refusal of permission as the caller's fault (measured on 0.135 to
    // 0.169).
    case EINVAL:
    case EACCES:
    case EPERM:
      return ErrorKind::kInvalidRequest;
    default:
      return ErrorKind::kInternal;
  }
}

// What a person can do about it; empty where the text says it all.
std::string_view HintFor(int error_number) {
  switch (error_number) {
    case EACCES:
      return "the server's user lacks permission for the file or for a directory on its path";
    case EPERM:
      return "the server's user is not the owner, or the file is marked immutable";
    case EROFS:
      return "the file system is mounted read-only";
    case ENOSPC:
      return "the file system is full: free space or inodes";
    case EDQUOT:
      return "the disk quota of the server's user is used up";
    case EFBIG:
      return "the file would exceed the largest size allowed (see `ulimit -f`)";
    case EMFILE:
      return "the server has too many files open (see `ulimit -n`)";
    case ENFILE:
      return "the system has too many files open";
    case ENOMEM:
      return "the server is out of memory";
    case ETXTBSY:
      return "the file is a program that is running: stop it, or write to another path";
    case EBUSY:
      return "the file is in use, for example as a mount point";
    case EXDEV:
      return "the paths are on different file systems";
    case ELOOP:
      return "a symbolic link on the path leads back to itself";
    case ENAMETOOLONG:
      return "a name may have 255 bytes, a path 4095";
    case EIO:
      return "the device failed or does not answer";
    case ENXIO:
      return "nobody reads from the other end, or the device is gone";
    default:
      return {};
  }
}

}  // namespace

std::string OsErrorText(int error_number) {
  std::string text(TextOf(error_number));
  text += " (os error ";
  text += std::to_string(error_number);
  text += ')';
  return text;
}

Error FileError(int error_number, std::string path) {
  Error error;
  error.kind = KindOf(error_number);
  error.message = OsErrorText(error_number);
  error.path = std::move(path);
  error.hint = std::string(HintFor(error_number));
  return error;
}

}  // namespace paned
