// initialize: new sessions, resumed ones, and those that somebody else holds.
#include "tests/handlers/handler_fixture.h"

namespace paned {
namespace {

using std::chrono::seconds;

class InitializeTest : public HandlerTest {};

TEST_F(InitializeTest, ANewSession) {
  const auto peer = Connect();
  const std::string answer = peer->Ask(Initialize("anyone"));
  EXPECT_EQ(answer, R"({"jsonrpc":"2.0","id":0,"result":{"sessionId":")" + SessionId(answer) +
                        R"(","environmentInfo":{"info":1}}})");
  EXPECT_NE(sessions_.Find(SessionId(answer)), nullptr);
}

TEST_F(InitializeTest, EachConnectionHasItsOwn) {
  const auto one = Ready();
  const std::string id = session_id_;
  const auto two = Ready();
  EXPECT_NE(id, session_id_);
  EXPECT_EQ(sessions_.size(), 2U);
}

TEST_F(InitializeTest, AnUnknownSessionFailsAndMayBeFollowedByANewOne) {
  const auto peer = Connect();
  ExpectFailure(peer->Ask(Initialize("c", "no-such")), -32600, "unknown session id no-such");
  EXPECT_NE(SessionId(peer->Ask(Initialize("c"))), "");
}

TEST_F(InitializeTest, AnEmptySessionIdIsUnknown) {
  const auto peer = Connect();
  ExpectFailure(
      peer->Ask(
          R"({"id":1,"method":"initialize","params":{"clientName":"c","resumeSessionId":""}})"),
      -32600, "unknown session id ");
}

TEST_F(InitializeTest, ADisconnectedSessionIsResumed) {
  auto first = Ready();
  const std::string id = session_id_;
  first->connection->Die();
  EXPECT_FALSE(sessions_.Find(id)->attached());
  const auto second = Connect();
  EXPECT_EQ(SessionId(second->Ask(Initialize("codex-environment", id))), id);
  EXPECT_TRUE(sessions_.Find(id)->attached());
}

TEST_F(InitializeTest, NobodyComesBackInTime) {
  auto first = Ready();
  const std::string id = session_id_;
  first->connection->Die();
  clock_.Advance(seconds(80));
  const auto second = Connect();
  ExpectFailure(second->Ask(Initialize("c", id)), -32600, "unknown session id " + id);
}

TEST_F(InitializeTest, AnOwnerThatLivesKeepsItsSession) {
  const auto owner = Ready();
  const std::string id = session_id_;
  const auto other = Connect();
  EXPECT_EQ(other->Ask(Initialize("c", id)), "");
  ASSERT_EQ(owner->connection->probes(), 1U);
  owner->connection->AnswerProbe(true);
  ExpectFailure(other->connection->Take(), -32010,
                "session " + id + " is already attached to another connection");
  EXPECT_FALSE(owner->connection->close_code());
  EXPECT_NE(SessionId(other->Ask(Initialize("c"))), "");
}

TEST_F(InitializeTest, ASilentOwnerIsClosedAndToldWhy) {
  const auto owner = Ready();
  const std::string id = session_id_;
  const auto other = Connect();
  EXPECT_EQ(other->Ask(Initialize("c", id)), "");
  owner->connection->AnswerProbe(false);
  EXPECT_EQ(SessionId(other->connection->Take()), id);
  EXPECT_EQ(owner->connection->close_code(), CloseCode::kPolicyViolation);
  EXPECT_EQ(owner->connection->close_reason(), "session has been resumed by another connection");
  // Should it speak after all:
  ExpectFailure(owner->Ask(Request("process/read", R"({"processId":"p"})")), -32600,
                "session has been resumed by another connection");
  owner->connection->Die();
  EXPECT_TRUE(sessions_.Find(id)->attached());
}

TEST_F(InitializeTest, AReadOfTheSilentOwnerIsAnsweredOnce) {
  const auto owner = Ready();
  const std::string id = session_id_;
  owner->Ask(Request("process/start", R"({"processId":"p","argv":["x"]})"));
  EXPECT_EQ(owner->Ask(Request("process/read", R"({"processId":"p","waitMs":60000})")), "");
  const auto other = Connect();
  other->Ask(Initialize("c", id));
  owner->connection->AnswerProbe(false);
  EXPECT_EQ(owner->connection->sent().size(), 1U);
}

TEST_F(InitializeTest, WhatComesDuringTheProbeWaits) {
  const auto owner = Ready();
  const auto other = Connect();
  other->Ask(Initialize("c", session_id_));
  EXPECT_EQ(other->Ask(R"({"method":"initialized"})"), "");
  EXPECT_EQ(other->Ask(Request("environment/status", "null")), "");
  owner->connection->AnswerProbe(false);
  EXPECT_NE(SessionId(other->connection->Take()), "");
  EXPECT_EQ(other->connection->Take(), Result(R"({"status":"ready"})"));
}

TEST_F(InitializeTest, AClaimantThatLeavesDuringTheProbeLeavesTheSessionToExpire) {
  const auto owner = Ready();
  const std::string id = session_id_;
  const auto other = Connect();
  other->Ask(Initialize("c", id));
  other->connection->Die();
  owner->connection->AnswerProbe(false);
  ASSERT_NE(sessions_.Find(id), nullptr);
  EXPECT_FALSE(sessions_.Find(id)->attached());
  clock_.Advance(seconds(80));
  EXPECT_EQ(sessions_.Find(id), nullptr);
}

TEST_F(InitializeTest, ADisconnectWithAPendingReadIsNoError) {
  const auto peer = Ready();
  peer->Ask(Request("process/start", R"({"processId":"p","argv":["x"]})"));
  EXPECT_EQ(peer->Ask(Request("process/read", R"({"processId":"p","waitMs":60000})")), "");
  peer->connection->Die();
  EXPECT_EQ(peer->connection->sent().size(), 0U);
}

TEST_F(InitializeTest, AForcedProfileWins) {
  services_.forced_profile = FindProfile("go");
  const auto peer = Ready("codex-environment");
  peer->Ask(Request("process/start", R"({"processId":"p","argv":["x"]})"));
  backend_.last().Print("a");
  EXPECT_EQ(peer->connection->Take(), "");  // nothing is pushed to it
}

TEST_F(InitializeTest, EnvironmentMethods) {
  const auto peer = Ready();
  EXPECT_EQ(peer->Ask(Request("environment/info", "{}")), Result(R"({"info":1})"));
  EXPECT_EQ(peer->Ask(Request("environment/status", "null")), Result(R"({"status":"ready"})"));
}

}  // namespace
}  // namespace paned
