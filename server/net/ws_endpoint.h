// The WebSocket listener on TCP or a Unix socket. The one place that knows websocketpp, which is
// named in ws_endpoint.cpp alone. Threading: io thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "server/base/result.h"
#include "server/net/connection.h"
#include "server/net/http_routes.h"

namespace asio {
class io_context;
}

namespace paned {

// Where to listen. Exactly one of the two forms.
struct ListenAddress {
  std::string ip;           // literal IPv4 or IPv6; empty for a Unix socket
  unsigned short port = 0;  // 0: any free one
  std::string unix_path;    // absolute; created 0600, removed at the end
};

struct WsOptions {
  std::size_t max_message_bytes = std::size_t{64} << 20;  // above: Close 1009
  Duration ping_interval = std::chrono::seconds(30);
  Duration pong_patience = std::chrono::seconds(60);  // silence after which the peer is gone
  std::size_t high_watermark = std::size_t{1}
                               << 20;  // queued bytes above which WantsOutput() is false
  std::size_t low_watermark = std::size_t{512} << 10;
  int send_buffer_bytes = 1 << 20;                  // SO_SNDBUF at most
  std::function<std::string()> ready_details = {};  // what /readyz?verbose says
  UpgradeCheck check = {};                          // who may connect; empty: anybody
};

// Lines for the log: level words "info", "warn".
using LogSink = std::function<void(std::string_view level, const std::string& line)>;

class WsEndpoint {
 public:
  // Binds and listens. `url` becomes the bare bound URL: ws://IP:PORT or unix:///path.
  // Fails with a text that names the address, the cause and the remedy.
  static Result<std::unique_ptr<WsEndpoint>> Listen(asio::io_context* io, Clock* clock,
                                                    const ListenAddress& address,
                                                    const WsOptions& options,
                                                    ConnectionAcceptor* acceptor, LogSink log);
  WsEndpoint() = default;
  WsEndpoint(const WsEndpoint&) = delete;
  WsEndpoint& operator=(const WsEndpoint&) = delete;
  virtual ~WsEndpoint() = default;

  virtual const std::string& url() const = 0;
  // /readyz says 503 from now on; upgrades are refused with 503.
  virtual void StartDraining() = 0;
  // Stops accepting connections altogether.
  virtual void StopAccepting() = 0;
};

}  // namespace paned
