// Starting, ending and naming processes.
#include <csignal>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Processes : public E2e {};

TEST_F(Processes, ExitCodes) {
  const auto client = Open();
  for (const int code : {0, 1, 2, 126, 127, 128, 200, 255}) {
    const std::string id = "exit-" + std::to_string(code);
    const Story story = client->Run(id, StartParams(id, Sh("exit " + std::to_string(code))));
    EXPECT_EQ(story.exit_code, code);
    EXPECT_TRUE(story.in_order);
    const ReadStory read = client->ReadToClose(id, 0, 0);
    EXPECT_EQ(read.exit_code, code);
  }
}

TEST_F(Processes, DeathBySignalIs128PlusN) {
  const auto client = Open();
  for (const int number :
       {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGUSR1, SIGSEGV, SIGPIPE, SIGTERM}) {
    const std::string id = "signal-" + std::to_string(number);
    const Story story =
        client->Run(id, StartParams(id, Sh("kill -" + std::to_string(number) + " $$; sleep 100")));
    EXPECT_EQ(story.exit_code, 128 + number);
  }
}

// The child of every signal disposition and mask is its own master.
TEST_F(Processes, ChildrenStartWithAClearState) {
  const auto client = Open();
  const Story story = client->Run("s", StartParams("s", {HelperProgram(), "state"}));
  EXPECT_EQ(story.out, "leader=1 group=1 masked=0 ignored=0");
}

TEST_F(Processes, StandardStreamsAreApart) {
  const auto client = Open();
  const Story story = client->Run(
      "p", StartParams("p", Sh("printf out; printf err >&2; readlink /proc/self/fd/0")));
  EXPECT_EQ(story.out, "out/dev/null\n");
  EXPECT_EQ(story.err, "err");
  EXPECT_EQ(story.exit_code, 0);
  EXPECT_TRUE(story.in_order);
}

