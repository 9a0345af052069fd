// Reaps children that nobody waits for any more: those of sessions that ended while they ran. They
// have been killed; their exit status is of no interest, only their not becoming zombies.
// Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <list>

#include "server/base/unique_fd.h"

namespace paned {

class Reaper {
 public:
  explicit Reaper(asio::io_context* io) : io_(io) {}
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  void Adopt(UniqueFd pidfd);
  std::size_t waiting() const { return children_.size(); }

 private:
  asio::io_context* io_;
  std::list<asio::posix::stream_descriptor> children_;
};

}  // namespace paned
