// The HTTP side of the listener, over the wire.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/net/net_harness.h"
#include "tests/support/ws_client.h"

namespace paned::testing {
namespace {

std::string Handshake(const std::string& replace_what = {}, const std::string& with = {}) {
  std::string text =
      "GET /some/path?query=1 HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\n"
      "Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  if (!replace_what.empty()) text.replace(text.find(replace_what), replace_what.size(), with);
  return text;
}

TEST(WsHttp, AcceptsAnUpgrade) {
  NetHarness net;
  WsClient::Options options;
  options.target = "/any/path?token=x";
  options.headers = {"Sec-WebSocket-Protocol: a, b",
                     "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"};
  const auto client = WsClient::Connect(net.url(), options);
  ASSERT_TRUE(client);
  EXPECT_FALSE(client->handshake().Header("sec-websocket-protocol"));
  EXPECT_FALSE(client->handshake().Header("sec-websocket-extensions"));
  EXPECT_FALSE(client->handshake().Header("server"));
  ASSERT_TRUE(client->SendText("x"));
  EXPECT_TRUE(client->ReadMessage());
}

TEST(WsHttp, AcceptsAHandshakeInManyPackets) {
  NetHarness net;
  const UniqueFd fd = WsDial(net.url());
  for (const char c :
       Handshake() + WsClient::Encode(true, 1, "hi") + WsClient::Encode(true, 8, "\x03\xe8")) {
    ASSERT_EQ(::send(fd.get(), &c, 1, MSG_NOSIGNAL), 1);
  }
  std::string text;
  char buffer[4096];
  for (ssize_t got = 1; got > 0;) {
    got = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  EXPECT_EQ(text.substr(0, 12), "HTTP/1.1 101");
  EXPECT_EQ(WithoutPings(text.substr(text.find("\r\n\r\n") + 4)), "\x81\x02hi\x88\x02\x03\xe8");
}

struct Case {
  const char* name;
  std::string request;
  int status;
  std::string body;
};

class WsHttpAnswer : public ::testing::TestWithParam<Case> {};

TEST_P(WsHttpAnswer, IsAsPromised) {
  NetHarness net;
  const HttpResponse answer = HttpRaw(net.url(), GetParam().request);
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.body, GetParam().body);
  EXPECT_EQ(answer.Header("connection"), "close") << answer.head;
  EXPECT_EQ(answer.Header("content-length"), std::to_string(answer.body.size()));
  EXPECT_FALSE(answer.Header("server")) << answer.head;
  if (!answer.body.empty()) {
    EXPECT_EQ(answer.Header("content-type"), "text/plain; charset=utf-8");
  }
  EXPECT_TRUE(net.peers.empty());
}

const char* const kVersionText = "`Sec-WebSocket-Version` header did not include '13'";
const char* const kConnectionText = "Connection header did not include 'upgrade'";

INSTANTIATE_TEST_SUITE_P(
    All, WsHttpAnswer,
    ::testing::Values(
        Case{"Ready", "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""},
        Case{"ReadyWithoutHost", "GET /readyz HTTP/1.0\r\n\r\n", 200, ""},
        Case{"Health", "GET /healthz?x HTTP/1.1\r\nHost: x\r\n\r\n", 200, "ok"},
        Case{"OddHost", "GET /healthz HTTP/1.1\r\nHost: a:b:c\r\n\r\n", 200, "ok"},
        Case{"EmptyOrigin", "GET /readyz HTTP/1.1\r\nHost: x\r\nOrigin:\r\n\r\n", 403, ""},
        Case{"OriginBeforeAll", Handshake("Sec-WebSocket-Version: 13", "origin: null"), 403, ""},
        Case{"Plain", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, kConnectionText},
        Case{"Other", "GET /other HTTP/1.1\r\nHost: x\r\n\r\n", 404, ""},
        Case{"Post", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405,
             "Request method must be `GET`"},
        Case{"Version8", Handshake("Version: 13", "Version: 8"), 400, kVersionText},
        Case{"VersionNone", Handshake("Sec-WebSocket-Version: 13", "X: y"), 400, kVersionText},
        Case{"VersionText", Handshake("Version: 13", "Version: abc"), 400, kVersionText},
        Case{"Hixie", Handshake("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key1: 1"), 400,
             kVersionText},
        Case{"NoKey", Handshake("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "X: y"), 400,
             "`Sec-WebSocket-Key` header missing"},
        Case{"Http10", Handshake("GET /some/path?query=1 HTTP/1.1", "GET / HTTP/1.0"), 400,
             kConnectionText},
        Case{"Garbage", "\x16\x03\x01\x02 nonsense\r\n\r\n", 400, ""},
        Case{"NoColon", "GET / HTTP/1.1\r\nHost x\r\n\r\n", 400, ""},
        Case{"HugeHeader", "GET / HTTP/1.1\r\nX: " + std::string(100000, 'x') + "\r\n\r\n", 431,
             ""},
        Case{"ManyHeaders",
             [] {
               std::string text = "GET / HTTP/1.1\r\n";
               for (int i = 0; i < 5000; ++i) text += "X" + std::to_string(i) + ": y\r\n";
               return text + "\r\n";
             }(),
             431, ""},
        Case{"HugeBody", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413,
             ""}),
    [](const auto& test) { return test.param.name; });

TEST(WsHttp, TheBearerDecides) {
  WsOptions options;
  options.check = [](std::optional<std::string_view> authorization) {
    return authorization == "Bearer yes" ? std::nullopt : std::optional<std::string_view>("no way");
  };
  NetHarness net(options);
  for (const char* more : {"X: y", "Authorization: Bearer no", "Authorization:",
                           "Authorization: Bearer yes\r\nAuthorization: Bearer yes"}) {
    const HttpResponse answer =
        HttpRaw(net.url(), Handshake("Host: localhost", std::string("Host: localhost\r\n") + more));
    EXPECT_EQ(answer.status, 401) << more;
    EXPECT_EQ(answer.body, "no way");
    EXPECT_EQ(answer.Header("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(answer.Header("content-length"), "6");
    EXPECT_EQ(answer.Header("connection"), "close");
    EXPECT_FALSE(answer.Header("sec-websocket-accept"));
  }
  EXPECT_TRUE(net.Run([&] { return net.peers.empty(); }));
  WsClient::Options client;
  client.headers = {"authorization:   Bearer yes  "};
  EXPECT_TRUE(WsClient::Connect(net.url(), client));
  EXPECT_EQ(HttpGet(net.url(), "/readyz").status, 200);
  EXPECT_EQ(HttpGet(net.url(), "/healthz").status, 200);
  // Who was refused is told, what they sent is not.
  const auto log = net.Run([&] { return net.log; });
  ASSERT_EQ(log.size(), 4u);
  EXPECT_NE(log.front().find("was refused: no way"), std::string::npos) << log.front();
  for (const std::string& line : log) EXPECT_EQ(line.find("Bearer"), std::string::npos) << line;
}

TEST(WsHttp, SlowHandshakeIsCutOff) {
  NetHarness net;
  const UniqueFd fd = WsDial(net.url());
  const auto start = std::chrono::steady_clock::now();
  const std::string part = "GET / HTTP/1.1\r\nHost: x\r\n";
  ASSERT_EQ(::send(fd.get(), part.data(), part.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(part.size()));
  char byte = 0;
  EXPECT_EQ(::recv(fd.get(), &byte, 1, 0), 0);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, std::chrono::milliseconds(4500));
  EXPECT_LE(took, std::chrono::seconds(15));
}

TEST(WsHttp, PeersThatLeaveInMidHandshake) {
  NetHarness net;
  for (int i = 0; i < 20; ++i) {
    const UniqueFd fd = WsDial(net.url());
    ASSERT_EQ(::send(fd.get(), "GET", 3, MSG_NOSIGNAL), 3);
  }
  EXPECT_EQ(HttpGet(net.url(), "/healthz").body, "ok");
  EXPECT_TRUE(net.peers.empty());
}

}  // namespace
}  // namespace paned::testing
