// Whose turn it is: strict order, the two lanes, and what happens when those in line go away.
#include "server/rpc/request_turns.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/flaky_connection.h"
#include "tests/support/manual_clock.h"

namespace paned {
namespace {

class RequestTurnsTest : public ::testing::Test {
 protected:
  // Messages named in `at_once` are over when run() returns.
  void Limit(std::size_t requests) {
    turns_ = std::make_unique<RequestTurns>(ConcurrencyLimit{&clock_, requests},
                                            [this](InboundFrame frame, Turn turn) {
                                              const std::string name(frame.data, frame.size);
                                              ran_.push_back(name.substr(0, 8));
                                              if (!AtOnce(name)) running_[name] = std::move(turn);
                                            });
  }
  static bool AtOnce(const std::string& name) { return name.find("quick") != std::string::npos; }
  static std::string Request(const std::string& id, const std::string& method) {
    return R"({"id":")" + id + R"(","method":")" + method + "\"}";
  }

  void Take(const std::string& message) {
    auto text = std::make_shared<std::string>(message);
    bytes_.push_back(text);
    turns_->Take(InboundFrame{text->data(), text->size(), text});
  }
  void End(const std::string& message) {
    running_.erase(message);
    clock_.Advance(Duration::zero());
  }
  std::vector<std::string> Ran() { return std::exchange(ran_, {}); }
  // How many messages are still held.
  std::size_t Held() const {
    std::size_t held = 0;
    for (const auto& text : bytes_) {
      if (!text.expired()) ++held;
    }
    return held;
  }

  using Names = std::vector<std::string>;

