// The HTTP side of the WebSocket listener.
#include <csignal>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Http : public E2e {
 protected:
  HttpResponse Get(const std::string& target, const std::vector<std::string>& headers = {}) {
    return HttpGet(server().url(), target, WithClose(headers));
  }
  HttpResponse Upgrade(const std::vector<std::string>& headers, const std::string& target = "/") {
    std::vector<std::string> all = {"Connection: Upgrade", "Upgrade: websocket"};
    all.insert(all.end(), headers.begin(), headers.end());
    return HttpGet(server().url(), target, all);
  }

 private:
  static std::vector<std::string> WithClose(std::vector<std::string> headers) {
    headers.emplace_back("Connection: close");
    return headers;
  }
};

constexpr char kVersion[] = "Sec-WebSocket-Version: 13";
constexpr char kKey[] = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

TEST_F(Http, HealthAndReadiness) {
  EXPECT_EQ(Get("/readyz").status, 200);
  EXPECT_EQ(Get("/readyz").body, "");
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/healthz").body, "ok");
  EXPECT_EQ(Get("/readyz?probe=1").status, 200);
  EXPECT_EQ(Get("/other").status, 404);
}

TEST_F(Http, AnyOriginIsRefused) {
  for (const char* origin :
       {"Origin: http://evil.example", "Origin: null", "Origin:", "origin: http://127.0.0.1"}) {
    EXPECT_EQ(Get("/readyz", {origin}).status, 403) << origin;
    EXPECT_EQ(Upgrade({kVersion, kKey, origin}).status, 403) << origin;
    EXPECT_EQ(Upgrade({kVersion, kKey, origin}).body, "") << origin;
  }
}

TEST_F(Http, UpgradeWantsVersionAndKey) {
  HttpResponse answer = Upgrade({"Sec-WebSocket-Version: 12", kKey});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "`Sec-WebSocket-Version` header did not include '13'");
  answer = Upgrade({kKey});
  EXPECT_EQ(answer.status, 400);
  answer = Upgrade({kVersion});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "`Sec-WebSocket-Key` header missing");
  answer = Get("/");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "Connection header did not include 'upgrade'");
}

TEST_F(Http, OnlyGet) {
  const HttpResponse answer =
      HttpRaw(server().url(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.body, "Request method must be `GET`");
}

TEST_F(Http, UpgradesOnAnyPathAndOffersNothing) {
  for (const char* target : {"/", "/ws", "/a/b?token=c", "/?x=1"}) {
    WsClient::Options options;
    options.target = target;
    options.headers = {"Sec-WebSocket-Protocol: chat, json",
                       "Sec-WebSocket-Extensions: permessage-deflate"};
    const auto client = Connect(options);
    EXPECT_TRUE(client->Initialize("e2e").ok()) << target;
    EXPECT_EQ(client->ws().handshake().Header("sec-websocket-protocol"), std::nullopt);
    EXPECT_EQ(client->ws().handshake().Header("sec-websocket-extensions"), std::nullopt);
  }
}

TEST_F(Http, GarbageAndSilenceDoNotHurtOthers) {
  const auto client = Open();
  EXPECT_EQ(HttpRaw(server().url(), "\x16\x03\x01\x02\x7f\r\n\r\n").status / 100, 4);
  std::vector<UniqueFd> silent;
  silent.reserve(50);
  for (int i = 0; i < 50; ++i) silent.push_back(WsDial(server().url()));
  HttpRaw(server().url(), "GET /" + std::string(100000, 'a') + " HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(client->Call("environment/status").ok());
}

// While it shuts down, a peer that does not read keeps it from being over at once.
TEST_F(Http, DrainingAnswers503) {
  auto stuck = Open();
  ASSERT_TRUE(
      stuck->Call("process/start", StartParams("p", Sh("trap '' TERM; sleep 1000; :"))).ok());
  server().Signal(SIGTERM);
  int status = 0;
  Eventually([&] {
    status = Get("/readyz").status;
    return status != 200;
  });
  EXPECT_EQ(status, 503);
  EXPECT_EQ(Upgrade({kVersion, kKey}).status, 503);
  stuck.reset();
  EXPECT_EQ(server().Wait(), 0);
  ServerIsGone();
}

}  // namespace
}  // namespace paned::testing
