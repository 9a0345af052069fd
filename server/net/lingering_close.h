// Closes sockets so that the peer still gets what was sent last. Closing with unread input makes
// the kernel reset the connection, and the peer loses the Close frame or the HTTP answer: so the
// write side is shut first and the input discarded until the peer closes too, for a moment at most.
// Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <list>
#include <memory>

#include "server/base/clock.h"
#include "server/base/unique_fd.h"

namespace paned {

class LingeringClose {
 public:
  LingeringClose(asio::io_context* io, Clock* clock);
  LingeringClose(const LingeringClose&) = delete;
  LingeringClose& operator=(const LingeringClose&) = delete;
  ~LingeringClose();

  void Take(UniqueFd fd);

 private:
  struct Lingering;

  void Wait(const std::shared_ptr<Lingering>& lingering);

  asio::io_context* io_;
  Clock* clock_;
  std::list<std::shared_ptr<Lingering>> lingering_;
};

}  // namespace paned
