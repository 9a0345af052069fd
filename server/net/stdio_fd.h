// One end of the stdio transport: a descriptor that somebody else may share (the terminal's shell,
// the other side's parent), so its O_NONBLOCK flag is not ours to set. Readiness is asked for
// first, and a write is never larger than what a writable pipe takes without blocking. Regular
// files, which cannot be polled, count as always ready. Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "server/base/unique_fd.h"

namespace paned {

class StdioFd {
 public:
  enum class Direction { kInput, kOutput };
  enum class Outcome { kMoved, kWouldBlock, kEnded };  // kEnded: EOF, or the other end is gone
  struct Transfer {
    Outcome outcome = Outcome::kEnded;
    std::size_t size = 0;
  };

  StdioFd(asio::io_context* io, UniqueFd fd, Direction direction);
  StdioFd(const StdioFd&) = delete;
  StdioFd& operator=(const StdioFd&) = delete;
  ~StdioFd();

  // Calls `ready` once, later, when a transfer may succeed. One wait at a time; the destructor
  // forgets it.
  void WhenReady(std::function<void()> ready);

  Transfer Read(char* to, std::size_t size);
  // Raises no SIGPIPE.
  Transfer Write(std::string_view bytes);

 private:
  bool Ready() const;

  asio::io_context* io_;
  UniqueFd fd_;
  Direction direction_;
  bool pollable_ = false;
  bool socket_ = false;
  // An epoll instance that watches fd_: waiting on it leaves the flags of fd_ alone, which waiting
  // through Asio would not.
  asio::posix::stream_descriptor watch_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace paned
