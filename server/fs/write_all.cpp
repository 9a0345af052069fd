#include "server/fs/write_all.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/os_error.h"

namespace paned {
namespace {

constexpr int kPatienceMs = 2000;

// Waits until `fd` takes bytes again; 0, or the errno to give up with.
int WaitWritable(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  for (;;) {
    const int ready = ::poll(&entry, 1, kPatienceMs);
    if (ready > 0) return 0;
    if (ready == 0) return EAGAIN;
    if (errno != EINTR) return errno;
  }
}

}  // namespace

WriteSignalGuard::WriteSignalGuard() {
  sigemptyset(&blocked_);
  sigaddset(&blocked_, SIGPIPE);
  sigaddset(&blocked_, SIGXFSZ);
  sigpending(&pending_before_);
  pthread_sigmask(SIG_BLOCK, &blocked_, &before_);
}

WriteSignalGuard::~WriteSignalGuard() {
  // A signal that the writes raised stays pending on this thread: take it before unblocking.
  sigset_t pending;
  sigpending(&pending);
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    if (sigismember(&pending, signal) != 1 || sigismember(&pending_before_, signal) == 1) continue;
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    const timespec no_wait{};
    sigtimedwait(&one, nullptr, &no_wait);
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

WriteOutcome WriteAll(int fd, std::string_view bytes) {
  WriteOutcome outcome;
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      outcome.written += static_cast<std::uint64_t>(count);
    } else if (errno == EAGAIN) {
      outcome.error = WaitWritable(fd);
    } else if (errno != EINTR) {
      outcome.error = errno;
    }
    if (outcome.error != 0) break;
  }
  return outcome;
}

int CloseChecked(UniqueFd fd) {
  // After EINTR the descriptor is closed all the same on Linux.
  return ::close(fd.Release()) == 0 || errno == EINTR ? 0 : errno;
}

Error PartialWriteError(int error_number, std::string path, std::uint64_t written,
                        std::uint64_t total) {
  Error error = FileError(error_number, std::move(path));
  std::string progress =
      std::to_string(written) + " of " + std::to_string(total) + " bytes were written";
  if (!error.hint.empty()) progress += "; " + error.hint;
  error.hint = std::move(progress);
  return error;
}

}  // namespace paned
