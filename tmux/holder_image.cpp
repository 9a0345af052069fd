#include "tmux/holder_image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "server/base/os_error.h"

// The bytes of the program, put here by the assembler.
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    ".global paned_holder_begin\n"
    "paned_holder_begin:\n"
    ".incbin \"" PANED_HOLDER_PROGRAM
    "\"\n"
    ".global paned_holder_end\n"
    "paned_holder_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char paned_holder_begin[];
extern const char paned_holder_end[];
}

namespace paned {

Result<HolderImage> HolderImage::Load() {
  const auto refused = [](int error_number) {
    return Error{ErrorKind::kInternal,
                 "the holder program cannot be put into memory: " + OsErrorText(error_number),
                 {},
                 {},
                 "terminals need memfd_create(2) and executable memfds (sysctl vm.memfd_noexec)"};
  };
  UniqueFd file(::memfd_create("paned-holder", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return refused(errno);
  const char* at = paned_holder_begin;
  while (at < paned_holder_end) {
    const ssize_t put = ::write(file.get(), at, static_cast<std::size_t>(paned_holder_end - at));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return refused(put < 0 ? errno : EIO);
    at += put;
  }
  ::fchmod(file.get(), 0500);
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  return HolderImage(std::move(file));
}

std::string HolderImage::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_.get());
}

}  // namespace paned