  ManualClock clock_;
  std::vector<std::weak_ptr<std::string>> bytes_;
  std::map<std::string, Turn> running_;
  Names ran_;
  std::unique_ptr<RequestTurns> turns_;
};

TEST_F(RequestTurnsTest, WithoutALimitNobodyWaits) {
  Limit(0);
  for (const char* name : {"a", "b", "c"}) Take(name);
  EXPECT_EQ(Ran(), (Names{"a", "b", "c"}));
  for (const auto& [name, turn] : running_) EXPECT_EQ(turn, nullptr) << name;
}

TEST_F(RequestTurnsTest, OneMeansTheOrderOfArrival) {
  Limit(1);
  for (const char* name : {"a", "quick 1", "quick 2", "b", "quick 3"}) Take(name);
  EXPECT_EQ(Ran(), Names{"a"});
  End("a");
  EXPECT_EQ(Ran(), (Names{"quick 1", "quick 2", "b"}));
  End("b");
  EXPECT_EQ(Ran(), Names{"quick 3"});
  Take("c");
  EXPECT_EQ(Ran(), Names{"c"});
  EXPECT_EQ(clock_.pending(), 0u);
}

TEST_F(RequestTurnsTest, TheNextDoesNotStartFromWithinTheEnd) {
  Limit(1);
  Take("a");
  Take("b");
  Ran();
  running_.clear();
  EXPECT_EQ(Ran(), Names{});
  clock_.Advance(Duration::zero());
  EXPECT_EQ(Ran(), Names{"b"});
}

TEST_F(RequestTurnsTest, ManyThatEndAtOnceDoNotPileUp) {
  Limit(1);
  Take("a");
  constexpr std::size_t kMany = 50'000;
  for (std::size_t i = 0; i < kMany; ++i) Take("quick");
  Ran();
  End("a");
  EXPECT_EQ(Ran().size(), kMany);
}

TEST_F(RequestTurnsTest, EachLaneHasItsPlaces) {
  Limit(2);
  const std::string read = Request("0", "process/read");
  const std::string other = Request("1", "process/read");
  for (const std::string& message : {read, other}) Take(message);
  EXPECT_EQ(Ran().size(), 2u);
  const std::string third = Request("2", "fs/readFile");
  Take(third);
  EXPECT_EQ(Ran().size(), 0u);
  const std::string terminate = Request("3", "process/terminate");
  const std::string signal = Request("4", "process/signal");
  const std::string info = Request("5", "environment/info");
  for (const std::string& message : {terminate, signal, info}) Take(message);
  EXPECT_EQ(Ran().size(), 2u);
  EXPECT_EQ(running_.count(info), 0u);
  End(terminate);
  EXPECT_EQ(running_.count(info), 1u);
  EXPECT_EQ(running_.count(third), 0u);
  End(read);
  EXPECT_EQ(running_.count(third), 1u);
}

TEST_F(RequestTurnsTest, ThePromptMethods) {
  Limit(2);
  Take(Request("0", "process/read"));
  Take(Request("1", "process/read"));
  for (const char* method : {"environment/info", "environment/status", "process/signal",
                             "process/terminate", "fs/close"}) {
    Ran();
    const std::string message = Request("p", method);
    Take(message);
    EXPECT_EQ(Ran().size(), 1u) << method;
    End(message);
  }
  for (const char* method : {"process/start", "process/write", "fs/getMetadata", "fs/open",
                             "http/request", "environmentConfig/read"}) {
    Take(Request("p", method));
    EXPECT_EQ(Ran().size(), 0u) << method;
  }
}

TEST_F(RequestTurnsTest, WithLanesSomeMessagesNeedNoTurn) {
  Limit(2);
  Take(Request("0", "process/read"));
  Take(Request("1", "process/read"));
  Ran();
  for (const std::string& message :
       {std::string("nonsense"), Request("2", "no/such"), Request("3", "initialize"),
        std::string(R"({"method":"initialized"})"), std::string(R"({"id":1,"result":{}})")}) {
    Take(message);
    EXPECT_EQ(Ran().size(), 1u) << message;
    EXPECT_EQ(running_[message], nullptr) << message;
  }
}

// One lane's end in the middle of the other's loop: a terminate answers a read that waits.
TEST_F(RequestTurnsTest, AnEndInTheOtherLaneIsNotForgotten) {
  const std::string first = Request("0", "process/read");
  const std::string second = Request("1", "process/read");
  const std::string waiting = Request("2", "process/read");
  turns_ = std::make_unique<RequestTurns>(ConcurrencyLimit{&clock_, 2},
                                          [&](InboundFrame frame, Turn turn) {
                                            const std::string name(frame.data, frame.size);
                                            ran_.push_back(name);
                                            if (name.find("terminate") != std::string::npos) {
                                              running_.erase(first);
                                            } else {
                                              running_[name] = std::move(turn);
                                            }
                                          });
  for (const std::string& message : {first, second, waiting}) Take(message);
  Take(Request("3", "process/terminate"));
  EXPECT_EQ(running_.count(waiting), 0u);
  clock_.Advance(Duration::zero());
  EXPECT_EQ(running_.count(waiting), 1u);
}

TEST_F(RequestTurnsTest, WhatWaitsIsHeldAndGoesWithTheConnection) {
  Limit(1);
  for (const char* name : {"a", "b", "c"}) Take(name);
  EXPECT_EQ(Held(), 2u);  // a is over for this test's run()
  turns_.reset();
  EXPECT_EQ(Held(), 0u);
  running_.clear();  // comes back to nobody
  EXPECT_EQ(clock_.pending(), 0u);
}

// The turn ends behind the reply; of a stream, behind its last piece.
class TurnOfReply : public ::testing::Test {
 protected:
  Turn Mark() {
    return {this, [this](void*) { sent_before_end_ = connection_->sent().size(); }};
  }
  Reply Make() {
    return std::make_shared<ReplyOnce>(connection_, std::int64_t{1}, nullptr, &counters_, Mark());
  }

  std::shared_ptr<FlakyConnection> connection_ = std::make_shared<FlakyConnection>();
  ReplyCounters counters_;
  std::optional<std::size_t> sent_before_end_;
};

TEST_F(TurnOfReply, EndsBehindEveryKindOfReply) {
  const Reply result = Make();
  result->SendText("{}");
  EXPECT_EQ(sent_before_end_, 1u);
  const Reply failure = Make();
  failure->Fail(Error{ErrorKind::kInternal, "no"});
  EXPECT_EQ(sent_before_end_, 2u);
  Make().reset();
  EXPECT_EQ(sent_before_end_, 3u);
}

class OnePiece final : public MessageSource {
 public:
  void Pull(Sink sink) override { sink(Piece{"{}", true}); }
};

TEST_F(TurnOfReply, EndsBehindTheLastPiece) {
  const Reply reply = Make();
  reply->Stream(std::make_unique<OnePiece>());
  EXPECT_FALSE(sent_before_end_);
  connection_->Pull();
  EXPECT_TRUE(sent_before_end_);
}

TEST_F(TurnOfReply, EndsWhenNobodyIsThereToAnswer) {
  const Reply sent = Make();
  const Reply streamed = Make();
  connection_.reset();
  connection_ = std::make_shared<FlakyConnection>();
  sent->SendText("{}");
  EXPECT_TRUE(sent_before_end_);
  sent_before_end_.reset();
  streamed->Stream(std::make_unique<OnePiece>());
  EXPECT_TRUE(sent_before_end_);
}

}  // namespace
}  // namespace paned
