// A process on a terminal as a client sees it: what comes in which order, and how it is ended.
#include <sys/stat.h>

#include <csignal>

#include "tests/e2e/tty_fixture.h"

namespace paned::testing {
namespace {

class TtyWire : public TtyBoth {
 protected:
  void SetUp() override {
    TtyBoth::SetUp();
    if (!IsSkipped()) ServeTty();
  }
  static bool Terminate(RpcClient* client, const std::string& id) {
    const Answer answer = client->Call("process/terminate", IdParams(id));
    return answer.result()["running"].GetBool();
  }
};
ON_BOTH_BACKENDS(TtyWire);

TEST_P(TtyWire, TheReplyThenOutputThenExitThenClose) {
  const auto client = Open();
  for (int run = 0; run < 20; ++run) {
    const std::string id = "p" + std::to_string(run);
    const std::int64_t start =
        client->Send("process/start", StartParams(id, {"/bin/echo", "hello"}, "\"tty\":true"));
    bool too_early = false;
    std::string out;
    client->on_output = [&](const Note& note) {
      too_early = too_early || !client->HasAnswer(start);
      EXPECT_EQ(note.stream, "pty");
      out += note.bytes;
    };
    ASSERT_TRUE(client->UntilClosed(id));
    const Story& story = client->story(id);
    EXPECT_TRUE(client->Await(start).ok());
    EXPECT_FALSE(too_early);
    EXPECT_EQ(out, "hello\r\n");
    EXPECT_TRUE(story.in_order);
    EXPECT_EQ(story.exit_code, 0);
    EXPECT_EQ(story.exited_seq + 1, story.last_seq);
  }
}

TEST_P(TtyWire, ExitCodesAndDeathsBySignal) {
  const auto client = Open();
  for (const int code : {0, 1, 127, 255}) {
    const std::string id = "exit-" + std::to_string(code);
    EXPECT_EQ(Run(client.get(), id, Sh("exit " + std::to_string(code))).exit_code, code);
  }
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM}) {
    const std::string id = "signal-" + std::to_string(number);
    const Story story =
        Run(client.get(), id, Sh("kill -" + std::to_string(number) + " $$; sleep 100"));
    EXPECT_EQ(story.exit_code, 128 + number);
  }
}

TEST_P(TtyWire, TerminateKillsAtOnce) {
  const auto client = Open(kCodex);
  Start(client.get(), "p", Sh("trap 'echo trapped' TERM INT HUP; sleep 1000 & echo pid $!; wait"));
  ASSERT_TRUE(AwaitText(client.get(), "p", "\n"));
  const Story& story = client->story("p");
  const pid_t inner = std::atoi(story.out.c_str() + 4);
  EXPECT_TRUE(IsAlive(inner));
  EXPECT_TRUE(Terminate(client.get(), "p"));
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(story.exit_code, 137);
  EXPECT_EQ(story.out.find("trapped"), std::string::npos);
  EXPECT_TRUE(Eventually([&] { return !IsAlive(inner); }));
  EXPECT_FALSE(Terminate(client.get(), "p"));
}