TEST_F(Processes, OutputMayFollowTheExitAndCloseIsLast) {
  const TempDir dir;
  const auto client = Open();
  const std::string script = "(while [ ! -e " + (dir / "go") +
                             " ]; do sleep 0.01; done; printf late; " +
                             "printf err >&2) & printf early";
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh(script))).ok());
  Story& story = client->story("p");
  ASSERT_TRUE(client->Until([&] { return story.exit_code.has_value(); }));
  EXPECT_EQ(story.out, "early");
  EXPECT_FALSE(story.closed);
  Answer read = client->Call("process/read", ReadParams("p", story.exited_seq, 0));
  EXPECT_TRUE(read.result()["exited"].GetBool());
  EXPECT_FALSE(read.result()["closed"].GetBool());
  const std::int64_t waiting =
      client->Send("process/read", ReadParams("p", story.exited_seq, 600'000));
  WriteWholeFile(dir / "go", "");
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(story.out, "earlylate");
  EXPECT_EQ(story.err, "err");
  EXPECT_TRUE(story.in_order);
  EXPECT_GT(story.last_seq, story.exited_seq + 1);
  EXPECT_TRUE(client->Await(waiting).ok());
}

TEST_F(Processes, ABackgroundChildHoldsCloseButNotExit) {
  for (const char* name : {kCodex, kGoBridge, "generic"}) {
    const auto client = Open(name);
    ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh("sleep 1000 & echo $!"))).ok());
    std::uint64_t after = 0;
    std::string out;
    bool exited = false;
    while (!exited) {
      const Answer read = client->Call("process/read", ReadParams("p", after, 10'000));
      ASSERT_TRUE(read.ok()) << read.message();
      EXPECT_FALSE(read.result()["closed"].GetBool());
      for (const auto& chunk : read.result()["chunks"].GetArray()) {
        out += FromBase64(chunk["chunk"].GetString());
      }
      exited = read.result()["exited"].GetBool();
      after = read.result()["nextSeq"].GetUint64() - (name == kGoBridge ? 0 : 1);
    }
    const pid_t background = std::atoi(out.c_str());
    ASSERT_GT(background, 1);
    EXPECT_TRUE(IsAlive(background));
    EXPECT_FALSE(client->story("p").closed);
    // The leader is gone: terminate has nothing to end.
    EXPECT_FALSE(client->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
    EXPECT_TRUE(IsAlive(background));
    ::kill(background, SIGKILL);
    EXPECT_TRUE(client->UntilClosed("p")) << name;
  }
}

TEST_F(Processes, EarlyClosedStreamsDoNotMeanTheEnd) {
  const auto client = Open();
  ASSERT_TRUE(client
                  ->Call("process/start", StartParams("p", Sh("exec >&- 2>&-; read line; exit 5"),
                                                      "\"pipeStdin\":true"))
                  .ok());
  const Answer read = client->Call("process/read", ReadParams("p", 0, 50));
  EXPECT_FALSE(read.result()["exited"].GetBool());
  ASSERT_TRUE(client->Call("process/write", WriteParams("p", "\n")).ok());
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").exit_code, 5);
  EXPECT_EQ(client->story("p").last_seq, 2u);
}

TEST_F(Processes, AnIdIsTakenWhileItCanBeRead) {
  const auto client = Open();
  for (const char* script : {"exec sleep 1000", "exit 0"}) {
    const std::string id = std::string("id of ") + script;
    ASSERT_TRUE(client->Call("process/start", StartParams(id, Sh(script))).ok());
    if (std::string(script) == "exit 0") {
      ASSERT_TRUE(client->UntilClosed(id));
    }
    const Answer again = client->Call("process/start", StartParams(id, Sh("exit 0")));
    EXPECT_EQ(again.code(), -32600);
    EXPECT_EQ(again.message(), "process " + id + " already exists");
  }
}

TEST_F(Processes, OddIdsAreFine) {
  const auto client = Open();
  for (const std::string& id :
       {std::string(), std::string(300, 'x'), std::string("\xC3\xA9 \"\\\n\x01/..")}) {
    EXPECT_EQ(client->Run(id, StartParams(id, Sh("printf ok"))).out, "ok");
  }
}

TEST_F(Processes, InterruptReachesTheGroup) {
  const auto client = Open();
  ASSERT_TRUE(
      client
          ->Call("process/start", StartParams("p", Sh("trap 'echo caught; exit 7' INT; echo ready; "
                                                      "while :; do sleep 0.05; done")))
          .ok());
  Story& story = client->story("p");
  ASSERT_TRUE(client->Until([&] { return story.out == "ready\n"; }));
  const std::string params = R"({"processId":"p","signal":"interrupt"})";
  EXPECT_TRUE(client->Call("process/signal", params).ok());
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(story.out, "ready\ncaught\n");
  EXPECT_EQ(story.exit_code, 7);
  EXPECT_TRUE(client->Call("process/signal", params).ok()) << "an exited process is fine";
  EXPECT_TRUE(client->Call("process/signal", R"({"processId":"?","signal":"interrupt"})").ok());
}

TEST_F(Processes, Arg0IsWhatTheChildSees) {
  const auto client = Open();
  const Story story =
      client->Run("p", StartParams("p", {"/bin/sh", "-c", "tr '\\0' ' ' </proc/$$/cmdline"},
                                   R"("arg0":"other name")"));
  EXPECT_EQ(story.out.rfind("other name -c ", 0), 0u) << story.out;
}

TEST_F(Processes, FirstChunkIgnoresMaxBytesAndCursorsWork) {
  const auto client = Open();
  const Story story =
      client->Run("p", StartParams("p", Sh("printf a; sleep 0.1; printf bc; sleep 0.1; printf d")));
  ASSERT_EQ(story.last_seq, 5u) << story.out;
  Answer read = client->Call("process/read", ReadParams("p", 0, 0, "\"maxBytes\":0"));
  EXPECT_EQ(read.result()["chunks"].Size(), 1u);
  EXPECT_EQ(read.result()["nextSeq"].GetInt(), 2);
  read = client->Call("process/read", ReadParams("p", 0, 0, "\"maxBytes\":3"));
  EXPECT_EQ(read.result()["chunks"].Size(), 2u);
  read = client->Call("process/read", ReadParams("p", 0, 0));
  EXPECT_EQ(read.result()["chunks"].Size(), 3u);
  EXPECT_EQ(read.result()["nextSeq"].GetInt(), 6);
  EXPECT_TRUE(read.result()["closed"].GetBool());
  EXPECT_TRUE(read.result()["failure"].IsNull());
  EXPECT_FALSE(read.result().HasMember("lostBytes"));
  read = client->Call("process/read", ReadParams("unknown", 0, 0));
  EXPECT_EQ(read.code(), -32600);
  EXPECT_EQ(read.message(), "unknown process id unknown");
}

}  // namespace
}  // namespace paned::testing
