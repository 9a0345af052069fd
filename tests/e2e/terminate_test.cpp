// process/terminate: at once for most, gentle for the Go bridge.
#include <unistd.h>

#include <csignal>

#include "tests/e2e/fixture.h"
#include "tests/e2e/pattern.h"

namespace paned::testing {
namespace {

class Terminate : public E2e {
 protected:
  static bool Running(RpcClient* client, const std::string& id) {
    const Answer answer = client->Call("process/terminate", IdParams(id));
    EXPECT_TRUE(answer.ok()) << answer.message();
    return answer.ok() && answer.result()["running"].GetBool();
  }
};

TEST_F(Terminate, KillsTheWholeGroupAtOnce) {
  for (const char* name : {kCodex, "generic"}) {
    const auto client = Open(name);
    ASSERT_TRUE(client
                    ->Call("process/start",
                           StartParams("p", Sh("trap 'echo trapped' TERM INT HUP; sleep 1000 & "
                                               "sleep 1001 & echo $!; wait; wait")))
                    .ok());
    Story& story = client->story("p");
    ASSERT_TRUE(client->Until([&] { return !story.out.empty() && story.out.back() == '\n'; }));
    const pid_t inner = std::atoi(story.out.c_str());
    EXPECT_TRUE(IsAlive(inner));
    const std::string before = story.out;
    EXPECT_TRUE(Running(client.get(), "p"));
    ASSERT_TRUE(client->UntilClosed("p"));
    EXPECT_EQ(story.exit_code, 137);
    EXPECT_EQ(story.out, before) << "traps do not run";
    EXPECT_TRUE(Eventually([&] { return !IsAlive(inner); }));
    EXPECT_FALSE(Running(client.get(), "p"));
  }
  EXPECT_FALSE(Running(Open().get(), "never there"));
}

TEST_F(Terminate, OutputBeforeItIsDelivered) {
  const auto client = Open();
  ASSERT_TRUE(client
                  ->Call("process/start",
                         StartParams("p", Sh(HelperProgram() + " emit 1000000; exec sleep 1000")))
                  .ok());
  PatternChecker checker;
  client->on_output = [&](const Note& note) { checker.Feed(note.bytes); };
  ASSERT_TRUE(client->Until([&] { return checker.offset() == 1'000'000; }));
  EXPECT_TRUE(Running(client.get(), "p"));
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_TRUE(checker.good());
  EXPECT_EQ(checker.offset(), 1'000'000u);
}

TEST_F(Terminate, TheGoBridgesIsAnEndOfInput) {
  const TempDir dir;
  const auto client = Open(kGoBridge);
  const std::string script = "cat >" + (dir / "copy") + "; echo done; exit 9";
  ASSERT_TRUE(
      client->Call("process/start", StartParams("p", Sh(script), "\"pipeStdin\":true")).ok());
  constexpr std::size_t kPiece = 262'144;
  for (std::size_t i = 0; i < 4; ++i) {
    client->Send("process/write", WriteParams("p", Pattern(i * kPiece, kPiece)));
  }
  EXPECT_TRUE(Running(client.get(), "p"));
  Running(client.get(), "p");  // a second one changes nothing
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").exit_code, 9);
  EXPECT_EQ(ReadWholeFile(dir / "copy"), Pattern(0, 4 * kPiece));
  EXPECT_FALSE(Running(client.get(), "p"));
}

TEST_F(Terminate, TheGoBridgesStubbornChildIsKilledInTheEnd) {
  const auto client = Open(kGoBridge);
  ASSERT_TRUE(client
                  ->Call("process/start",
                         StartParams("stubborn", Sh("trap '' TERM; while :; do sleep 0.1; done")))
                  .ok());
  ASSERT_TRUE(
      client
          ->Call("process/start", StartParams("polite", Sh("trap 'exit 3' TERM; echo ready; "
                                                           "while :; do sleep 0.05; done")))
          .ok());
  const Answer ready = client->Call("process/read", ReadParams("polite", 0, 10'000));
  ASSERT_TRUE(ready.ok());
  EXPECT_TRUE(Running(client.get(), "polite"));
  EXPECT_TRUE(Running(client.get(), "stubborn"));
  EXPECT_TRUE(client->UntilClosed("polite"));
  EXPECT_EQ(client->story("polite").exit_code, 3);
  EXPECT_TRUE(client->UntilClosed("stubborn"));
  EXPECT_EQ(client->story("stubborn").exit_code, 137);
}

// A group of which only a child that ignores everything is left.
TEST_F(Terminate, ChildrenThatLeftTheGroupSurvive) {
  const auto client = Open();
  ASSERT_TRUE(client
                  ->Call("process/start",
                         StartParams("p", Sh("setsid sleep 1000 >/dev/null 2>&1 </dev/null & "
                                             "echo $!; exec sleep 1001")))
                  .ok());
  Story& story = client->story("p");
  ASSERT_TRUE(client->Until([&] { return story.out.find('\n') != std::string::npos; }));
  const pid_t escaped = std::atoi(story.out.c_str());
  ASSERT_TRUE(Eventually([&] { return ::getpgid(escaped) == escaped; }));
  EXPECT_TRUE(Running(client.get(), "p"));
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_TRUE(IsAlive(escaped));
  ::kill(escaped, SIGKILL);
}

}  // namespace
}  // namespace paned::testing
