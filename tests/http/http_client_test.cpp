// The client against a peer of the test: heads and bodies, redirects, failures, the pace of the
// reader, cancelling.
#include "server/http/http_client.h"

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <future>

#include "tests/support/http_peer.h"

namespace paned {
namespace {

using testing::HttpOk;
using testing::HttpPeer;

// What came of one transfer. `hungry`: everything is consumed at once.
struct Recorder final : HttpEvents {
  void OnHead(HttpResponseHead response) override {
    EXPECT_EQ(head.status, 0);
    head = std::move(response);
  }
  void OnBody(std::string bytes) override {
    EXPECT_NE(head.status, 0);
    body += bytes;
    if (hungry) transfer->Consumed(bytes.size());
  }
  void OnEnd(std::optional<HttpFailure> ended) override {
    EXPECT_FALSE(done);
    done = true;
    failure = std::move(ended);
  }
  std::string Header(std::string_view name) const {
    const HttpHeader* header = FindHeader(head.headers, name);
    return header == nullptr ? "" : header->value;
  }

  HttpResponseHead head;
  std::string body;
  bool hungry = true;
  bool done = false;
  std::optional<HttpFailure> failure;
  std::unique_ptr<HttpTransfer> transfer;
};

class HttpClientTest : public ::testing::Test {
 protected:
  static OutboundRequest Get(const std::string& url) {
    OutboundRequest request;
    request.method = "GET";
    EXPECT_FALSE(protocol::ParseHttpUrl(url, nullptr, &request.url));
    return request;
  }
  std::unique_ptr<Recorder> Start(OutboundRequest request, bool hungry = true) {
    auto recorder = std::make_unique<Recorder>();
    recorder->hungry = hungry;
    recorder->transfer = client_.Start(std::move(request), recorder.get());
    return recorder;
  }
  std::unique_ptr<Recorder> Run(OutboundRequest request) {
    auto recorder = Start(std::move(request));
    EXPECT_TRUE(Until([&] { return recorder->done; }));
    return recorder;
  }
  bool Until(const std::function<bool()>& done) {
    const auto guard = asio::make_work_guard(io_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    io_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io_.run_one_for(std::chrono::milliseconds(5));
    }
    return done();
  }
  static HttpFault FaultOf(const Recorder& recorder) {
    EXPECT_TRUE(recorder.failure.has_value());
    return recorder.failure.value_or(HttpFailure{}).fault;
  }

  asio::io_context io_;
  HttpClient client_{&io_, {}};
};

TEST_F(HttpClientTest, WhatIsSentAndWhatComesBack) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string&) {
    return wire->Send(HttpOk("hello",
                             "X-MiXed: a\r\nset-cookie: 1\r\nY:\r\nSet-Cookie:  2 \r\n"
                             "x-latin: \xE9\r\n"));
  });
  OutboundRequest request = Get(peer.Url("/p?q#f"));
  request.method = "FOO";
  request.body = "abc";
  AddHeader("X-B", "1", &request.headers);
  AddHeader("x-empty", "", &request.headers);
  const auto recorder = Run(std::move(request));
  EXPECT_FALSE(recorder->failure);
  EXPECT_EQ(recorder->head.status, 200);
  EXPECT_EQ(recorder->body, "hello");
  std::string names;
  for (const HttpHeader& header : recorder->head.headers) {
    names += header.name + '=' + header.value + ' ';
  }
  EXPECT_EQ(names, "x-mixed=a set-cookie=1 set-cookie=2 y= content-length=5 ");
  EXPECT_EQ(peer.requests().at(0),
            "FOO /p?q HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
                "\r\nx-b: 1\r\nx-empty:\r\naccept: */*\r\n"
                "Content-Length: 3\r\n\r\nabc");
}

