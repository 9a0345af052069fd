#include "server/net/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "server/net/listen_socket.h"

namespace paned {
namespace {

constexpr Duration kPauseAfterFailure = std::chrono::milliseconds(100);
// Between two looks at everything else the io thread has to do.
constexpr int kAcceptsPerWakeup = 64;

class AcceptLoop : public Listener {
 public:
  AcceptLoop(asio::io_context* io, Clock* clock, ListenSocket socket, OnAccepted on_accepted,
             LogSink log)
      : clock_(clock),
        socket_(std::move(socket)),
        waiter_(*io),
        on_accepted_(std::move(on_accepted)),
        log_(std::move(log)) {}

  ~AcceptLoop() override {
    if (socket_.unix_path.empty()) return;
    struct stat info = {};
    if (::lstat(socket_.unix_path.c_str(), &info) == 0 && info.st_dev == socket_.device &&
        info.st_ino == socket_.inode) {
      ::unlink(socket_.unix_path.c_str());
    }
  }

  const std::string& url() const override { return socket_.url; }

  std::error_code Start() {
    std::error_code error;
    waiter_.assign(socket_.fd.get(), error);
    if (error) return error;
    socket_.fd.Release();
    Wait();
    return {};
  }

 private:
  void Wait() {
    // A wait that has ended already is still delivered after the loop is gone.
    waiter_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, alive = std::weak_ptr<char>(alive_)](const std::error_code& error) {
                         if (!error && !alive.expired()) AcceptSome();
                       });
  }

  void AcceptSome() {
    const std::weak_ptr<char> alive = alive_;
    for (int i = 0; i < kAcceptsPerWakeup; ++i) {
      sockaddr_storage peer = {};
      socklen_t size = sizeof peer;
      UniqueFd fd(::accept4(waiter_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.valid()) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        if (errno == EINTR || errno == ECONNABORTED) continue;
        Pause(errno);
        return;
      }
      failing_ = false;
      // Without it, a client that delays its ACKs waits 40 ms for a reply.
      const int on = 1;
      if (socket_.family != AF_UNIX) {
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      }
      on_accepted_(std::move(fd), socket_.family, EndpointText(peer));
      if (alive.expired()) return;
    }
    Wait();
  }

  // Out of descriptors or memory: who waits stays in the backlog until something has been freed.
  void Pause(int number) {
    if (!failing_) {
      log_("warn", "cannot accept a connection on " + socket_.url + ": " +
                       std::system_category().message(number) + "; trying again");
    }
    failing_ = true;
    retry_ = clock_->After(kPauseAfterFailure, [this] { AcceptSome(); });
  }

  Clock* clock_;
  ListenSocket socket_;
  asio::posix::stream_descriptor waiter_;
  OnAccepted on_accepted_;
  LogSink log_;
  bool failing_ = false;
  std::unique_ptr<Timer> retry_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::Open(asio::io_context* io, Clock* clock,
                                                 const ListenAddress& address,
                                                 int send_buffer_bytes, OnAccepted on_accepted,
                                                 LogSink log) {
  Result<ListenSocket> socket = OpenListenSocket(address, send_buffer_bytes);
  if (!socket.ok()) return std::move(socket.error());
  auto loop = std::make_unique<AcceptLoop>(io, clock, std::move(socket.value()),
                                           std::move(on_accepted), std::move(log));
  if (const std::error_code error = loop->Start()) {
    return Error{ErrorKind::kInternal, "cannot watch the listening socket: " + error.message()};
  }
  return std::unique_ptr<Listener>(std::move(loop));
}

}  // namespace paned
