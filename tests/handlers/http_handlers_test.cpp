// http/request through the handlers: checks and their order, replies, streams and their pace, the
// end of a connection.
#include <atomic>

#include "protocol/base64.h"
#include "server/handlers/http_exchanges.h"
#include "tests/handlers/handler_fixture.h"
#include "tests/support/http_peer.h"

namespace paned {
namespace {

using testing::HttpOk;
using testing::HttpPeer;

class HttpHandlerTest : public HandlerTest {
 protected:
  // Answers by path.
  static bool Serve(HttpPeer::Wire* wire, const std::string& request) {
    const auto asked = [&](const char* path) { return request.find(path) != std::string::npos; };
    if (asked("/big")) {
      constexpr std::size_t kSize = std::size_t{64} << 20;
      wire->Send("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(kSize) + "\r\n\r\n");
      const std::string block(std::size_t{1} << 20, 'x');
      for (std::size_t sent = 0; sent < kSize; sent += block.size()) {
        if (!wire->Send(block)) return false;
      }
      return true;
    }
    if (asked("/hang")) {
      wire->Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
      wire->AwaitEnd();
      return false;
    }
    if (asked("/silent")) {
      wire->AwaitEnd();
      return false;
    }
    if (asked("/short")) {
      wire->Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
      return false;
    }
    return wire->Send(HttpOk(asked("/empty") ? "" : "hello"));
  }
  std::string Params(const std::string& path, const std::string& more = {}) const {
    return R"({"method":"GET","url":")" + web_.Url(path) + R"(","requestId":"r")" + more + '}';
  }
  std::string Ask(const std::string& params) {
    return AskAndWait(*peer_, Request("http/request", params));
  }
  // The next message, when it comes.
  std::string Next() {
    EXPECT_TRUE(RunUntil([&] { return !peer_->connection->sent().empty(); }));
    return peer_->connection->Take();
  }
  static std::string Delta(int seq, const std::string& base64, const std::string& tail) {
    return R"({"jsonrpc":"2.0","method":"http/request/bodyDelta","params":{"requestId":"r","seq":)" +
           std::to_string(seq) + R"(,"deltaBase64":")" + base64 + "\"," + tail + "}}";
  }
  static std::string Hello(const std::string& body) {
    return Result(R"({"status":200,"headers":[{"name":"content-length","value":"5"}],)"
                  R"("bodyBase64":")" +
                  body + "\"}");
  }
  static constexpr char kMore[] = R"("done":false,"error":null)";
  static constexpr char kDone[] = R"("done":true,"error":null)";
  static constexpr char kStream[] = R"(,"streamResponse":true)";