TEST_F(HttpClientTest, ResponsesWithoutBodyAndBeforeTheResponse) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string& request) {
    if (request.rfind("HEAD", 0) == 0) {
      return wire->Send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
    }
    if (request.find("/204") != std::string::npos) return wire->Send("HTTP/1.1 204 No\r\n\r\n");
    if (request.find("/101") != std::string::npos) {
      wire->Send("HTTP/1.1 101 Up\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
      wire->AwaitEnd();
      return false;
    }
    return wire->Send("HTTP/1.1 103 Early\r\nx-early: 1\r\n\r\n" + HttpOk("late"));
  });
  OutboundRequest head = Get(peer.Url("/"));
  head.method = "HEAD";
  auto recorder = Run(std::move(head));
  EXPECT_EQ(recorder->Header("content-length"), "1000");
  EXPECT_TRUE(recorder->body.empty() && !recorder->failure);
  recorder = Run(Get(peer.Url("/204")));
  EXPECT_TRUE(recorder->head.status == 204 && !recorder->failure);
  recorder = Run(Get(peer.Url("/101")));
  EXPECT_TRUE(recorder->head.status == 101 && !recorder->failure);
  recorder = Run(Get(peer.Url("/")));
  EXPECT_TRUE(recorder->head.status == 200 && recorder->body == "late");
  EXPECT_EQ(recorder->Header("x-early"), "");
}

TEST_F(HttpClientTest, RedirectsAreFollowedTenTimes) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string& request) {
    const int left = std::atoi(request.c_str() + request.find("/hops/") + 6);
    if (left == 0) return wire->Send(HttpOk("landed"));
    return wire->Send("HTTP/1.1 302 R\r\nlocation: /hops/" + std::to_string(left - 1) +
                      "\r\ncontent-length: 9\r\n\r\nelsewhere");
  });
  auto recorder = Run(Get(peer.Url("/hops/10")));
  EXPECT_FALSE(recorder->failure);
  EXPECT_EQ(recorder->body, "landed");
  recorder = Run(Get(peer.Url("/hops/11")));
  EXPECT_EQ(FaultOf(*recorder), HttpFault::kTooManyRedirects);
  OutboundRequest request = Get(peer.Url("/hops/1"));
  request.follow_redirects = false;
  recorder = Run(std::move(request));
  EXPECT_EQ(recorder->head.status, 302);
  EXPECT_EQ(recorder->body, "elsewhere");
}

TEST_F(HttpClientTest, ARedirectDoesNotWaitForItsBody) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string& request) {
    if (request.find("/there") != std::string::npos) return wire->Send(HttpOk("landed"));
    wire->Send("HTTP/1.1 302 R\r\nlocation: /there\r\ncontent-length: 9\r\n\r\n");
    wire->AwaitEnd();
    return false;
  });
  EXPECT_EQ(Run(Get(peer.Url("/")))->body, "landed");
}

TEST_F(HttpClientTest, FailuresBeforeAndAfterTheHead) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string& request) {
    const auto asked = [&](const char* path) { return request.find(path) != std::string::npos; };
    if (asked("/eof")) return false;
    if (asked("/garbage")) wire->Send("what?\r\n\r\n");
    if (asked("/many")) {
      std::string headers;
      for (int n = 0; n < 100; ++n) headers += "x-" + std::to_string(n) + ": v\r\n";
      wire->Send(HttpOk("x", headers));
    }
    if (asked("/short")) wire->Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    if (asked("/chunk")) {
      wire->Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nZZ\r\n");
    }
    if (asked("/hang")) wire->AwaitEnd();
    if (asked("/stall")) {
      wire->Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
      wire->AwaitEnd();
    }
    return false;
  });
  EXPECT_EQ(FaultOf(*Run(Get(peer.Url("/eof#f")))), HttpFault::kSend);
  EXPECT_EQ(Run(Get(peer.Url("/eof#f")))->failure->url, peer.Url("/eof#f"));
  EXPECT_EQ(FaultOf(*Run(Get(peer.Url("/garbage")))), HttpFault::kSend);
  EXPECT_EQ(FaultOf(*Run(Get(peer.Url("/many")))), HttpFault::kSend);
  EXPECT_EQ(FaultOf(*Run(Get("http://127.0.0.1:1/"))), HttpFault::kSend);
  for (const char* path : {"/short", "/chunk"}) {
    const auto recorder = Run(Get(peer.Url(path)));
    EXPECT_EQ(FaultOf(*recorder), HttpFault::kBody) << path;
    EXPECT_EQ(recorder->body, "abc");
  }
  OutboundRequest hang = Get(peer.Url("/hang"));
  hang.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(FaultOf(*Run(hang)), HttpFault::kTimeout);
  hang.timeout = std::chrono::milliseconds(0);
  EXPECT_EQ(FaultOf(*Run(hang)), HttpFault::kTimeout);
  OutboundRequest stall = Get(peer.Url("/stall"));
  stall.timeout = std::chrono::milliseconds(300);
  const auto recorder = Run(std::move(stall));
  EXPECT_EQ(FaultOf(*recorder), HttpFault::kBody);
}

