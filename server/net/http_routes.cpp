#include "server/net/http_routes.h"

#include <utility>

namespace paned {
namespace {

HttpAnswer Answer(int status, std::string body = {}) { return HttpAnswer{status, std::move(body)}; }

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

// A route that is read, never upgraded: GET, and HEAD for the checkers that send it.
HttpAnswer ReadOnly(const HttpRequest& request, HttpAnswer answer) {
  if (request.method == "HEAD") answer.body.clear();
  if (request.method == "HEAD" || request.method == "GET") return answer;
  return Answer(405);
}

}  // namespace

bool WantsReadyDetails(const HttpRequest& request) {
  return request.target == "/readyz?verbose" || request.target == "/readyz?verbose=1";
}

std::optional<HttpAnswer> RouteHttp(const HttpRequest& request, const HttpServerState& state) {
  // A browser always sends Origin and no other client needs to: this keeps web pages out.
  if (request.has_origin) return Answer(403);

  const std::string_view path = PathOf(request.target);
  if (path == "/readyz") {
    return ReadOnly(request, Answer(state.draining ? 503 : 200,
                                    WantsReadyDetails(request) ? state.ready_details : ""));
  }
  if (path == "/healthz") return ReadOnly(request, Answer(200, "ok"));

  if (!request.wants_upgrade && path != "/") return Answer(404);
  if (request.method == "HEAD") return Answer(405);  // an answer to HEAD has no body
  if (request.method != "GET") return Answer(405, "Request method must be `GET`");
  if (!request.connection_upgrade)
    return Answer(400, "Connection header did not include 'upgrade'");
  if (!request.wants_upgrade) return Answer(400, "`Upgrade` header did not include 'websocket'");
  if (request.version != "13") {
    return Answer(400, "`Sec-WebSocket-Version` header did not include '13'");
  }
  if (!request.has_key) return Answer(400, "`Sec-WebSocket-Key` header missing");
  if (state.check) {
    if (const auto refusal = state.check(request.authorization)) {
      return Answer(401, std::string(*refusal));
    }
  }
  if (state.draining) return Answer(503);
  return std::nullopt;
}

}  // namespace paned
