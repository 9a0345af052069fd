// The parts that websocketpp lets its user choose: the socket, the HTTP request, the messages, no
// logs and no locks. Included by ws_endpoint.cpp alone, after the library.
// Threading: io thread only.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "server/net/http_routes.h"
#include "server/net/outbound_queue.h"
#include "server/net/peer_socket.h"

namespace paned {

// What the library's connection derives from: our PeerSocket under the names it calls.
class WsSocketPolicy : public std::enable_shared_from_this<WsSocketPolicy> {
 public:
  using ptr = std::shared_ptr<WsSocketPolicy>;
  using Strand = websocketpp::lib::shared_ptr<asio::io_service::strand>;
  using Callback = websocketpp::transport::asio::socket::shutdown_handler;
  using InitCallback = websocketpp::transport::init_handler;

  ptr get_shared() { return shared_from_this(); }
  bool is_secure() const { return false; }
  PeerSocket& get_socket() { return *socket_; }
  PeerSocket& get_next_layer() { return *socket_; }

  static std::error_code translate_ec(std::error_code error) { return error; }

 protected:
  WsSocketPolicy() = default;

  std::error_code init_asio(asio::io_service* io, const Strand& /*strand*/, bool /*is_server*/) {
    socket_.emplace(io);
    return {};
  }
  void set_uri(const websocketpp::uri_ptr& /*uri*/) {}
  void set_handle(const websocketpp::connection_hdl& /*handle*/) {}
  void pre_init(const InitCallback& callback) { callback({}); }
  void post_init(const InitCallback& callback) { callback({}); }
  std::string get_remote_endpoint(std::error_code& /*error*/) const { return {}; }
  std::error_code get_ec() const { return {}; }
  std::error_code cancel_socket() {
    socket_->Shutdown();
    return {};
  }
  void async_shutdown(const Callback& callback) {
    socket_->Shutdown();
    callback({});
  }

 private:
  std::optional<PeerSocket> socket_;
};

// The endpoint's side of the policy: nothing to set up.
class WsSocketEndpointPolicy {
 public:
  using socket_con_type = WsSocketPolicy;
  using socket_con_ptr = WsSocketPolicy::ptr;

  bool is_secure() const { return false; }

 protected:
  std::error_code init(const socket_con_ptr& /*connection*/) { return {}; }
};

// A request that judges itself. The library answers bad handshakes on its own, with the wrong order
// of checks and the wrong statuses; so whatever is not a good handshake is turned into a plain HTTP
// request, which it hands to the http handler.
class WsRequest : public websocketpp::http::parser::request {
 public:
  // A Host is neither required nor looked at, but the library insists on a valid one.
  WsRequest() { replace_header("Host", kHost); }

  std::size_t consume(const char* data, std::size_t size) {
    std::size_t used = size;
    try {
      used = request::consume(data, size);
    } catch (const websocketpp::http::exception& error) {
      bad_status_ = error.m_error_code;
    }
    if (ready()) {
      first_frames_.assign(data + used, size - used);
      Judge();
    }
    return used;
  }
  bool ready() const { return bad_status_ != 0 || request::ready(); }

  // The answer of a server in this state; nothing when it is an upgrade to accept.
  std::optional<HttpAnswer> Answer(HttpServerState state,
                                   const std::function<std::string()>& ready_details) const {
    if (bad_status_ != 0) return HttpAnswer{bad_status_, {}};
    const HttpRequest facts = Facts();
    if (ready_details && WantsReadyDetails(facts)) state.ready_details = ready_details();
    return RouteHttp(facts, state);
  }
  // What came behind the request in the same packet.
  const std::string& first_frames() const { return first_frames_; }

 private:
  static constexpr const char* kHost = "localhost";

  HttpRequest Facts() const {
    HttpRequest facts;
    facts.method = get_method();
    facts.target = get_uri();
    facts.has_origin = get_headers().count("Origin") != 0;
    facts.connection_upgrade = connection_upgrade_;
    facts.wants_upgrade = connection_upgrade_ && names_websocket_;
    facts.version = get_header("Sec-WebSocket-Version");
    facts.has_key = !get_header("Sec-WebSocket-Key").empty();
    // Several of them have been joined with commas by the library, and match nothing.
    const auto authorization = get_headers().find("Authorization");
    if (authorization != get_headers().end()) facts.authorization = authorization->second;
    return facts;
  }

  bool Lists(const char* header, std::string_view word) const {
    const std::string& value = get_header(header);
    return websocketpp::utility::ci_find_substr(value, word.data(), word.size()) != value.end();
  }

  void Judge() {
    // HTTP/1.0 knows no upgrade.
    connection_upgrade_ = get_version() == "HTTP/1.1" && Lists("Connection", "upgrade");
    names_websocket_ = Lists("Upgrade", "websocket");
    replace_header("Host", kHost);
    if (bad_status_ != 0 || RouteHttp(Facts(), {})) remove_header("Upgrade");
  }

  int bad_status_ = 0;
  bool connection_upgrade_ = false;
  bool names_websocket_ = false;
  std::string first_frames_;
};

struct WsConfig : public websocketpp::config::core {
  using type = WsConfig;
  using concurrency_type = websocketpp::concurrency::none;
  using request_type = WsRequest;
  using elog_type = websocketpp::log::stub;
  using alog_type = websocketpp::log::stub;

  static const bool enable_multithreading = false;
  static const bool enable_extensions = false;
  static const std::size_t connection_read_buffer_size = 65536;
  static const std::size_t max_http_body_size = 65536;
  static const websocketpp::log::level elog_level = 0;
  static const websocketpp::log::level alog_level = 0;

  struct transport_config : public websocketpp::config::core::transport_config {
    using concurrency_type = WsConfig::concurrency_type;
    using elog_type = WsConfig::elog_type;
    using alog_type = WsConfig::alog_type;
    using request_type = WsConfig::request_type;
    using socket_type = WsSocketEndpointPolicy;
    static const bool enable_multithreading = false;
  };
  using transport_type = websocketpp::transport::asio::endpoint<transport_config>;
};

using WsServer = websocketpp::server<WsConfig>;
using WsMessage = WsConfig::message_type;

// A frame on its way out. The library frees it when the write has ended, which settles the credit.
class OutboundMessage : public WsMessage {
 public:
  explicit OutboundMessage(OutboundQueue::Frame frame)
      : WsMessage(WsMessage::con_msg_man_ptr()),
        credit_(std::move(frame.in_flight), frame.cost, frame.streamed) {
    set_opcode(static_cast<websocketpp::frame::opcode::value>(frame.opcode));
    set_header(frame.header);
    get_raw_payload() = std::move(frame.payload);
    set_prepared(true);
  }

 private:
  InFlightCredit credit_;
};

}  // namespace paned
