// Sessions: isolation, detach and resume, takeover of a dead owner, expiry.
#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Sessions : public E2e {
 protected:
  // Starts a long sleep; returns its pid.
  static pid_t StartSleeper(RpcClient* client, const std::string& id) {
    EXPECT_TRUE(
        client->Call("process/start", StartParams(id, Sh("echo $$; exec sleep 1000"))).ok());
    Story& story = client->story(id);
    EXPECT_TRUE(client->Until([&] { return story.out.find('\n') != std::string::npos; }));
    return std::atoi(story.out.c_str());
  }
};

TEST_F(Sessions, AreIsolated) {
  const auto a = Open();
  const auto b = Open();
  ASSERT_NE(a->session(), b->session());
  ASSERT_TRUE(a->Call("process/start", StartParams("p", Sh("echo a; exec sleep 1000"))).ok());
  ASSERT_TRUE(a->Until([&] { return a->story("p").out == "a\n"; }));
  EXPECT_EQ(b->Call("process/read", ReadParams("p", 0, 0)).message(), "unknown process id p");
  EXPECT_FALSE(b->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
  EXPECT_EQ(b->Run("p", StartParams("p", Sh("echo b"))).out, "b\n");
  EXPECT_TRUE(a->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
  ASSERT_TRUE(a->UntilClosed("p"));
  EXPECT_EQ(a->story("p").out, "a\n");
}

TEST_F(Sessions, ResumeAfterACleanCloseAndAfterAReset) {
  auto client = Open();
  const std::string session = client->session();
  const pid_t pid = StartSleeper(client.get(), "p");
  for (const bool clean : {true, false, true}) {
    if (clean) {
      client->ws().SendClose(1000);
    } else {
      client->ws().Reset();
    }
    client = Open("e2e", session);
    EXPECT_EQ(client->session(), session);
    EXPECT_TRUE(IsAlive(pid));
    const Answer read = client->Call("process/read", ReadParams("p", 0, 0));
    ASSERT_TRUE(read.ok()) << read.message();
    EXPECT_EQ(read.result()["chunks"].Size(), 1u);
  }
  EXPECT_TRUE(client->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
  EXPECT_TRUE(client->UntilClosed("p"));
}

TEST_F(Sessions, AnEndMissedWhileAwayIsReadable) {
  const TempDir dir;
  auto client = Open();
  const std::string session = client->session();
  ASSERT_TRUE(client
                  ->Call("process/start",
                         StartParams("p", Sh("while [ ! -e " + (dir / "go") +
                                             " ]; do sleep 0.01; done; echo late; exit 4")))
                  .ok());
  client->ws().Reset();
  WriteWholeFile(dir / "go", "");
  ASSERT_TRUE(Eventually([&] { return server().Children().empty(); }));
  client = Open("e2e", session);
  const ReadStory story = client->ReadToClose("p", 0, 1000);
  EXPECT_EQ(story.out, "late\n");
  EXPECT_EQ(story.exit_code, 4);
}

TEST_F(Sessions, ALivingOwnerKeepsIt) {
  const auto owner = Open();
  const auto newcomer = Connect();
  const std::int64_t id = newcomer->Send(
      "initialize", R"({"clientName":"x","resumeSessionId":)" + Quote(owner->session()) + "}");
  // The owner answers the server's ping; the newcomer is refused and may start a session instead.
  // There are other pings than this one, so it goes on answering until the newcomer has its word.
  Answer refused;
  ASSERT_TRUE(Eventually([&] {
    owner->Receive(Millis(5));
    refused = newcomer->Await(id, Millis(5));
    return static_cast<bool>(refused);
  }));
  EXPECT_EQ(refused.code(), -32010);
  EXPECT_EQ(refused.message(),
            "session " + owner->session() + " is already attached to another connection");
  EXPECT_TRUE(newcomer->Initialize("x").ok());
  EXPECT_TRUE(owner->Call("environment/status").ok());
}

TEST_F(Sessions, ADeadOwnerIsTakenOver) {
  const auto owner = Open();
  owner->ws().set_answer_pings(false);
  const pid_t pid = StartSleeper(owner.get(), "p");
  const auto newcomer = Open("e2e", owner->session());  // the owner never answers its ping
  EXPECT_EQ(newcomer->session(), owner->session());
  EXPECT_TRUE(IsAlive(pid));
  EXPECT_TRUE(newcomer->Call("process/read", ReadParams("p", 0, 0)).ok());
  // The old connection is told and closed.
  EXPECT_FALSE(owner->Until([] { return false; }));
  EXPECT_EQ(owner->ws().close_code(), 1008);
  EXPECT_EQ(owner->ws().close_reason(), "session has been resumed by another connection");
  EXPECT_TRUE(newcomer->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
  EXPECT_TRUE(newcomer->UntilClosed("p"));
}

// What a newcomer sends behind its initialize waits for the answer, in order.
TEST_F(Sessions, RequestsBehindAWaitingResumeAreKept) {
  const auto owner = Open();
  owner->ws().set_answer_pings(false);
  StartSleeper(owner.get(), "p");
  const auto newcomer = Connect();
  const std::int64_t resumed = newcomer->Send(
      "initialize", R"({"clientName":"x","resumeSessionId":)" + Quote(owner->session()) + "}");
  newcomer->Notify("initialized");
  const std::int64_t read = newcomer->Send("process/read", ReadParams("p", 0, 0));
  EXPECT_TRUE(newcomer->Await(read).ok());
  EXPECT_TRUE(newcomer->HasAnswer(resumed));
}

TEST_F(Sessions, ExpiryKillsItsProcessesAndForgetsTheId) {
  ServeWith({"--detach-ttl=300ms"});
  auto client = Open();
  const std::string session = client->session();
  const pid_t pid = StartSleeper(client.get(), "p");
  client.reset();
  EXPECT_TRUE(Eventually([&] { return !IsAlive(pid); }));
  EXPECT_TRUE(Eventually([&] { return server().Children().empty(); })) << "a zombie is left";
  const auto late = Connect();
  EXPECT_EQ(late->Initialize("x", session).message(), "unknown session id " + session);
}

// The second session's end is the clock: it left later, so the first one's time is over too.
TEST_F(Sessions, AResumeStopsTheClock) {
  ServeWith({"--detach-ttl=300ms"});
  auto kept = Open();
  const std::string session = kept->session();
  const pid_t kept_pid = StartSleeper(kept.get(), "p");
  auto dropped = Open();
  const pid_t dropped_pid = StartSleeper(dropped.get(), "p");
  kept.reset();
  kept = Open("e2e", session);
  dropped.reset();
  EXPECT_TRUE(Eventually([&] { return !IsAlive(dropped_pid); }));
  EXPECT_TRUE(IsAlive(kept_pid));
  EXPECT_TRUE(kept->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
  EXPECT_TRUE(kept->UntilClosed("p"));
}

TEST_F(Sessions, AThousandDetachedOnesAreCheapAndCollected) {
  const int kSessions = Scaled(1000, 150);
  ServeWith({"--detach-ttl=3s"});
  const auto observer = Open();
  observer->Run("p", StartParams("p", {"/bin/true"}));
  // At first the server asks tmux for its version, too.
  ASSERT_TRUE(Eventually([&] { return server().Children().empty(); }));
  const std::size_t descriptors = server().OpenDescriptors();
  const std::size_t memory = server().ResidentBytes();
  std::vector<std::string> sessions;
  for (int i = 0; i < kSessions; ++i) {
    const auto client = Open();
    sessions.push_back(client->session());
    if (i % 50 == 0) {
      EXPECT_EQ(client->Run("p", StartParams("p", {HelperProgram(), "emit", "100000"})).exit_code,
                0);
    }
  }
  if (!kSanitized) {
    EXPECT_LT(server().ResidentBytes(), memory + 24 * kMiB);
  }
  EXPECT_TRUE(Eventually([&] { return server().OpenDescriptors() <= descriptors; }))
      << server().OpenDescriptors() << " were " << descriptors;
  // The one that left last has a process, whose end tells that the time of all is over.
  auto last = Open();
  const pid_t clock = StartSleeper(last.get(), "p");
  last.reset();
  ASSERT_TRUE(Eventually([&] { return !IsAlive(clock); }));
  for (const std::string& session : sessions) {
    ASSERT_EQ(observer->Call("environment/status").code(), 0);
    ASSERT_EQ(Connect()->Initialize("x", session).message(), "unknown session id " + session);
  }
  if (!kSanitized) {
    EXPECT_TRUE(Eventually([&] { return server().ResidentBytes() < memory + 6 * kMiB; }))
        << server().ResidentBytes() << " was " << memory;
  }
}

TEST_F(Sessions, IdleConnectionsAreCheap) {
  const auto observer = Open();
  const std::size_t memory = server().ResidentBytes();
  std::vector<std::unique_ptr<RpcClient>> idle;
  const std::size_t kConnections = Scaled<std::size_t>(500, 100);
  for (std::size_t i = 0; i < kConnections; ++i) idle.push_back(Open());
  if (!kSanitized) {
    EXPECT_LT(server().ResidentBytes() - memory, kConnections * 40'000);
  }
  for (const auto& client : idle) EXPECT_TRUE(client->Call("environment/status").ok());
}

}  // namespace
}  // namespace paned::testing
