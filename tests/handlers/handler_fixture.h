// Peers that speak the wire to bound handlers: real parsing, routing, sessions, workers and files;
// connections, children and time played by the test.
// Threading: one thread, which runs the loop; files are touched on workers.
#pragma once

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "server/handlers/bind.h"
#include "server/rpc/connection_processor.h"
#include "tests/support/fake_backend.h"
#include "tests/support/flaky_connection.h"
#include "tests/support/manual_clock.h"

namespace paned {

// One connection and what the server made of it.
struct Peer {
  std::shared_ptr<FlakyConnection> connection = std::make_shared<FlakyConnection>();
  std::unique_ptr<ConnectionProcessor> processor;

  // Sends a message, and takes what was answered at once.
  std::string Ask(const std::string& message) const {
    connection->Receive(message);
    return connection->Take();
  }
};

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() {
    context_.clock = &clock_;
    context_.budget = &budget_;
    services_.sessions = &sessions_;
    services_.pipes = &backend_;
    services_.terminals = &terminals_;
    services_.login_shell = "/bin/login-shell";
    services_.workers = &workers_;
    services_.http = &http_;
    services_.missing_watcher = &missing_watcher_;
    services_.log = &log_;
    services_.inheritable = {{"INHERITED", "yes"}};
    services_.cwd = "/server/cwd";
    services_.environment_info = R"({"info":1})";
    BindHandlers(&services_, &router_);
  }
  // Every test: each request had exactly one answer.
  ~HandlerTest() override {
    EXPECT_EQ(counters_.dropped, 0U);
    EXPECT_EQ(counters_.doubled, 0U);
  }

  std::unique_ptr<Peer> Connect() {
    auto peer = std::make_unique<Peer>();
    Peer* raw = peer.get();
    peer->processor = std::make_unique<ConnectionProcessor>(peer->connection, &router_, &log_,
                                                            &counters_, ConcurrencyLimit{},
                                                            [raw] { raw->processor.reset(); });
    peer->connection->SetEvents(peer->processor.get());
    return peer;
  }
  static std::string Initialize(const std::string& client, const std::string& resume = {}) {
    std::string params = R"({"clientName":")" + client + '"';
    if (!resume.empty()) params += R"(,"resumeSessionId":")" + resume + '"';
    return R"({"id":0,"method":"initialize","params":)" + params + "}}";
  }
  // The session id in an answer to initialize; "" when it is none.
  static std::string SessionId(const std::string& answer) {
    constexpr char kMember[] = R"("sessionId":")";
    const std::size_t at = answer.find(kMember);
    return at == std::string::npos ? "" : answer.substr(at + sizeof kMember - 1, 36);
  }
  // A connection that has shaken hands.
  std::unique_ptr<Peer> Ready(const std::string& client = "codex-environment") {
    auto peer = Connect();
    session_id_ = SessionId(peer->Ask(Initialize(client)));
    EXPECT_NE(session_id_, "");
    EXPECT_EQ(peer->Ask(R"({"method":"initialized"})"), "");
    return peer;
  }

  static std::string Request(const std::string& method, const std::string& params) {
    return R"({"id":1,"method":")" + method + R"(","params":)" + params + "}";
  }
  static std::string Result(const std::string& result) {
    return R"({"jsonrpc":"2.0","id":1,"result":)" + result + "}";
  }
  // How an error reply to Request() begins.
  static std::string Failure(int code, const std::string& message) {
    return R"({"jsonrpc":"2.0","error":{"code":)" + std::to_string(code) + R"(,"message":")" +
           message + '"';
  }
  static void ExpectFailure(const std::string& answer, int code, const std::string& message) {
    EXPECT_EQ(answer.substr(0, Failure(code, message).size()), Failure(code, message)) << answer;
  }

  bool RunUntil(const std::function<bool()>& done) {
    const auto guard = asio::make_work_guard(io_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    io_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) io_.run_one_until(deadline);
    return done();
  }
  // For methods that work on a file: the answer comes later.
  std::string AskAndWait(const Peer& peer, const std::string& message) {
    peer.connection->Receive(message);
    EXPECT_TRUE(RunUntil([&] { return !peer.connection->sent().empty(); })) << message;
    return peer.connection->Take();
  }

  ManualClock clock_;
  OutputBudget budget_{std::size_t{1} << 26};
  SessionContext context_;
  FakeBackend backend_;
  FakeBackend terminals_;
  Log log_{LogLevel::kOff};
  ReplyCounters counters_;
  asio::io_context io_;
  WorkerPool workers_{&io_, 2};
  HttpClient http_{&io_, {}};
  MissingWatcher missing_watcher_{&io_, &workers_};
  SessionRegistry sessions_{&context_};
  Services services_;
  Router router_;
  std::string session_id_;  // of the last Ready()
};

}  // namespace paned
