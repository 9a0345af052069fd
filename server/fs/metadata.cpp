#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "server/base/os_error.h"
#include "server/fs/file_service.h"
#include "server/fs/path_text.h"

namespace paned {
namespace {

// Milliseconds since 1970; 0 for anything earlier, since the wire's number has no sign.
std::uint64_t ToMs(const struct statx_timestamp& time) {
  if (time.tv_sec < 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

int Look(const std::string& path, int flags, struct statx* status) {
  return ::statx(AT_FDCWD, path.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, status);
}

}  // namespace

Result<protocol::Metadata> GetMetadata(const std::string& raw_path) {
  const std::string path = TrimPath(raw_path);
  struct statx status = {};
  if (Look(path, AT_SYMLINK_NOFOLLOW, &status) != 0) return FileError(errno, path);

  protocol::Metadata metadata;
  metadata.is_symlink = S_ISLNK(status.stx_mode);
  if (metadata.is_symlink && Look(path, 0, &status) != 0) return FileError(errno, path);
  metadata.is_directory = S_ISDIR(status.stx_mode);
  metadata.is_file = S_ISREG(status.stx_mode);
  metadata.size = status.stx_size;
  metadata.modified_at_ms = ToMs(status.stx_mtime);
  if ((status.stx_mask & STATX_BTIME) != 0) metadata.created_at_ms = ToMs(status.stx_btime);
  return metadata;
}

Result<std::string> Canonicalize(const std::string& raw_path) {
  const std::string path = TrimPath(raw_path);
  // realpath walks name by name and would report the first missing one instead.
  if (IsTooLong(path)) return FileError(ENAMETOOLONG, path);
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (real == nullptr) return FileError(errno, path);
  return std::string(real.get());
}

}  // namespace paned
