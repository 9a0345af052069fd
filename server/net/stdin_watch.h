// Notices that whoever started the server has closed its standard input, and so has gone. What
// comes there is read and forgotten. Threading: io thread only.
#pragma once

#include <array>
#include <functional>

#include "server/base/unique_fd.h"
#include "server/net/stdio_fd.h"

namespace paned {

class StdinWatch {
 public:
  // `on_end` is called once, later, at end of file or when reading fails; it may destroy the watch.
  StdinWatch(asio::io_context* io, UniqueFd fd, std::function<void()> on_end);
  StdinWatch(const StdinWatch&) = delete;
  StdinWatch& operator=(const StdinWatch&) = delete;
  ~StdinWatch() = default;

 private:
  void Await();

  StdioFd fd_;
  std::function<void()> on_end_;
  std::array<char, 4096> ignored_ = {};
};

}  // namespace paned
