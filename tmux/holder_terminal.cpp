#include "tmux/holder_terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#if defined(__SANITIZE_THREAD__)
// The sanitizer makes a fork of what is called vfork: the child's failure would not be seen here.
extern "C" pid_t __vfork() __attribute__((returns_twice));  // NOLINT(bugprone-reserved-identifier)
#define vfork __vfork
#endif

namespace paned {
namespace {

constexpr auto kWaitByPidfd = static_cast<idtype_t>(3);  // P_PIDFD, waitid(2)

// A plan's strings as the pointers execve(2) wants, in a mapping of their own.
class Launch {
 public:
  explicit Launch(std::string_view payload) {
    std::memcpy(&head, payload.data(), sizeof(head));
    const std::size_t pointers = std::size_t{head.candidates} + head.arguments + head.variables + 3;
    size_ = pointers * sizeof(char*);
    void* mapping =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return;
    candidates = static_cast<char**>(mapping);
    const char* text = payload.data() + sizeof(head);
    text += std::strlen(text) + 1;  // the process id
    directory = text;
    text += std::strlen(text) + 1;
    arguments = Fill(candidates, head.candidates, &text);
    variables = Fill(arguments, head.arguments, &text);
    Fill(variables, head.variables, &text);
  }
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;
  ~Launch() {
    if (candidates != nullptr) ::munmap(candidates, size_);
  }

  PlanHead head;
  const char* directory = nullptr;
  char** candidates = nullptr;  // null: no memory
  char** arguments = nullptr;
  char** variables = nullptr;

 private:
  // `count` texts and a null; returns the place behind.
  static char** Fill(char** to, std::uint32_t count, const char** text) {
    for (std::uint32_t n = 0; n < count; ++n) {
      *to++ = const_cast<char*>(*text);
      *text += std::strlen(*text) + 1;
    }
    *to++ = nullptr;
    return to;
  }

  std::size_t size_ = 0;
};

// Dispositions the holder has changed, and the child must not inherit.
constexpr std::array<int, 8> kHolderIgnores = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE,
                                               SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};

// In the child of a vfork: only system calls, and what they returned for the parent to see.
[[noreturn]] void RunChild(const Launch& launch, int slave, volatile int* failure) {
  for (const int signal_number : kHolderIgnores) ::signal(signal_number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  ::ioctl(slave, TIOCSCTTY, 0);
  ::dup2(slave, STDIN_FILENO);
  ::dup2(slave, STDOUT_FILENO);
  ::dup2(slave, STDERR_FILENO);
  ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
  if (::chdir(launch.directory) != 0) {
    *failure = errno;
    ::_exit(127);
  }
  // As execvp(3): a candidate that may not be run does not end the search, but is remembered.
  int reason = ENOENT;
  for (char** candidate = launch.candidates; *candidate != nullptr; ++candidate) {
    ::execve(*candidate, launch.arguments, launch.variables);
    if (errno == EACCES || (errno == ENOTDIR && reason == ENOENT)) {
      reason = errno;
    } else if (errno != ENOENT && errno != ENOTDIR) {
      reason = errno;
      break;
    }
  }
  *failure = reason;
  ::_exit(127);
}

}  // namespace

int HolderTerminal::Open() {
  Close();
  master_ = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!master_.valid()) return errno;
  if (::unlockpt(master_.get()) != 0) return errno;
  slave_ = UniqueFd(::ioctl(master_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave_.valid()) return errno;
  return 0;
}

int HolderTerminal::Start(std::string_view payload) {
  const Launch launch(payload);
  if (launch.candidates == nullptr) return ENOMEM;
  if (!slave_.valid()) return EIO;
  Resize(launch.head.rows, launch.head.cols);
  volatile int failure = 0;
  const pid_t pid = ::vfork();
  if (pid < 0) return errno;
  if (pid == 0) RunChild(launch, slave_.get(), &failure);
  if (failure != 0) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return failure;
  }
  pid_ = pid;
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  slave_.Reset();
  return 0;
}

ssize_t HolderTerminal::Read(char* to, std::size_t size) {
  ssize_t got = 0;
  do {
    got = ::read(master_.get(), to, size);
  } while (got < 0 && errno == EINTR);
  // Linux reports a terminal that all programs have left as EIO.
  return got < 0 && errno == EIO ? 0 : got;
}

std::size_t HolderTerminal::Write(std::string_view bytes) {
  std::size_t put = 0;
  while (put < bytes.size()) {
    const ssize_t n = ::write(master_.get(), bytes.data() + put, bytes.size() - put);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    put += static_cast<std::size_t>(n);
  }
  return put;
}

void HolderTerminal::Resize(std::uint16_t rows, std::uint16_t cols) {
  winsize size = {};
  size.ws_row = rows;
  size.ws_col = cols;
  ::ioctl(master_.get(), TIOCSWINSZ, &size);
}

void HolderTerminal::Signal(int signal_number, bool foreground) {
  if (!running()) return;
  pid_t group = 0;
  if (foreground && ::ioctl(master_.get(), TIOCGPGRP, &group) == 0 && group > 1 && group != pid_) {
    ::kill(-group, signal_number);
  }
  // Until it is reaped the pid belongs to the child, and so does the group.
  ::kill(-pid_, signal_number);
}

bool HolderTerminal::Reap() {
  if (!running()) return false;
  siginfo_t info = {};
  const bool by_pidfd = pidfd_.valid();
  const int result =
      ::waitid(by_pidfd ? kWaitByPidfd : P_PID, static_cast<id_t>(by_pidfd ? pidfd_.get() : pid_),
               &info, WEXITED | WNOHANG);
  if (result != 0 || info.si_pid == 0) return false;
  exit_.known = true;
  exit_.value = static_cast<std::uint64_t>(info.si_status);
  if (info.si_code != CLD_EXITED) exit_.value |= kSignalDeath;
  pidfd_.Reset();
  return true;
}

void HolderTerminal::Close() {
  master_.Reset();
  slave_.Reset();
  pidfd_.Reset();
  pid_ = 0;
  exit_ = {};
}

}  // namespace paned
