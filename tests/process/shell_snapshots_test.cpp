// A session's snapshots: taken once, shared, kept, given up. The shell is played by the test.
#include "server/process/shell_snapshots.h"

#include <gtest/gtest.h>

#include "server/process/shell_collector.h"
#include "tests/support/fake_backend.h"
#include "tests/support/manual_clock.h"

namespace paned {
namespace {

using std::chrono::milliseconds;

class ShellSnapshotsTest : public ::testing::Test {
 protected:
  static ShellSnapshotRequest Request(const std::string& key) {
    ShellSnapshotRequest request;
    request.path = "/bin/bash";
    request.cwd = "/cwd";
    request.env = {"A=1"};
    request.key = key;
    return request;
  }
  // What came of it: "" while it waits, "none", or the snapshot's script.
  std::shared_ptr<std::string> Get(const std::string& key) {
    auto outcome = std::make_shared<std::string>();
    snapshots_.Get(Request(key), &backend_,
                   [outcome](const std::shared_ptr<const ShellState>& state) {
                     EXPECT_EQ(*outcome, "") << "answered twice";
                     *outcome = state ? state->script : "none";
                   });
    return outcome;
  }
  // The mark the latest shell was given.
  std::string Mark() {
    const std::string& code = backend_.last().plan().argv.at(2);
    const std::size_t at = code.find("paned-");
    return code.substr(at, code.find('\\', at) - at);
  }
  void Print(const std::string& script) {
    const std::string line = MarkLine(Mark());
    backend_.last().Print("rc noise" + line + script + line + line);
  }
  void Settle() { clock_.Advance(milliseconds(0)); }
  void Finish(const std::string& script) {
    Print(script);
    backend_.last().Exit(0);
    Settle();
  }