// To the Go bridge's client it is a hang-up, then TERM, and KILL in the end.
TEST_P(TtyWire, TheGoBridgesTerminateIsGentle) {
  const auto client = Open(kGoBridge);
  const std::string idle = "; echo ready; while :; do sleep 0.05; done";
  Start(client.get(), "plain", Sh("echo ready; exec sleep 1000"));
  Start(client.get(), "on-term", Sh("trap '' HUP; trap 'exit 3' TERM" + idle));
  Start(client.get(), "stubborn", Sh("trap '' HUP TERM" + idle));
  for (const char* id : {"plain", "on-term", "stubborn"}) {
    std::string out;
    while (out.find("ready") == std::string::npos) {
      const Answer read = client->Call("process/read", ReadParams(id, 0, 10'000));
      ASSERT_TRUE(read.ok());
      for (const auto& chunk : read.result()["chunks"].GetArray()) {
        out += FromBase64(chunk["chunk"].GetString());
      }
    }
    EXPECT_TRUE(Terminate(client.get(), id));
  }
  for (const char* id : {"plain", "on-term", "stubborn"}) {
    EXPECT_TRUE(client->UntilClosed(id)) << id;
  }
  EXPECT_EQ(client->story("plain").exit_code, 129);
  EXPECT_EQ(client->story("on-term").exit_code, 3);
  EXPECT_EQ(client->story("stubborn").exit_code, 137);
}

TEST_P(TtyWire, InterruptReachesTheForeground) {
  const auto client = Open();
  const std::string interrupt = R"(,"signal":"interrupt"})";
  Start(client.get(), "plain", Sh("echo ready; exec sleep 1000"));
  Start(client.get(), "trap", Sh("trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done"));
  for (const char* id : {"plain", "trap"}) {
    ASSERT_TRUE(AwaitText(client.get(), id, "ready"));
    EXPECT_TRUE(client->Call("process/signal", "{\"processId\":" + Quote(id) + interrupt).ok());
    ASSERT_TRUE(client->UntilClosed(id));
  }
  EXPECT_EQ(client->story("plain").exit_code, 130);
  EXPECT_EQ(client->story("trap").exit_code, 9);
  // As does a ^C that is written.
  Start(client.get(), "typed", Sh("echo ready; exec sleep 1000"));
  ASSERT_TRUE(AwaitText(client.get(), "typed", "ready"));
  EXPECT_TRUE(Write(client.get(), "typed", "\x03"));
  ASSERT_TRUE(client->UntilClosed("typed"));
  EXPECT_EQ(client->story("typed").exit_code, 130);
}

TEST_P(TtyWire, WhatComesWhileItStartsIsNotLost) {
  const auto client = Open();
  for (int run = 0; run < 10; ++run) {
    const std::string id = "p" + std::to_string(run);
    const std::int64_t start = client->Send(
        "process/start",
        StartParams(id, Sh("read a; stty size; read b; echo \"<$a-$b>\""), "\"tty\":true"));
    const std::int64_t first = client->Send("process/write", WriteParams(id, "one\n"));
    const std::int64_t size =
        client->Send("paned/resize", "{\"processId\":" + Quote(id) + ",\"rows\":50,\"cols\":132}");
    const std::int64_t second = client->Send("process/write", WriteParams(id, "two\n"));
    const std::int64_t read = client->Send("process/read", ReadParams(id, 0, 10'000));
    EXPECT_TRUE(client->Await(start).ok());
    EXPECT_STREQ(client->Await(first).result()["status"].GetString(), "accepted");
    EXPECT_STREQ(client->Await(second).result()["status"].GetString(), "accepted");
    EXPECT_TRUE(client->Await(size).ok());
    EXPECT_GT(client->Await(read).result()["chunks"].Size(), 0u);
    ASSERT_TRUE(client->UntilClosed(id));
    EXPECT_NE(client->story(id).out.find("<one-two>"), std::string::npos) << client->story(id).out;
  }
}

TEST_P(TtyWire, ReadsWaitForATerminalToo) {
  const auto client = Open();
  const TempDir dir;
  Start(client.get(), "p", Sh("stty -echo; echo first; read x; echo \"second $x\"; exit 6"));
  ASSERT_TRUE(AwaitText(client.get(), "p", "first\r\n"));
  const std::uint64_t after = client->story("p").last_seq;
  const std::int64_t waiting = client->Send("process/read", ReadParams("p", after, 600'000));
  EXPECT_TRUE(client->Call("environment/status").ok());
  EXPECT_FALSE(client->HasAnswer(waiting));
  EXPECT_TRUE(Write(client.get(), "p", "x\n"));
  const Answer read = client->Await(waiting);
  ASSERT_TRUE(read.ok());
  ASSERT_GE(read.result()["chunks"].Size(), 1u);
  EXPECT_STREQ(read.result()["chunks"][0]["stream"].GetString(), "pty");
  const ReadStory story = client->ReadToClose("p", 0, 1000);
  EXPECT_EQ(story.out, "first\r\nsecond x\r\n");
  EXPECT_EQ(story.exit_code, 6);
}

TEST_P(TtyWire, StartErrorsAreThoseOfPipes) {
  const TempDir dir;
  WriteWholeFile(dir / "text", "no program\n");
  ::chmod((dir / "text").c_str(), 0755);
  WriteWholeFile(dir / "plain", "#!/bin/sh\n");
  const auto client = Open();
  const std::vector<std::string> starts = {
      R"("argv":[])",
      R"("argv":[""])",
      R"("argv":["/nonexistent/program"])",
      R"("argv":["no-such-program-anywhere"])",
      R"("argv":["/bin/true"],"cwd":"/nonexistent")",
      R"("argv":["true"],"env":{"PATH":"/nonexistent"})",
      R"("argv":[)" + Quote(dir.path()) + "]",
      R"("argv":[)" + Quote(dir / "plain") + "]",
      R"("argv":[)" + Quote(dir / "text") + "]",
      R"("argv":["/bin/true"],"cwd":)" + Quote(dir / "plain"),
      R"("argv":["/bin/echo","a\u0000b"])",
      R"("argv":["/bin/true"],"env":{"A":"b\u0000c"})",
      R"("argv":["/bin/true"],"cwd":"file:///C:/x")",
      R"("argv":["/bin/true"],"cwd":"not/absolute")",
      R"("argv":["/bin/echo",)" + Quote(std::string(1 << 18, 'x')) + "]",
  };
  for (const std::string& start : starts) {
    const std::string params = R"({"processId":"p",)" + start;
    const Answer pipes = client->Call("process/start", params + "}");
    const Answer tty = client->Call("process/start", params + ",\"tty\":true}");
    EXPECT_NE(tty.code(), 0) << start.substr(0, 80);
    EXPECT_EQ(tty.code(), pipes.code()) << start.substr(0, 80);
    EXPECT_EQ(tty.message(), pipes.message()) << start.substr(0, 80);
  }
  EXPECT_EQ(Run(client.get(), "p", {"/bin/true"}).exit_code, 0) << "the id is free";
  const Answer taken =
      client->Call("process/start", StartParams("p", {"/bin/true"}, "\"tty\":true"));
  EXPECT_EQ(taken.code(), -32600);
  EXPECT_EQ(taken.message(), "process p already exists");
}

TEST_P(TtyWire, SizesArriveAndBadOnesDoNot) {
  const auto client = Open();
  const auto resize = [&](const std::string& id, const std::string& rows, const std::string& cols) {
    return client->Call("paned/resize", "{\"processId\":" + Quote(id) + ",\"rows\":" + rows +
                                            ",\"cols\":" + cols + "}");
  };
  Start(client.get(), "p", Sh("trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done"));
  ASSERT_TRUE(AwaitText(client.get(), "p", "24 80\r\n"));
  EXPECT_TRUE(resize("p", "50", "132").ok());
  ASSERT_TRUE(AwaitText(client.get(), "p", "50 132\r\n"));
  for (const char* bad : {"0", "1001", "-1", "1.5", "\"24\"", "null"}) {
    EXPECT_EQ(resize("p", bad, "80").code(), -32602) << bad;
    EXPECT_EQ(resize("p", "24", bad).code(), -32602) << bad;
  }
  EXPECT_TRUE(resize("p", "1000", "1000").ok());
  ASSERT_TRUE(AwaitText(client.get(), "p", "1000 1000\r\n"));
  EXPECT_TRUE(resize("p", "1", "1").ok());
  ASSERT_TRUE(AwaitText(client.get(), "p", "\n1 1\r\n"));
  EXPECT_TRUE(Terminate(client.get(), "p"));
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(resize("p", "24", "80").code(), -32600);
}

TEST_P(TtyWire, WhatHasNoTerminalHasNoScreenAndNoSize) {
  const auto client = Open();
  const std::string size = ",\"rows\":24,\"cols\":80}";
  EXPECT_EQ(client->Call("paned/resize", "{\"processId\":\"nobody\"" + size).message(),
            "unknown process id nobody");
  EXPECT_EQ(client->Call("paned/screen", IdParams("nobody")).message(),
            "unknown process id nobody");
  ASSERT_TRUE(client->Call("process/start", StartParams("pipes", {"/bin/sleep", "1000"})).ok());
  const Answer resized = client->Call("paned/resize", "{\"processId\":\"pipes\"" + size);
  EXPECT_EQ(resized.code(), -32600);
  EXPECT_EQ(resized.message(), "process pipes has no terminal");
  EXPECT_EQ(Screen(client.get(), "pipes"), "error: process pipes has no terminal");
  Run(client.get(), "over", {"/bin/true"});
  EXPECT_EQ(Screen(client.get(), "over"), "error: process over has exited");
}

TEST_P(TtyWire, TheScreenIsWhatAPersonWouldSee) {
  const auto client = Open();
  Start(client.get(), "p",
        Sh("stty -echo; printf 'caf\\303\\251 \\033[31mred\\033[m\\n'; read x; "
           "printf '\\033[?1049h\\033[2J\\033[5;10Hfull'; read x"));
  ASSERT_TRUE(AwaitText(client.get(), "p", "red"));
  if (!on_tmux()) {
    EXPECT_EQ(Screen(client.get(), "p"),
              "error: the process runs without tmux: there is no screen to read");
    return;
  }
  ASSERT_TRUE(Eventually([&] {
    return Screen(client.get(), "p").rfind("caf\xC3\xA9 red\n\n", 0) == 0;
  })) << Screen(client.get(), "p");
  EXPECT_TRUE(client->Call("paned/resize", R"({"processId":"p","rows":30,"cols":100})").ok());
  EXPECT_TRUE(Write(client.get(), "p", "\n"));
  ASSERT_TRUE(AwaitText(client.get(), "p", "full"));
  Answer screen;
  ASSERT_TRUE(Eventually([&] {
    screen = client->Call("paned/screen", IdParams("p"));
    return screen.ok() && screen.result()["alternateScreen"].GetBool() &&
           screen.result()["lines"].Size() == 30 &&
           std::string(screen.result()["lines"][4].GetString()) == "         full";
  })) << Screen(client.get(), "p");
  EXPECT_EQ(screen.result()["rows"].GetInt(), 30);
  EXPECT_EQ(screen.result()["cols"].GetInt(), 100);
  EXPECT_EQ(screen.result()["cursor"]["row"].GetInt(), 4);
  EXPECT_EQ(screen.result()["cursor"]["col"].GetInt(), 13);
}

}  // namespace
}  // namespace paned::testing
