// SessionRegistry: making, resuming, taking over, and ending sessions.
#include <gtest/gtest.h>

#include "tests/session/session_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RegistryTest : public SessionFixture {
 protected:
  Session* Attached() {
    Session* session = registry_.Create();
    session->Attach(&client_, Codex(), /*resumed=*/false);
    return session;
  }
};

TEST_F(RegistryTest, CreatesSessionsWithIdsOfTheirOwn) {
  const Session* one = registry_.Create();
  const Session* two = registry_.Create();
  EXPECT_NE(one->id(), two->id());
  EXPECT_EQ(registry_.Find(one->id()), one);
  EXPECT_EQ(registry_.Find(""), nullptr);
  EXPECT_EQ(registry_.size(), 2U);
}

TEST_F(RegistryTest, AnUnknownSession) {
  for (const char* id : {"", "no-such-id"}) {
    const auto claimed = Claim(id);
    EXPECT_EQ(claimed->outcome, std::string("unknown session id ") + id);
    EXPECT_EQ(claimed->error, ErrorKind::kInvalidRequest);
  }
}

TEST_F(RegistryTest, ADetachedSessionIsHandedOutAtOnce) {
  Session* session = Attached();
  registry_.Release(session);
  EXPECT_FALSE(session->attached());
  const auto claimed = Claim(session->id());
  EXPECT_EQ(claimed->session, session);
  session->Attach(&other_, Codex(), /*resumed=*/true);
  clock_.Advance(seconds(1000));  // no expiry is left from the detached time
  EXPECT_EQ(registry_.size(), 1U);
}

TEST_F(RegistryTest, AReleasedSessionEndsAfterItsTimeWithAllItsProcesses) {
  Session* session = Attached();
  const std::string id = session->id();
  ASSERT_TRUE(StartProcess(session, "p").ok());
  EXPECT_EQ(registry_.running(), 1U);
  registry_.Release(session);
  clock_.Advance(seconds(80) - milliseconds(1));
  EXPECT_NE(registry_.Find(id), nullptr);
  EXPECT_FALSE(backend_.last().destroyed());
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(registry_.Find(id), nullptr);
  EXPECT_TRUE(backend_.last().destroyed());
  EXPECT_EQ(registry_.running(), 0U);
  EXPECT_EQ(Claim(id)->outcome, "unknown session id " + id);
}

TEST_F(RegistryTest, AReleasedSessionMayEndWhileAProcessStarts) {
  Session* session = Attached();
  const auto start = StartLater(session, "p");
  registry_.Release(session);
  EXPECT_EQ(registry_.running(), 1U);
  clock_.Advance(seconds(80));
  EXPECT_EQ(registry_.size(), 0U);
  EXPECT_TRUE(backend_.last().destroyed());
  backend_.last().Started();
  EXPECT_EQ(*start, "");
}

TEST_F(RegistryTest, TheDetachTimeIsAnOption) {
  context_.detach_ttl = seconds(5);
  registry_.Release(Attached());
  clock_.Advance(seconds(5));
  EXPECT_EQ(registry_.size(), 0U);
}

TEST_F(RegistryTest, AClaimThatIsGivenBackStartsTheCountdownAnew) {
  Session* session = Attached();
  registry_.Release(session);
  clock_.Advance(seconds(79));
  registry_.Release(Claim(session->id())->session);
  clock_.Advance(seconds(79));
  EXPECT_EQ(registry_.size(), 1U);
  clock_.Advance(seconds(1));
  EXPECT_EQ(registry_.size(), 0U);
}

// --- taking over ---------------------------------------------------------------------------------

TEST_F(RegistryTest, AnOwnerThatLivesKeepsItsSession) {
  Session* session = Attached();
  const auto claimed = Claim(session->id());
  EXPECT_EQ(claimed->outcome, "");
  ASSERT_TRUE(client_.probe);
  EXPECT_EQ(client_.probe_patience, seconds(2));
  client_.probe(true);
  EXPECT_EQ(claimed->outcome,
            "session " + session->id() + " is already attached to another connection");
  EXPECT_EQ(claimed->error, ErrorKind::kSessionAttached);
  EXPECT_EQ(session->client(), &client_);
  EXPECT_EQ(client_.taken_over, 0);
}

TEST_F(RegistryTest, ASilentOwnerLosesIt) {
  Session* session = Attached();
  const auto claimed = Claim(session->id());
  client_.probe(false);
  EXPECT_EQ(claimed->session, session);
  EXPECT_FALSE(session->attached());
  EXPECT_EQ(client_.taken_over, 1);
  EXPECT_EQ(claimed->calls, 1);
}

TEST_F(RegistryTest, AnOwnerThatGoesWhileItIsProbedLosesIt) {
  Session* session = Attached();
  const auto claimed = Claim(session->id());
  registry_.Release(session);
  EXPECT_EQ(claimed->outcome, "");
  client_.probe(false);
  EXPECT_EQ(claimed->session, session);
  EXPECT_EQ(client_.taken_over, 0);  // it is gone: there is nobody to tell
  clock_.Advance(seconds(1000));
  EXPECT_EQ(registry_.size(), 1U);
}

TEST_F(RegistryTest, OneClaimAtATime) {
  Session* session = Attached();
  const auto first = Claim(session->id());
  const auto second = Claim(session->id());
  EXPECT_EQ(second->error, ErrorKind::kSessionAttached);
  client_.probe(false);
  EXPECT_EQ(first->session, session);
  session->Attach(&other_, Codex(), /*resumed=*/true);
  const auto third = Claim(session->id());  // contested no more
  EXPECT_EQ(third->outcome, "");
  ASSERT_TRUE(other_.probe);
  other_.probe(true);
  EXPECT_EQ(third->error, ErrorKind::kSessionAttached);
}

TEST_F(RegistryTest, TheSessionMayEndWhileItsOwnerIsProbed) {
  Session* session = Attached();
  const std::string id = session->id();
  const auto claimed = Claim(id);
  registry_.Release(session);
  clock_.Advance(seconds(80));
  client_.probe(false);
  EXPECT_EQ(claimed->outcome, "unknown session id " + id);
}

TEST_F(RegistryTest, AnothersOwnershipIsNotJudgedByTheProbeOfTheOneBefore) {
  Session* session = Attached();
  const auto claimed = Claim(session->id());
  registry_.Release(session);
  ASSERT_EQ(Claim(session->id())->session, session);
  session->Attach(&other_, Codex(), /*resumed=*/true);
  client_.probe(false);
  EXPECT_EQ(claimed->error, ErrorKind::kSessionAttached);
  EXPECT_EQ(session->client(), &other_);
}

// As the case before, but the new owner stands where the old one stood in memory.
TEST_F(RegistryTest, NeitherWhenTheNewOwnerHasTheOldOnesAddress) {
  Session* session = Attached();
  const auto claimed = Claim(session->id());
  const auto probe_of_the_old = client_.probe;
  registry_.Release(session);
  ASSERT_EQ(Claim(session->id())->session, session);
  session->Attach(&client_, Codex(), /*resumed=*/true);
  probe_of_the_old(false);
  EXPECT_EQ(claimed->error, ErrorKind::kSessionAttached);
  EXPECT_EQ(session->client(), &client_);
  EXPECT_EQ(client_.taken_over, 0);
}

}  // namespace
}  // namespace paned