  const HttpPeer web_{Serve};
  std::unique_ptr<Peer> peer_ = Ready();
};

TEST_F(HttpHandlerTest, AWholeResponse) { EXPECT_EQ(Ask(Params("/")), Hello("aGVsbG8=")); }

TEST_F(HttpHandlerTest, AStreamEndsWithAnEmptyDelta) {
  EXPECT_EQ(Ask(Params("/", kStream)), Hello(""));
  EXPECT_EQ(Next(), Delta(1, "aGVsbG8=", kMore));
  EXPECT_EQ(Next(), Delta(2, "", kDone));
  // The id is free again.
  EXPECT_EQ(Ask(Params("/", kStream)), Hello(""));
  EXPECT_EQ(Next(), Delta(1, "aGVsbG8=", kMore));
  EXPECT_EQ(Next(), Delta(2, "", kDone));
  Ask(Params("/empty", kStream));
  EXPECT_EQ(Next(), Delta(1, "", kDone));
}

TEST_F(HttpHandlerTest, WhatIsRejectedAndInWhichOrder) {
  services_.inheritable["SET"] = "secret";
  services_.inheritable["EMPTY"] = "";
  services_.inheritable["LATIN"] = "\xE9";
  const auto ask = [&](const std::string& method, const std::string& url,
                       const std::string& header) {
    return peer_->Ask(Request("http/request", R"({"method":")" + method + R"(","url":")" + url +
                                                  R"(","requestId":"r","headers":[)" + header +
                                                  "]}"));
  };
  const std::string bad_name = R"({"name":"a b","value":"\u0001"})";
  const std::string bad_value = R"({"name":"A-B","value":"\u0001"})";
  ExpectFailure(ask("A B", "foo", bad_name), -32602,
                "http/request method is invalid: invalid HTTP method");
  ExpectFailure(ask("GET", "foo", bad_name), -32602,
                "http/request url is invalid: relative URL without a base");
  ExpectFailure(ask("GET", "ftp://h/", bad_name), -32602,
                "http/request only supports http and https URLs, got ftp");
  ExpectFailure(ask("GET", "http://h/", bad_name), -32602,
                "http/request header name is invalid: invalid HTTP header name");
  ExpectFailure(ask("GET", "http://h/", bad_value + ',' + bad_name), -32602,
                "http/request header value is invalid for A-B: failed to parse header value");
  const auto variable = [&](const std::string& name) {
    return ask("GET", "http://h/",
               R"({"name":"AB","value":"\u0001","valueEnvVar":")" + name + "\"}");
  };
  for (const char* name : {"NOPE", "LATIN", "", "SET=secret"}) {
    ExpectFailure(
        variable(name), -32602,
        std::string("http/request header AB requires executor environment variable ") + name);
  }
  ExpectFailure(variable("EMPTY"), -32602,
                "http/request header AB requires a non-empty executor environment variable EMPTY");
  ExpectFailure(variable("SET"), -32602,
                "http/request header value is invalid for AB: failed to parse header value");
}

