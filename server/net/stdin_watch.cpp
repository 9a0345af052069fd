#include "server/net/stdin_watch.h"

#include <utility>

namespace paned {

StdinWatch::StdinWatch(asio::io_context* io, UniqueFd fd, std::function<void()> on_end)
    : fd_(io, std::move(fd), StdioFd::Direction::kInput), on_end_(std::move(on_end)) {
  Await();
}

void StdinWatch::Await() {
  fd_.WhenReady([this] {
    if (fd_.Read(ignored_.data(), ignored_.size()).outcome == StdioFd::Outcome::kEnded) {
      const std::function<void()> on_end = std::move(on_end_);
      on_end();
    } else {
      Await();
    }
  });
}

}  // namespace paned
