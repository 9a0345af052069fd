// ConnectionProcessor and Router: what comes in, in which order it is checked, and who answers.
#include "server/rpc/connection_processor.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/flaky_connection.h"

namespace paned {
namespace {

using protocol::Method;
using CallerRef = const std::shared_ptr<Caller>&;

class FakeAttachment final : public Attachment {
 public:
  FakeAttachment(int* writable, std::shared_ptr<Connection> connection, Reply pending)
      : writable_(writable), connection_(std::move(connection)), pending_(std::move(pending)) {}
  // As the real one: the pending reply goes while the connection is still held.
  ~FakeAttachment() override { pending_.reset(); }
  void OnWritable() override { ++*writable_; }

 private:
  int* writable_;
  std::shared_ptr<Connection> connection_;
  Reply pending_;
};

class ProcessorTest : public ::testing::Test {
 protected:
  ProcessorTest() {
    // initialize settles at once, or waits for Settle() when it resumes.
    router_.Bind<protocol::InitializeParams>(
        Method::kInitialize,
        [this](CallerRef caller, const protocol::InitializeParams& params, Reply reply) {
          waiting_ = {caller, std::move(reply)};
          caller->state = HandshakeState::kInitializing;
          if (!params.resume_session_id) Settle(params.client_name != "fail");
        });
    router_.Bind<protocol::TerminateParams>(
        Method::kProcessTerminate,
        [this](CallerRef, const protocol::TerminateParams& params, const Reply& reply) {
          seen_.push_back(params.process_id);
          if (params.process_id == "throw") throw std::runtime_error("too much");
          if (params.process_id == "keep") {
            kept_ = reply;
            return;
          }
          if (params.process_id != "drop") reply->Send(protocol::TerminateResult{false});
        });
    connection_->SetEvents(&*processor_);
  }

  void Settle(bool good) {
    const auto caller = std::exchange(waiting_.caller, nullptr);
    const Reply reply = std::exchange(waiting_.reply, nullptr);
    caller->state = good ? HandshakeState::kInitialized : HandshakeState::kOpen;
    if (good) {
      caller->attachment =
          std::make_unique<FakeAttachment>(&writable_, caller->connection, nullptr);
      reply->Send(protocol::Empty{});
    } else {
      reply->Fail(Error{ErrorKind::kInvalidRequest, "no"});
    }
    if (caller->on_initialize_settled) caller->on_initialize_settled();
  }

  // Sends a message and takes what comes back at once.
  std::string Ask(const std::string& message) {
    connection_->Receive(message);
    return connection_->Take();
  }
  void MakeReady() {
    EXPECT_EQ(Ask(R"({"id":0,"method":"initialize","params":{"clientName":"t"}})"),
              R"({"jsonrpc":"2.0","id":0,"result":{}})");
    EXPECT_EQ(Ask(R"({"method":"initialized"})"), "");
  }
  static std::string Terminate(const std::string& id, int request) {
    return R"({"id":)" + std::to_string(request) +
           R"(,"method":"process/terminate","params":{"processId":")" + id + "\"}}";
  }
  static std::string Failure(const std::string& id, int code, const std::string& message) {
    return R"({"jsonrpc":"2.0","error":{"code":)" + std::to_string(code) + R"(,"message":")" +
           message + R"("},"id":)" + id + "}";
  }

  struct Waiting {
    std::shared_ptr<Caller> caller;
    Reply reply;
  };

  Router router_;
  Log log_{LogLevel::kOff};
  ReplyCounters counters_;
  Waiting waiting_;
  Reply kept_;
  std::vector<std::string> seen_;
  int writable_ = 0;
  int closed_ = 0;
  std::shared_ptr<FlakyConnection> connection_ =
      std::make_shared<FlakyConnection>("test message from peer 1");
  std::unique_ptr<ConnectionProcessor> processor_ = std::make_unique<ConnectionProcessor>(
      connection_, &router_, &log_, &counters_, ConcurrencyLimit{}, [this] {
        ++closed_;
        processor_.reset();
      });
};

