#include "server/net/stdio_fd.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>
#include <system_error>
#include <utility>

namespace paned {
namespace {

constexpr std::size_t kFileWrite = 65536;

// Keeps SIGPIPE from the process while a pipe is written: its handler belongs to others, and
// children would inherit a change of it.
class NoSigpipe {
 public:
  NoSigpipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  // After EPIPE: takes the signal that came with it, unless it was blocked before and is awaited.
  void Consume() {
    const timespec none = {0, 0};
    if (::sigismember(&before_, SIGPIPE) == 0) ::sigtimedwait(&pipe_, nullptr, &none);
  }

 private:
  sigset_t pipe_ = {};
  sigset_t before_ = {};
};

StdioFd::Transfer Told(ssize_t moved) {
  if (moved > 0) return {StdioFd::Outcome::kMoved, static_cast<std::size_t>(moved)};
  if (moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return {StdioFd::Outcome::kWouldBlock, 0};
  }
  return {StdioFd::Outcome::kEnded, 0};
}

}  // namespace

StdioFd::StdioFd(asio::io_context* io, UniqueFd fd, Direction direction)
    : io_(io), fd_(std::move(fd)), direction_(direction), watch_(*io) {
  int type = 0;
  socklen_t size = sizeof type;
  socket_ = ::getsockopt(fd_.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0;

  UniqueFd watch(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event = {};
  event.events = direction == Direction::kInput ? EPOLLIN : EPOLLOUT;
  // Refused with EPERM for regular files.
  if (!watch.valid() || ::epoll_ctl(watch.get(), EPOLL_CTL_ADD, fd_.get(), &event) != 0) return;
  std::error_code error;
  watch_.assign(watch.get(), error);
  if (error) return;
  watch.Release();
  pollable_ = true;
}

StdioFd::~StdioFd() = default;

void StdioFd::WhenReady(std::function<void()> ready) {
  auto call = [alive = std::weak_ptr<char>(alive_), ready = std::move(ready)] {
    if (!alive.expired()) ready();
  };
  if (!pollable_) {
    asio::post(*io_, std::move(call));
    return;
  }
  watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [call = std::move(call)](const std::error_code& error) {
                      if (!error) call();
                    });
}

bool StdioFd::Ready() const {
  if (!pollable_) return true;
  const short wanted = direction_ == Direction::kInput ? POLLIN : POLLOUT;
  pollfd state = {fd_.get(), wanted, 0};
  // An error or a hang-up is for the transfer to report.
  return ::poll(&state, 1, 0) > 0;
}

StdioFd::Transfer StdioFd::Read(char* to, std::size_t size) {
  if (socket_) return Told(::recv(fd_.get(), to, size, MSG_DONTWAIT));
  if (!Ready()) return {Outcome::kWouldBlock, 0};
  return Told(::read(fd_.get(), to, size));
}

StdioFd::Transfer StdioFd::Write(std::string_view bytes) {
  if (socket_) {
    return Told(::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  NoSigpipe guard;
  // A pipe that polls writable takes PIPE_BUF bytes at once; a file takes anything.
  const std::size_t step = pollable_ ? PIPE_BUF : kFileWrite;
  Transfer done = {Outcome::kMoved, 0};
  while (done.size < bytes.size()) {
    if (!Ready()) {
      done.outcome = Outcome::kWouldBlock;
      break;
    }
    const std::string_view part = bytes.substr(done.size, step);
    const Transfer one = Told(::write(fd_.get(), part.data(), part.size()));
    if (one.outcome == Outcome::kEnded && errno == EPIPE) guard.Consume();
    if (one.outcome != Outcome::kMoved) {
      done.outcome = one.outcome;
      break;
    }
    done.size += one.size;
  }
  return done;
}

}  // namespace paned
