#include "server/net/lingering_close.h"

#include <sys/socket.h>

#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

namespace paned {
namespace {

constexpr Duration kPatience = std::chrono::seconds(2);
// More at a time are closed at once: descriptors are scarcer than good manners.
constexpr std::size_t kMaxLingering = 256;
constexpr int kReadsPerWakeup = 16;

// False at the end of the input.
bool DiscardInput(int fd) {
  std::array<char, 65536> scratch;
  for (int i = 0; i < kReadsPerWakeup; ++i) {
    const ssize_t got = ::recv(fd, scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
  }
  return true;
}

}  // namespace

struct LingeringClose::Lingering {
  explicit Lingering(asio::io_context* io) : socket(*io) {}

  asio::posix::stream_descriptor socket;
  std::unique_ptr<Timer> timer;
};

LingeringClose::LingeringClose(asio::io_context* io, Clock* clock) : io_(io), clock_(clock) {}
LingeringClose::~LingeringClose() = default;

void LingeringClose::Take(UniqueFd fd) {
  ::shutdown(fd.get(), SHUT_WR);
  if (lingering_.size() >= kMaxLingering || !DiscardInput(fd.get())) return;

  auto lingering = std::make_shared<Lingering>(io_);
  std::error_code error;
  lingering->socket.assign(fd.get(), error);
  if (error) return;
  fd.Release();
  const auto at = lingering_.insert(lingering_.end(), lingering);
  lingering->timer = clock_->After(kPatience, [this, at] { lingering_.erase(at); });
  Wait(lingering);
}

void LingeringClose::Wait(const std::shared_ptr<Lingering>& lingering) {
  // A wait that has ended already is still delivered after the entry is gone: hence the weak
  // pointer.
  lingering->socket.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [this, weak = std::weak_ptr<Lingering>(lingering)](const std::error_code& error) {
        const std::shared_ptr<Lingering> held = weak.lock();
        if (error || !held) return;
        if (DiscardInput(held->socket.native_handle())) {
          Wait(held);
        } else {
          lingering_.remove(held);
        }
      });
}

}  // namespace paned