TEST_F(ProcessorTest, MalformedInputIsAnsweredWithTheLabelAndIdMinusOne) {
  for (const char* text :
       {"", "{", "nonsense", "[1]", "1", R"({"id":1})", R"({"id":1.5,"method":"x"})"}) {
    const std::string answer = Ask(text);
    EXPECT_EQ(answer.rfind(R"({"jsonrpc":"2.0","error":{"code":-32600,"message":)"
                           R"("failed to parse test message from peer 1: )",
                           0),
              0U)
        << text << " -> " << answer;
    EXPECT_EQ(answer.substr(answer.size() - 9), R"(,"id":-1})") << answer;
  }
  MakeReady();  // the connection lives
}

TEST_F(ProcessorTest, StrayNotificationsAndResponsesAreIgnored) {
  for (const char* text :
       {R"({"method":"initialized"})", R"({"method":"what/ever","params":{"a":1}})",
        R"({"id":1,"result":{}})", R"({"id":1,"error":{"code":1,"message":"m"}})"}) {
    EXPECT_EQ(Ask(text), "") << text;
  }
  MakeReady();
  EXPECT_EQ(Ask(R"({"method":"initialized"})"), "");
  EXPECT_NE(Ask(Terminate("p", 1)), "");
  EXPECT_TRUE(connection_->alive());
}

// --- the order of checks -------------------------------------------------------------------------

TEST_F(ProcessorTest, TheMethodIsCheckedFirst) {
  EXPECT_EQ(Ask(R"({"id":1,"method":"no/such","params":5})"),
            Failure("1", -32601, "exec-server stub does not implement `no/such` yet"));
}

TEST_F(ProcessorTest, ParametersAreCheckedBeforeTheHandshake) {
  EXPECT_EQ(Ask(R"({"id":1,"method":"process/terminate","params":{}})").find("-32602") !=
                std::string::npos,
            true);
  EXPECT_EQ(Ask(Terminate("p", 2)),
            Failure("2", -32600, "client must call initialize before using exec methods"));
  EXPECT_TRUE(seen_.empty());
}

TEST_F(ProcessorTest, TheHandshakesRefusals) {
  EXPECT_EQ(Ask(R"({"id":"i","method":"initialize","params":{"clientName":""}})"),
            R"({"jsonrpc":"2.0","id":"i","result":{}})");
  EXPECT_EQ(Ask(Terminate("p", 2)),
            Failure("2", -32600, "client must send initialized before using exec methods"));
  EXPECT_EQ(Ask(R"({"id":3,"method":"initialize","params":{"clientName":""}})"),
            Failure("3", -32600, "initialize may only be sent once per connection"));
  EXPECT_EQ(Ask(R"({"method":"initialized","params":null})"), "");
  EXPECT_EQ(Ask(Terminate("p", 4)), R"({"jsonrpc":"2.0","id":4,"result":{"running":false}})");
  EXPECT_EQ(Ask(R"({"id":5,"method":"initialize","params":{"clientName":""}})"),
            Failure("5", -32600, "initialize may only be sent once per connection"));
}

TEST_F(ProcessorTest, AFailedInitializeMayBeTriedAgain) {
  EXPECT_EQ(
      Ask(R"({"id":1,"method":"initialize","params":{}})").find("-32602") != std::string::npos,
      true);
  EXPECT_EQ(Ask(R"({"id":2,"method":"initialize","params":{"clientName":"fail"}})"),
            Failure("2", -32600, "no"));
  MakeReady();
}

TEST_F(ProcessorTest, AnExceptionFailsItsRequestAlone) {
  MakeReady();
  EXPECT_EQ(Ask(Terminate("throw", 1)), Failure("1", -32603, "the server failed: too much"));
  EXPECT_NE(Ask(Terminate("p", 2)), "");
  EXPECT_EQ(counters_.dropped + counters_.doubled, 0U);
}

TEST_F(ProcessorTest, AHandlerThatForgetsIsAnsweredForAndCounted) {
  MakeReady();
  EXPECT_EQ(Ask(Terminate("drop", 1)), Failure("1", -32603, "the request ended without an answer"));
  EXPECT_EQ(counters_.dropped, 1U);
}

// --- deferral ------------------------------------------------------------------------------------

class DeferralTest : public ProcessorTest {
 protected:
  void BeginResume() {
    EXPECT_EQ(
        Ask(R"({"id":0,"method":"initialize","params":{"clientName":"t","resumeSessionId":"s"}})"),
        "");
  }
};

