// The plain HTTP side of the listener: what a request that is not (or may not be) an upgrade gets.
// Source: exec-server protocol, section 1.3, plus /healthz. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace paned {

// What the routes need to know of an HTTP request.
struct HttpRequest {
  std::string_view method;
  std::string_view target;  // path and query, as sent
  bool has_origin = false;
  bool wants_upgrade = false;       // Connection lists "upgrade" and Upgrade names websocket
  bool connection_upgrade = false;  // Connection lists "upgrade"
  std::string_view version;         // Sec-WebSocket-Version
  bool has_key = false;
  std::optional<std::string_view> authorization = {};
};

// Why a request that brings this Authorization header (or none) may not be upgraded: the text of
// its 401. Nothing when it may. Without a check anybody may.
using UpgradeCheck =
    std::function<std::optional<std::string_view>(std::optional<std::string_view> authorization)>;

struct HttpAnswer {
  int status = 200;
  std::string body;  // text/plain; charset=utf-8
};

// What the routes need to know of the server.
struct HttpServerState {
  bool draining = false;
  std::string ready_details = {};  // what /readyz?verbose says
  UpgradeCheck check = {};
};

// Whether the request asks for /readyz?verbose.
bool WantsReadyDetails(const HttpRequest& request);

// The answer, or nothing when the request is an upgrade to accept. Any Origin is refused with 403;
// /readyz is 200, or 503 while draining, with an empty body unless `?verbose` asks for one;
// /healthz is 200 "ok"; any other path takes the upgrade, whose headers are looked at first and its
// bearer last.
std::optional<HttpAnswer> RouteHttp(const HttpRequest& request, const HttpServerState& state);

}  // namespace paned
