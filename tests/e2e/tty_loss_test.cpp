// tmux and holders that are killed, stopped and closed while processes run in them.
#include <sys/resource.h>

#include <csignal>

#include "tests/e2e/pattern.h"
#include "tests/e2e/tty_fixture.h"

namespace paned::testing {
namespace {

class TtyLoss : public Tty {
 protected:
  static constexpr char kEcho[] =
      "stty -echo; echo ready; while read x; do echo \"<$x>\"; "
      "[ \"$x\" = end ] && exit 7; done";

  // Whether the process with this id answers what is written to it.
  static bool Echoes(RpcClient* client, const std::string& id, const std::string& text) {
    return Write(client, id, text + "\n") && AwaitText(client, id, "<" + text + ">\r\n");
  }
};

TEST_F(TtyLoss, ProcessesSurviveTheDeathOfTmux) {
  constexpr int kFloods = 3;
  const std::uint64_t kSize = Scaled<std::uint64_t>(20'000'000, 4'000'000);
  const auto client = Open(kCodex);
  std::map<std::string, PatternChecker> floods;
  for (const char* id : {"one", "two"}) Start(client.get(), id, Sh(kEcho));
  for (const char* id : {"one", "two"}) ASSERT_TRUE(AwaitText(client.get(), id, "ready"));
  client->on_output = [&](const Note& note) {
    const auto flood = floods.find(note.process_id);
    if (flood != floods.end()) {
      flood->second.Feed(note.bytes);
    } else {
      client->story(note.process_id).out += note.bytes;
    }
  };
  for (int n = 0; n < kFloods; ++n) {
    const std::string id = "flood-" + std::to_string(n);
    floods[id];
    Start(client.get(), id, {HelperProgram(), "emit", std::to_string(kSize)});
  }
  ASSERT_TRUE(client->Until([&] { return floods["flood-0"].offset() > kSize / 10; }));
  const pid_t tmux = TmuxOf(server());
  ASSERT_GT(tmux, 0);
  ::kill(tmux, SIGKILL);
  EXPECT_TRUE(Echoes(client.get(), "one", "after"));
  for (auto& [id, checker] : floods) {
    EXPECT_TRUE(client->UntilClosed(id)) << id;
    EXPECT_EQ(client->story(id).exit_code, 0) << id;
    EXPECT_TRUE(client->story(id).in_order) << id;
    EXPECT_TRUE(checker.good()) << id;
    EXPECT_EQ(checker.offset(), kSize) << id;
  }
  ASSERT_TRUE(Eventually([&] {
    return Screen(client.get(), "one") ==
           "error: the process has lost its tmux pane: there is no screen to read";
  })) << Screen(client.get(), "one");
  EXPECT_EQ(Find("one").pane, "");
  EXPECT_TRUE(client->Call("paned/resize", R"({"processId":"one","rows":30,"cols":90})").ok());
  // New ones start, and people can see them again.
  int made = 0;
  EXPECT_TRUE(Eventually([&] {
    const std::string id = "new-" + std::to_string(made++);
    Start(client.get(), id, Sh(kEcho));
    EXPECT_TRUE(Echoes(client.get(), id, "new"));
    return Screen(client.get(), id).find("<new>") != std::string::npos;
  }));
  const pid_t another = TmuxOf(server());
  EXPECT_GT(another, 0);
  EXPECT_NE(another, tmux);
  EXPECT_TRUE(Echoes(client.get(), "two", "still"));
  EXPECT_TRUE(Echoes(client.get(), "two", "end"));
  ASSERT_TRUE(client->UntilClosed("two"));
  EXPECT_EQ(client->story("two").exit_code, 7);
}

// The moment after the death is the worst: what waited in tmux is lost, but not known to be.
TEST_F(TtyLoss, StartsGoWellWhileTmuxDies) {
  const auto client = Open();
  for (int round = 0; round < Scaled(20, 5); ++round) {
    const std::string id = "p" + std::to_string(round);
    Start(client.get(), id + "-first", {"/bin/true"});
    const pid_t tmux = TmuxOf(server());
    if (tmux > 0) ::kill(tmux, SIGKILL);
    for (int n = 0; n < 8; ++n) {
      const std::string next = id + "-" + std::to_string(n);
      client->Send("process/start", StartParams(next, Sh("echo out; exit 4"), "\"tty\":true"));
    }
    for (int n = 0; n < 8; ++n) {
      const std::string next = id + "-" + std::to_string(n);
      ASSERT_TRUE(client->UntilClosed(next, kLongPatience)) << next << "\n" << server().Log();
      EXPECT_EQ(client->story(next).out, "out\r\n");
      EXPECT_EQ(client->story(next).exit_code, 4);
    }
  }
}

class TtyStoppedTmux : public TtyLoss, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(With, TtyStoppedTmux, ::testing::Values("auto", "tmux"), NameOfBackend);

TEST_P(TtyStoppedTmux, HoldsUpNothingButItself) {
  ServeWith({std::string("--tty-backend=") + GetParam(), "--pane-pool=0"});
  const auto client = Open();
  Start(client.get(), "old", Sh(kEcho));
  ASSERT_TRUE(AwaitText(client.get(), "old", "ready"));
  const pid_t tmux = TmuxOf(server());
  ASSERT_GT(tmux, 0);
  ::kill(tmux, SIGSTOP);
  const std::int64_t start =
      client->Send("process/start", StartParams("new", Sh(kEcho), "\"tty\":true"));
  const std::int64_t screen = client->Send("paned/screen", IdParams("old"));
  EXPECT_TRUE(Echoes(client.get(), "old", "while it stands still"));
  EXPECT_TRUE(client->Call("environment/status").ok());
  EXPECT_TRUE(client->Run("pipes", StartParams("pipes", {"/bin/true"})).closed);
  EXPECT_FALSE(client->HasAnswer(start));
  EXPECT_FALSE(client->HasAnswer(screen));
  const Answer started = client->Await(start, kLongPatience);
  const Answer seen = client->Await(screen, kLongPatience);
  EXPECT_EQ(seen.code(), -32603);
  EXPECT_NE(seen.message().find("tmux"), std::string::npos) << seen.message();
  if (GetParam() == std::string("auto")) {
    EXPECT_TRUE(started.ok()) << started.message();
    EXPECT_TRUE(Echoes(client.get(), "new", "bare"));
  } else {
    EXPECT_EQ(started.code(), -32603);
    EXPECT_NE(started.message().find("tmux"), std::string::npos) << started.message();
  }
  EXPECT_TRUE(Echoes(client.get(), "old", "end"));
  EXPECT_TRUE(client->UntilClosed("old"));
  EXPECT_EQ(client->story("old").exit_code, 7);
  // A server that ends now ends the stopped tmux as well: see TearDown.
}

TEST_F(TtyLoss, ATmuxThatGoesOnIsUsedAgain) {
  ServeWith({"--pane-pool=0"});
  const auto client = Open();
  Start(client.get(), "old", Sh(kEcho));
  const pid_t tmux = TmuxOf(server());
  ASSERT_GT(tmux, 0);
  ::kill(tmux, SIGSTOP);
  Start(client.get(), "bare", Sh(kEcho));
  ::kill(tmux, SIGCONT);
  int made = 0;
  EXPECT_TRUE(Eventually(
      [&] {
        const std::string id = "new-" + std::to_string(made++);
        Start(client.get(), id, Sh(kEcho));
        EXPECT_TRUE(Echoes(client.get(), id, "new"));
        return Screen(client.get(), id).find("<new>") != std::string::npos;
      },
      kLongPatience));
  EXPECT_EQ(TmuxOf(server()), tmux);
  EXPECT_TRUE(Echoes(client.get(), "old", "there"));
  EXPECT_TRUE(
      Eventually([&] { return Screen(client.get(), "old").find("<there>") != std::string::npos; }));
}

class TtyHolderLoss : public TtyBoth {};
ON_BOTH_BACKENDS(TtyHolderLoss);

TEST_P(TtyHolderLoss, IsAFailureAndNeverAnExitCode) {
  ServeTty();
  const auto client = Open();
  Start(client.get(), "plain", Sh("echo ready; exec sleep 1000"));
  Start(client.get(), "stubborn", Sh("trap '' HUP TERM INT; echo ready; sleep 1001; sleep 1002"));
  Start(client.get(), "bystander", Sh("echo ready; read x; exit 6"));
  for (const char* id : {"plain", "stubborn", "bystander"}) {
    ASSERT_TRUE(AwaitText(client.get(), id, "ready"));
  }
  for (const char* id : {"plain", "stubborn"}) {
    const pid_t child = Find(id).pid;
    const pid_t holder = ParentOf(child);
    ASSERT_GT(holder, 1);
    const std::int64_t waiting =
        client->Send("process/read", ReadParams(id, client->story(id).last_seq, 600'000));
    EXPECT_TRUE(client->Call("environment/status").ok());
    ::kill(holder, SIGKILL);
    ASSERT_TRUE(client->UntilClosed(id));
    const Story& story = client->story(id);
    EXPECT_EQ(story.exit_code, -1);
    EXPECT_TRUE(story.in_order);
    EXPECT_LT(story.exited_seq, story.last_seq);
    EXPECT_TRUE(client->Await(waiting).ok());
    const Answer read = client->Call("process/read", ReadParams(id, 0, 0));
    EXPECT_EQ(read.result()["exitCode"].GetInt(), -1);
    EXPECT_TRUE(read.result()["closed"].GetBool());
    ASSERT_TRUE(read.result()["failure"].IsString());
    EXPECT_NE(std::string(read.result()["failure"].GetString()).find("holder"), std::string::npos);
    EXPECT_TRUE(Eventually([&] { return !IsAlive(child); })) << id;
  }
  EXPECT_TRUE(Write(client.get(), "bystander", "\n"));
  ASSERT_TRUE(client->UntilClosed("bystander"));
  EXPECT_EQ(client->story("bystander").exit_code, 6);
  EXPECT_EQ(Run(client.get(), "new", Sh("exit 8")).exit_code, 8);
}

// All that was written before arrives; the pool's own waiting holders are missed by nobody.
// The start comes before the server can have seen it.
TEST_P(TtyHolderLoss, OfAllThatWaitAtOnceFailsNoStart) {
  ServeTty();
  const auto client = Open();
  Run(client.get(), "first", {"/bin/true"});
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(Eventually([&] { return HoldersOf(server()).size() >= 4; }));
    server().Signal(SIGSTOP);
    const std::vector<pid_t> holders = HoldersOf(server());
    for (const pid_t holder : holders) ::kill(holder, SIGKILL);
    for (const pid_t holder : holders) ASSERT_TRUE(Eventually([&] { return !IsAlive(holder); }));
    const std::string id = "p" + std::to_string(round);
    const std::int64_t start =
        client->Send("process/start", StartParams(id, Sh("exit 3"), "\"tty\":true"));
    server().Signal(SIGCONT);
    const Answer started = client->Await(start);
    ASSERT_TRUE(started.ok()) << started.message();
    ASSERT_TRUE(client->UntilClosed(id));
    EXPECT_EQ(client->story(id).exit_code, 3);
  }
}

TEST_P(TtyHolderLoss, OfThoseThatWaitIsNotNoticed) {
  ServeTty();
  const auto client = Open();
  Run(client.get(), "first", {"/bin/true"});
  for (int round = 0; round < 5; ++round) {
    std::vector<pid_t> killed;
    ASSERT_TRUE(Eventually([&] {  // some may be on their way
      const std::vector<pid_t> holders = HoldersOf(server());
      for (const pid_t holder : holders) ::kill(holder, SIGKILL);
      killed.insert(killed.end(), holders.begin(), holders.end());
      return holders.empty();
    }));
    // One that is dying has no name any more, but its sockets still.
    for (const pid_t holder : killed) ASSERT_TRUE(Eventually([&] { return !IsAlive(holder); }));
    EXPECT_TRUE(client->Call("environment/status").ok());
    const std::string id = "p" + std::to_string(round);
    const Answer started =
        client->Call("process/start", StartParams(id, Sh("exit 3"), "\"tty\":true"));
    ASSERT_TRUE(started.ok()) << started.message();
    ASSERT_TRUE(client->UntilClosed(id));
    EXPECT_EQ(client->story(id).exit_code, 3);
  }
}

// tmux has no more of them than the server.
TEST_P(TtyHolderLoss, TooFewDescriptorsAreAnErrorOfStartsAlone) {
  if (kSanitized) GTEST_SKIP() << "UBSan looks at memory by way of descriptors of its own";
  rlimit few = {};
  few.rlim_cur = few.rlim_max = 64;
  ServeTty();
  ASSERT_EQ(::prlimit(server().pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  const auto client = Open();
  constexpr int kCount = 100;
  std::vector<std::int64_t> starts;
  const auto name = [](int n) { return "p" + std::to_string(n); };
  for (int n = 0; n < kCount; ++n) {
    starts.push_back(
        client->Send("process/start", StartParams(name(n), {"/bin/cat"}, "\"tty\":true")));
  }
  std::vector<std::string> running;
  for (int n = 0; n < kCount; ++n) {
    const Answer answer = client->Await(starts[static_cast<std::size_t>(n)], kLongPatience);
    ASSERT_TRUE(answer) << n;
    if (answer.ok()) {
      running.push_back(name(n));
    } else {
      EXPECT_EQ(answer.code(), -32603);
      EXPECT_NE(answer.message(), "");
    }
  }
  EXPECT_GT(running.size(), 10u);
  EXPECT_LT(running.size(), std::size_t{kCount});
  for (const std::string& id : running) {
    EXPECT_TRUE(Write(client.get(), id, "x\n"));
    EXPECT_TRUE(AwaitText(client.get(), id, "x\r\nx\r\n")) << id;
    EXPECT_TRUE(Write(client.get(), id, "\x04"));
    EXPECT_TRUE(client->UntilClosed(id)) << id;
    EXPECT_EQ(client->story(id).exit_code, 0);
  }
  EXPECT_TRUE(Eventually(
      [&] {
        const Answer answer = client->Call(
            "process/start", StartParams("again", {"/bin/true"}, "\"tty\":true"), kLongPatience);
        return answer.ok();
      },
      kLongPatience));
  EXPECT_TRUE(client->UntilClosed("again"));
}

}  // namespace
}  // namespace paned::testing