  ManualClock clock_;
  FakeBackend backend_;
  ShellSnapshots snapshots_{&clock_};
};

TEST_F(ShellSnapshotsTest, ALoginShellRunsTheCollector) {
  Get("k");
  const LaunchPlan& plan = backend_.last().plan();
  EXPECT_EQ(plan.argv[0], "/bin/bash");
  EXPECT_EQ(plan.argv[1], "-lc");
  EXPECT_EQ(plan.argv[2], CollectorCode(SnapshotShell::kBash, Mark()));
  EXPECT_EQ(plan.cwd, "/cwd");
  EXPECT_EQ(plan.env, std::vector<std::string>{"A=1"});
  EXPECT_FALSE(plan.pipe_stdin || plan.tty);
}

TEST_F(ShellSnapshotsTest, OneIsTakenForAllThatAsk) {
  std::vector<std::shared_ptr<std::string>> outcomes;
  for (int n = 0; n < 20; ++n) outcomes.push_back(Get("k"));
  EXPECT_EQ(backend_.started(), 1U);
  Finish("script");
  for (const auto& outcome : outcomes) EXPECT_EQ(*outcome, "script");
  EXPECT_TRUE(backend_.last().destroyed());
  EXPECT_EQ(*Get("k"), "script");
  EXPECT_EQ(backend_.started(), 1U);
  EXPECT_EQ(clock_.pending(), 0U);
}

TEST_F(ShellSnapshotsTest, AnotherKeyIsAnotherSnapshot) {
  Get("k");
  Finish("one");
  const auto other = Get("l");
  Finish("two");
  EXPECT_EQ(*other, "two");
  EXPECT_EQ(*Get("k"), "one");
}

TEST_F(ShellSnapshotsTest, WhatHoldsThePipesIsNotWaitedFor) {
  const auto outcome = Get("k");
  Print("script");
  EXPECT_EQ(*outcome, "");
  backend_.last().Exit(0);  // its output has not ended
  Settle();
  EXPECT_EQ(*outcome, "script");
}

TEST_F(ShellSnapshotsTest, OutputMayComeBehindTheEnd) {
  const auto outcome = Get("k");
  backend_.last().Exit(0);
  Settle();
  EXPECT_EQ(*outcome, "");
  Print("script");
  Settle();
  EXPECT_EQ(*outcome, "script");
}

TEST_F(ShellSnapshotsTest, AFailureIsRememberedToo) {
  const auto outcome = Get("k");
  Print("script");
  backend_.last().Exit(3);
  Settle();
  EXPECT_EQ(*outcome, "none");
  EXPECT_EQ(*Get("k"), "none");
  EXPECT_EQ(backend_.started(), 1U);
}

TEST_F(ShellSnapshotsTest, HalfAnOutputIsAFailure) {
  const auto outcome = Get("k");
  backend_.last().Print("rc noise" + MarkLine(Mark()) + "script");
  backend_.last().Exit(0);
  backend_.last().EndOutput();
  Settle();
  EXPECT_EQ(*outcome, "none");
}

TEST_F(ShellSnapshotsTest, AShellThatDoesNotStartIsAFailure) {
  backend_.FailNext({ErrorKind::kInternal, "no such program"});
  const auto outcome = Get("k");
  Settle();
  EXPECT_EQ(*outcome, "none");
}

TEST_F(ShellSnapshotsTest, AShellThatHangsIsKilledInTime) {
  const auto outcome = Get("k");
  clock_.Advance(ShellCapture::kPatience - milliseconds(1));
  EXPECT_EQ(*outcome, "");
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(*outcome, "none");
  EXPECT_TRUE(backend_.last().destroyed());
}

TEST_F(ShellSnapshotsTest, AFloodIsCutOff) {
  const auto outcome = Get("k");
  for (std::size_t sent = 0; sent <= ShellCapture::kMaxOutput; sent += 65536) {
    backend_.last().Print(std::string(65536, 'x'));
  }
  Settle();
  EXPECT_EQ(*outcome, "none");
}

TEST_F(ShellSnapshotsTest, ErrorOutputIsNoOutput) {
  const auto outcome = Get("k");
  backend_.last().Print(std::string(65536, 'e'), OutputStream::kStderr);
  Finish("script");
  EXPECT_EQ(*outcome, "script");
}

TEST_F(ShellSnapshotsTest, TheOnesUsedLastAreKept) {
  for (std::size_t n = 0; n < ShellSnapshots::kKept; ++n) {
    Get("k" + std::to_string(n));
    Finish("s");
  }
  EXPECT_EQ(*Get("k0"), "s");
  Get("new");
  EXPECT_EQ(snapshots_.size(), ShellSnapshots::kKept);
  Finish("s");
  EXPECT_EQ(*Get("k0"), "s");
  EXPECT_EQ(*Get("k1"), "");
}

TEST_F(ShellSnapshotsTest, WhatIsBeingTakenIsNotForgotten) {
  std::vector<std::shared_ptr<std::string>> outcomes;
  for (std::size_t n = 0; n < 2 * ShellSnapshots::kKept; ++n) {
    outcomes.push_back(Get("k" + std::to_string(n)));
  }
  clock_.Advance(ShellCapture::kPatience);
  for (const auto& outcome : outcomes) EXPECT_EQ(*outcome, "none");
  EXPECT_EQ(snapshots_.size(), ShellSnapshots::kKept);
}

TEST(SnapshotKeyTest, HoldsWhatASnapshotDependsOn) {
  const protocol::ShellSnapshotParams params = {"scope", {"bash", "/bin/bash"}};
  const std::string key = SnapshotKey(params, "/", {});
  EXPECT_EQ(SnapshotKey(params, "/", {}), key);
  EXPECT_NE(SnapshotKey({"other", params.shell}, "/", {}), key);
  EXPECT_NE(SnapshotKey({"scope", {"sh", "/bin/bash"}}, "/", {}), key);
  EXPECT_NE(SnapshotKey({"scope", {"bash", "/usr/bin/bash"}}, "/", {}), key);
  EXPECT_NE(SnapshotKey(params, "/tmp", {}), key);
  protocol::EnvPolicy policy;
  const std::string with_policy = SnapshotKey(params, "/", policy);
  EXPECT_NE(with_policy, key);
  policy.exclude = {"a"};
  const std::string excluding = SnapshotKey(params, "/", policy);
  EXPECT_NE(excluding, with_policy);
  policy.exclude.swap(policy.include_only);
  EXPECT_NE(SnapshotKey(params, "/", policy), excluding);
  EXPECT_NE(SnapshotKey({"scope4:bash", {"", "/bin/bash"}}, "/", {}), key);
}

}  // namespace
}  // namespace paned
