#include "server/net/ws_endpoint.h"

#include <asio/io_context.hpp>
#include <utility>
#include <vector>

// The order matters: our hooks stand before the library's own declarations.
// clang-format off
#include "server/net/ws_hooks.h"

#include <websocketpp/frame.hpp>
#define byte_mask_circ fast_mask_circ  // what the frame reader calls from here on
#include <websocketpp/config/core.hpp>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/transport/asio/endpoint.hpp>
#include <websocketpp/server.hpp>

#include "server/net/ws_config.h"
#include "server/net/ws_connection.h"
// clang-format on

#include "server/net/listener.h"

namespace paned {
namespace {

class WebSocketppEndpoint : public WsEndpoint {
 public:
  WebSocketppEndpoint(asio::io_context* io, Clock* clock, const WsOptions& options,
                      ConnectionAcceptor* acceptor, LogSink log) {
    shared_.io = io;
    shared_.clock = clock;
    shared_.options = options;
    shared_.acceptor = acceptor;
    shared_.log = std::move(log);
    shared_.linger = std::make_unique<LingeringClose>(io, clock);
    server_.set_user_agent("");  // no Server header
    server_.init_asio(io);
  }

  ~WebSocketppEndpoint() override {
    listener_.reset();
    std::vector<std::shared_ptr<WsConnection>> left;
    left.reserve(shared_.live.size());
    for (const auto& entry : shared_.live) left.push_back(entry.second);
    for (const auto& connection : left) connection->Drop();
  }

  Status Open(const ListenAddress& address) {
    Result<std::unique_ptr<Listener>> listener = Listener::Open(
        shared_.io, shared_.clock, address, shared_.options.send_buffer_bytes,
        [this](UniqueFd fd, int family, const std::string& peer) {
          const WsServer::connection_ptr wire = server_.get_connection();
          const auto connection = std::make_shared<WsConnection>(&shared_, wire, peer);
          shared_.live.emplace(connection.get(), connection);
          connection->Start(std::move(fd), family);
        },
        shared_.log);
    if (!listener.ok()) return std::move(listener.error());
    listener_ = std::move(listener.value());
    url_ = listener_->url();
    return Done{};
  }

  const std::string& url() const override { return url_; }
  void StartDraining() override { shared_.draining = true; }
  void StopAccepting() override { listener_.reset(); }

 private:
  WsShared shared_;
  WsServer server_;
  std::unique_ptr<Listener> listener_;
  std::string url_;
};

}  // namespace

Result<std::unique_ptr<WsEndpoint>> WsEndpoint::Listen(asio::io_context* io, Clock* clock,
                                                       const ListenAddress& address,
                                                       const WsOptions& options,
                                                       ConnectionAcceptor* acceptor, LogSink log) {
  auto endpoint =
      std::make_unique<WebSocketppEndpoint>(io, clock, options, acceptor, std::move(log));
  Status opened = endpoint->Open(address);
  if (!opened.ok()) return std::move(opened.error());
  return std::unique_ptr<WsEndpoint>(std::move(endpoint));
}

}  // namespace paned