TEST_F(HttpHandlerTest, TooMuchIsRejectedBeforeItCosts) {
  const std::string url = "http://h/" + std::string(65'536, 'a');
  ExpectFailure(peer_->Ask(Request("http/request",
                                   R"({"method":"GET","url":")" + url + R"(","requestId":"r"})")),
                -32602, "http/request url is too long: limit is 65536 bytes");
  std::string headers = R"({"name":"a","value":"b"})";
  for (int n = 0; n < 1000; ++n) headers += R"(,{"name":"a","value":"b"})";
  ExpectFailure(peer_->Ask(Request("http/request", Params("/", ",\"headers\":[" + headers + ']'))),
                -32602, "http/request has too many headers: limit is 1000");
}

TEST_F(HttpHandlerTest, AVariableStandsBehindItsPrefix) {
  services_.inheritable["TOKEN"] = "secret";
  Ask(Params("/",
             R"(,"headers":[{"name":"Authorization","value":"Bearer ","valueEnvVar":"TOKEN"}])"));
  EXPECT_NE(web_.requests().at(0).find("\r\nauthorization: Bearer secret\r\n"), std::string::npos);
}

TEST_F(HttpHandlerTest, FailuresHaveTheReferencesTexts) {
  const std::string gone = R"({"method":"GET","url":"http://127.0.0.1:1/a b","requestId":"r"})";
  ExpectFailure(Ask(gone), -32603,
                "http/request failed: error sending request for url (http://127.0.0.1:1/a%20b)");
  ExpectFailure(Ask(Params("/short")), -32603,
                "failed to read http/request response body: error decoding response body");
  ExpectFailure(Ask(Params("/", R"(,"timeoutMs":0)")), -32603,
                "http/request failed: route-aware request timed out");
  ExpectFailure(Ask(Params("/silent", R"(,"timeoutMs":30)")), -32603,
                "http/request failed: error sending request for url (" + web_.Url("/silent") + ")");
  ExpectFailure(Ask(Params("/silent", R"(,"timeoutMs":30,"streamResponse":true)")), -32603,
                "http/request failed: route-aware request timed out");
  Ask(Params("/short", kStream));
  EXPECT_EQ(Next(), Delta(1, "YWJj", kMore));
  EXPECT_EQ(Next(), Delta(2, "", R"("done":true,"error":"error decoding response body")"));
}

TEST_F(HttpHandlerTest, AStreamsIdIsTakenWhileItLasts) {
  peer_->connection->Receive(Request("http/request", Params("/silent", kStream)));
  const std::string busy = "http/request streamResponse requestId `r` is already active";
  ExpectFailure(peer_->Ask(Request("http/request", Params("/", kStream))), -32602, busy);
  // Before any other check; not for whole responses, and not on another connection.
  ExpectFailure(
      peer_->Ask(Request("http/request",
                         R"({"method":"","url":"","requestId":"r","streamResponse":true})")),
      -32602, busy);
  EXPECT_EQ(Ask(Params("/")), Hello("aGVsbG8="));
  const auto other = Ready();
  EXPECT_EQ(AskAndWait(*other, Request("http/request", Params("/", kStream))), Hello(""));
  other->connection->Die();
  peer_->connection->Die();
}

TEST_F(HttpHandlerTest, AStreamWaitsForItsClient) {
  peer_->connection->SetWantsOutput(false);
  EXPECT_EQ(Ask(Params("/big", kStream)).substr(0, 40), Hello("").substr(0, 40));
  // Until the window is full and the peer's writes are stuck behind it, nothing goes out.
  EXPECT_EQ(Ask(Params("/")), Hello("aGVsbG8="));
  EXPECT_TRUE(peer_->connection->sent().empty());
  EXPECT_LT(web_.sent(), std::size_t{32} << 20);
  peer_->connection->Writable();
  std::size_t bytes = 0;
  int seq = 0;
  bool done = false;
  while (!done) {
    const std::string delta = Next();
    ASSERT_NE(delta.find("\"seq\":" + std::to_string(++seq) + ','), std::string::npos);
    ASSERT_LT(delta.size(), std::size_t{1} << 20);
    const std::size_t from = delta.find("\"deltaBase64\":\"") + 15;
    const std::size_t to = delta.find('"', from);
    std::string raw;
    ASSERT_FALSE(protocol::DecodeBase64(std::string_view(delta).substr(from, to - from), &raw));
    bytes += raw.size();
    done = delta.find("\"done\":true") != std::string::npos;
  }
  EXPECT_EQ(bytes, std::size_t{64} << 20);
}

TEST_F(HttpHandlerTest, ABodyThatFitsInNoReplyIsAnError) {
  const std::string answer = Ask(Params("/big"));
  ExpectFailure(answer, -32603,
                "http/request response body is too large for one reply: limit is 47972352 bytes");
  EXPECT_NE(answer.find("\"limit\":47972352,\"hint\":\"ask for it with streamResponse\""),
            std::string::npos);
  EXPECT_EQ(Ask(Params("/")), Hello("aGVsbG8="));
}

TEST_F(HttpHandlerTest, ExchangesEndWithTheirConnection) {
  for (int n = 0; n < 5; ++n) {
    peer_->connection->Receive(
        Request("http/request", R"({"method":"GET","url":")" + web_.Url("/hang") +
                                    R"(","requestId":")" + std::to_string(n) +
                                    R"(","streamResponse":)" + (n % 2 == 0 ? "true}" : "false}")));
  }
  ASSERT_TRUE(RunUntil([&] { return web_.requests().size() == 5; }));
  EXPECT_EQ(web_.open_connections(), 5U);
  peer_->connection->Die();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (web_.open_connections() > 0 && std::chrono::steady_clock::now() < deadline) {
    io_.restart();
    io_.run_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(web_.open_connections(), 0U);
}

TEST_F(HttpHandlerTest, OneConnectionHasSoMany) {
  for (std::size_t n = 0; n < HttpExchanges::kMost; ++n) {
    peer_->connection->Receive(Request("http/request", Params("/silent")));
  }
  ExpectFailure(peer_->Ask(Request("http/request", Params("/"))), -32603,
                "too many http/request exchanges on this connection: limit is 256");
  peer_->connection->Die();
}

}  // namespace
}  // namespace paned
