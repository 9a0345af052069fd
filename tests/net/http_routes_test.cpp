#include "server/net/http_routes.h"

#include <gtest/gtest.h>

namespace paned {
namespace {

HttpRequest Upgrade(std::string_view target) {
  HttpRequest request;
  request.method = "GET";
  request.target = target;
  request.wants_upgrade = true;
  request.connection_upgrade = true;
  request.version = "13";
  request.has_key = true;
  return request;
}

HttpRequest Plain(std::string_view method, std::string_view target) {
  HttpRequest request;
  request.method = method;
  request.target = target;
  return request;
}

void ExpectAnswer(const HttpRequest& request, int status, std::string_view body,
                  bool draining = false) {
  const auto answer = RouteHttp(request, HttpServerState{draining, "details", {}});
  ASSERT_TRUE(answer) << request.target;
  EXPECT_EQ(answer->status, status) << request.target;
  EXPECT_EQ(answer->body, body) << request.target;
}

TEST(HttpRoutes, AcceptsAnUpgradeOnAnyPath) {
  for (const char* target : {"/", "/?token=x", "/ws", "/a/b?c"}) {
    EXPECT_FALSE(RouteHttp(Upgrade(target), {})) << target;
  }
}

TEST(HttpRoutes, RefusesAnyOriginFirstOfAll) {
  for (const char* target : {"/", "/readyz", "/healthz", "/other"}) {
    HttpRequest request = Upgrade(target);
    request.has_origin = true;
    request.method = "POST";
    ExpectAnswer(request, 403, "");
    ExpectAnswer(request, 403, "", true);
  }
}

TEST(HttpRoutes, TellsHealth) {
  ExpectAnswer(Plain("GET", "/readyz"), 200, "");
  ExpectAnswer(Plain("GET", "/readyz?x"), 200, "");
  ExpectAnswer(Plain("GET", "/readyz"), 503, "", true);
  ExpectAnswer(Plain("GET", "/healthz"), 200, "ok");
  ExpectAnswer(Plain("GET", "/healthz"), 200, "ok", true);
  ExpectAnswer(Plain("HEAD", "/healthz"), 200, "");
  ExpectAnswer(Upgrade("/readyz"), 200, "");
  ExpectAnswer(Plain("POST", "/readyz"), 405, "");
}

TEST(HttpRoutes, NamesWhatAHandshakeLacks) {
  HttpRequest request = Upgrade("/");
  request.method = "POST";
  ExpectAnswer(request, 405, "Request method must be `GET`");
  ExpectAnswer(Plain("GET", "/"), 400, "Connection header did not include 'upgrade'");
  ExpectAnswer(Plain("GET", "/other"), 404, "");
  ExpectAnswer(Plain("PUT", "/other"), 404, "");
  ExpectAnswer(Plain("PUT", "/"), 405, "Request method must be `GET`");
  ExpectAnswer(Plain("HEAD", "/"), 405, "");
  request = Plain("GET", "/");
  request.connection_upgrade = true;
  ExpectAnswer(request, 400, "`Upgrade` header did not include 'websocket'");
  request = Upgrade("/");
  request.version = "8";
  ExpectAnswer(request, 400, "`Sec-WebSocket-Version` header did not include '13'");
  request.version = "";
  ExpectAnswer(request, 400, "`Sec-WebSocket-Version` header did not include '13'");
  request = Upgrade("/");
  request.has_key = false;
  ExpectAnswer(request, 400, "`Sec-WebSocket-Key` header missing");
}

// Origin, route, method, upgrade headers, then the bearer; only then whether there is room.
TEST(HttpRoutes, AsksForTheBearerLastOfAll) {
  HttpServerState state;
  state.check = [](std::optional<std::string_view> authorization) {
    return authorization == "yes" ? std::nullopt : std::optional<std::string_view>("no");
  };
  const auto status = [&state](const HttpRequest& request) {
    const auto answer = RouteHttp(request, state);
    return answer ? answer->status : 101;
  };
  HttpRequest request = Upgrade("/?token=yes");
  EXPECT_EQ(status(request), 401);
  EXPECT_EQ(RouteHttp(request, state)->body, "no");
  request.authorization = "other";
  EXPECT_EQ(status(request), 401);
  for (HttpRequest early :
       {Upgrade("/readyz"), Plain("GET", "/readyz"), Plain("GET", "/healthz")}) {
    EXPECT_EQ(status(early), 200);
  }
  EXPECT_EQ(status(Plain("GET", "/")), 400);
  EXPECT_EQ(status(Plain("GET", "/other")), 404);
  request.version = "8";
  EXPECT_EQ(status(request), 400);
  request.method = "POST";
  EXPECT_EQ(status(request), 405);
  request.has_origin = true;
  EXPECT_EQ(status(request), 403);

  request = Upgrade("/any/path");
  request.authorization = "yes";
  EXPECT_EQ(status(request), 101);
  state.draining = true;
  EXPECT_EQ(status(request), 503);
  request.authorization.reset();
  EXPECT_EQ(status(request), 401);
}

TEST(HttpRoutes, RefusesUpgradesWhileDraining) { ExpectAnswer(Upgrade("/"), 503, "", true); }

}  // namespace
}  // namespace paned