TEST_F(DeferralTest, WhatComesDuringInitializeWaitsInOrder) {
  BeginResume();
  EXPECT_EQ(Ask("nonsense"), "");
  EXPECT_EQ(Ask(R"({"method":"initialized"})"), "");
  for (int n = 1; n <= 3; ++n) EXPECT_EQ(Ask(Terminate(std::to_string(n), n)), "");
  Settle(true);
  EXPECT_EQ(connection_->Take(), R"({"jsonrpc":"2.0","id":0,"result":{}})");
  EXPECT_NE(connection_->Take().find(R"("id":-1})"), std::string::npos);
  EXPECT_EQ(seen_, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(connection_->sent().size(), 3U);
}

TEST_F(DeferralTest, AfterAFailureWhatWaitedIsRefused) {
  BeginResume();
  Ask(Terminate("p", 1));
  Settle(false);
  EXPECT_EQ(connection_->Take(), Failure("0", -32600, "no"));
  EXPECT_EQ(connection_->Take(),
            Failure("1", -32600, "client must call initialize before using exec methods"));
}

TEST_F(DeferralTest, AnInitializeThatWaitedDefersWhatCameBehindIt) {
  BeginResume();
  Ask(R"({"id":1,"method":"initialize","params":{"clientName":"t","resumeSessionId":"s"}})");
  Ask(R"({"method":"initialized"})");
  Ask(Terminate("p", 2));
  Settle(false);
  EXPECT_TRUE(seen_.empty());
  Settle(true);
  EXPECT_EQ(seen_, std::vector<std::string>{"p"});
}

// Each of these settles at once; they must not pile up on the stack.
TEST_F(DeferralTest, ManyFailingInitializesInARow) {
  BeginResume();
  constexpr int kMany = 50'000;
  for (int n = 0; n < kMany; ++n) {
    connection_->Receive(R"({"id":1,"method":"initialize","params":{"clientName":"fail"}})");
  }
  Settle(false);
  EXPECT_EQ(connection_->sent().size(), kMany + 1U);
}

TEST_F(DeferralTest, TheConnectionMayGoMeanwhile) {
  BeginResume();
  const std::weak_ptr<void> held = connection_->Receive(Terminate("p", 1));
  EXPECT_FALSE(held.expired());
  connection_->Die();
  EXPECT_TRUE(held.expired());
  EXPECT_EQ(closed_, 1);
  EXPECT_EQ(waiting_.caller->connection, nullptr);
  EXPECT_FALSE(waiting_.caller->on_initialize_settled);
  waiting_ = {};
  EXPECT_EQ(counters_.dropped, 0U);
}

// --- the end -------------------------------------------------------------------------------------

TEST_F(ProcessorTest, WritableReachesTheAttachment) {
  connection_->Writable();
  MakeReady();
  connection_->Writable();
  EXPECT_EQ(writable_, 1);
}

TEST_F(ProcessorTest, ARequestWhoseConnectionDiedIsNoDroppedReply) {
  MakeReady();
  Ask(Terminate("keep", 1));
  connection_->Die();
  kept_.reset();
  EXPECT_EQ(counters_.dropped, 0U);
  EXPECT_EQ(connection_->sent().size(), 0U);
}

TEST_F(ProcessorTest, NorIsOneThatGoesWithTheAttachment) {
  waiting_.caller = nullptr;
  router_.Bind<protocol::SignalParams>(Method::kProcessSignal, [this](CallerRef caller,
                                                                      const protocol::SignalParams&,
                                                                      const Reply& reply) {
    caller->attachment = std::make_unique<FakeAttachment>(&writable_, caller->connection, reply);
  });
  MakeReady();
  Ask(R"({"id":9,"method":"process/signal","params":{"processId":"p","signal":"interrupt"}})");
  connection_->Die();
  EXPECT_EQ(counters_.dropped, 0U);
}

TEST_F(ProcessorTest, TheFrameIsLetGoOfWithTheReply) {
  MakeReady();
  const std::weak_ptr<void> kept = connection_->Receive(Terminate("keep", 1));
  EXPECT_FALSE(kept.expired());
  kept_->Send(protocol::TerminateResult{true});
  EXPECT_TRUE(kept.expired());
}

}  // namespace
}  // namespace paned
