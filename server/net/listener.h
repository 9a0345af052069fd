// The listening socket, TCP or Unix, and its accept loop. It is our own because a listener must
// outlive a moment without descriptors, and because a Unix socket file needs care at both ends.
// Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "server/net/ws_endpoint.h"

namespace paned {

class Listener {
 public:
  // A connected, non-blocking socket; `peer` is IP:PORT, [IP6]:PORT or "unix".
  using OnAccepted = std::function<void(UniqueFd fd, int family, std::string peer)>;

  static Result<std::unique_ptr<Listener>> Open(asio::io_context* io, Clock* clock,
                                                const ListenAddress& address, int send_buffer_bytes,
                                                OnAccepted on_accepted, LogSink log);
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  // Stops listening and removes the socket file, unless another server has put its own there.
  virtual ~Listener() = default;

  virtual const std::string& url() const = 0;
};

}  // namespace paned
