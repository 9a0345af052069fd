#include "server/base/pidfd.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace paned {
namespace {

// glibc 2.36's <sys/pidfd.h> has no guards for C++; the two facts needed stand here.
constexpr auto kWaitByPidfd = static_cast<idtype_t>(3);  // P_PIDFD, waitid(2)

}  // namespace

UniqueFd OpenPidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // always close-on-exec
}

std::optional<ChildExit> Reap(const UniqueFd& pidfd, bool* lost) {
  *lost = false;
  siginfo_t info = {};
  int result = 0;
  do {
    result = ::waitid(kWaitByPidfd, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    *lost = true;
    return std::nullopt;
  }
  if (info.si_pid == 0) return std::nullopt;
  return ChildExit{info.si_code != CLD_EXITED, info.si_status};
}

void ReapNow(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace paned