// A kept connection that ends may have taken the request all the same.
TEST_F(HttpClientTest, ABodyIsNeverSentTwice) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string& request) {
    if (request.rfind("POST", 0) == 0) return false;
    return wire->Send(HttpOk("x"));
  });
  EXPECT_FALSE(Run(Get(peer.Url("/")))->failure);
  OutboundRequest post = Get(peer.Url("/"));
  post.method = "POST";
  post.body = "once";
  EXPECT_EQ(FaultOf(*Run(std::move(post))), HttpFault::kSend);
  EXPECT_EQ(peer.requests().size(), 2U);
}

TEST_F(HttpClientTest, ABodyComesAtTheReadersPace) {
  constexpr std::size_t kSize = std::size_t{24} << 20;
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string&) {
    wire->Send("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(kSize) + "\r\n\r\n");
    std::string block(std::size_t{1} << 20, '\0');
    for (std::size_t n = 0; n < block.size(); ++n) block[n] = static_cast<char>(n * 7 + n / 251);
    for (std::size_t sent = 0; sent < kSize; sent += block.size()) {
      if (!wire->Send(block)) return false;
    }
    return true;
  });
  const auto recorder = Start(Get(peer.Url("/")), /*hungry=*/false);
  // It stops by itself: with a reader that takes nothing, no more than a window comes.
  ASSERT_TRUE(Until([&] { return recorder->body.size() >= HttpClient::kWindow; }));
  const std::size_t stuck_at = recorder->body.size();
  EXPECT_LE(stuck_at, HttpClient::kWindow + (std::size_t{64} << 10));
  // Another transfer is not held up.
  EXPECT_FALSE(Run(Get(peer.Url("/other")))->failure);
  EXPECT_EQ(recorder->body.size(), stuck_at);
  recorder->hungry = true;
  recorder->transfer->Consumed(stuck_at);
  ASSERT_TRUE(Until([&] { return recorder->done; }));
  EXPECT_FALSE(recorder->failure);
  ASSERT_EQ(recorder->body.size(), kSize);
  std::size_t wrong = 0;
  for (std::size_t n = 0; n < kSize; ++n) {
    const std::size_t m = n % (std::size_t{1} << 20);
    wrong += recorder->body[n] != static_cast<char>(m * 7 + m / 251) ? 1U : 0U;
  }
  EXPECT_EQ(wrong, 0U);
}

TEST_F(HttpClientTest, EndOfTheTransferCancels) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string&) {
    wire->Send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    wire->AwaitEnd();
    return false;
  });
  auto recorder = Start(Get(peer.Url("/")));
  ASSERT_TRUE(Until([&] { return !recorder->body.empty(); }));
  EXPECT_EQ(peer.open_connections(), 1U);
  recorder->transfer.reset();
  EXPECT_TRUE(Until([&] { return peer.open_connections() == 0; }));
  EXPECT_FALSE(recorder->done);
}

TEST_F(HttpClientTest, ManySideBySide) {
  std::promise<void> go;
  const HttpPeer peer([gone = go.get_future().share()](HttpPeer::Wire* wire, const std::string&) {
    gone.wait();
    return wire->Send(HttpOk("x"));
  });
  std::vector<std::unique_ptr<Recorder>> recorders;
  for (int n = 0; n < 100; ++n) recorders.push_back(Start(Get(peer.Url("/"))));
  EXPECT_TRUE(Until([&] { return peer.requests().size() == 100; }));
  go.set_value();
  for (const auto& recorder : recorders) {
    EXPECT_TRUE(Until([&] { return recorder->done; }));
    EXPECT_EQ(recorder->body, "x");
  }
}

// A transfer that nobody has ended is no trouble for the client's own end.
TEST_F(HttpClientTest, TheClientEndsWithTransfersUnderWay) {
  const HttpPeer peer([](HttpPeer::Wire* wire, const std::string&) {
    wire->AwaitEnd();
    return false;
  });
  Recorder recorder;
  {
    HttpClient client(&io_, {});
    recorder.transfer = client.Start(Get(peer.Url("/")), &recorder);
    ASSERT_TRUE(Until([&] { return !peer.requests().empty(); }));
    recorder.transfer.reset();
  }
  EXPECT_TRUE(Until([&] { return peer.open_connections() == 0; }));
}

}  // namespace
}  // namespace paned
