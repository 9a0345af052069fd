// Process: writing to it, and ending it.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kStdinFailed[] = "failed to write to process stdin";

using Signals = std::vector<int>;

class ProcessInputTest : public ProcessTest {
 protected:
  // One byte more than may be queued, in a first write that is accepted and one that waits.
  std::shared_ptr<std::string> ParkAWrite() {
    EXPECT_EQ(*Write(std::string(100, 'a')), "accepted");
    return Write("b");
  }
};

TEST_F(ProcessInputTest, KeepsTheOrder) {
  Start("codex", /*pipe_stdin=*/true);
  for (const char* text : {"one ", "two ", "three"}) EXPECT_EQ(*Write(text), "accepted");
  EXPECT_EQ(child().queued_input(), "one two three");
}

TEST_F(ProcessInputTest, WithoutAPipeThereIsNoStdin) {
  Start("codex", /*pipe_stdin=*/false);
  EXPECT_EQ(*Write("x"), "stdinClosed");
  EXPECT_EQ(*Write("x", "id"), "stdinClosed");
  EXPECT_EQ(child().queued_input(), "");
}

TEST_F(ProcessInputTest, WaitsAboveTheLimitUntilTheChildHasTaken) {
  Start("codex", /*pipe_stdin=*/true);
  EXPECT_EQ(*Write(std::string(99, 'a')), "accepted");
  const auto two = Write("bb");
  const auto three = Write("c");
  EXPECT_EQ(*two, "");
  EXPECT_EQ(*three, "");
  EXPECT_EQ(child().queued_input().size(), 102U);  // nothing is refused, only its answer waits
  EXPECT_EQ(child().TakeInput(1), "a");
  EXPECT_EQ(*two, "accepted");
  EXPECT_EQ(*three, "");
  child().TakeInput(1);
  EXPECT_EQ(*three, "accepted");
}

TEST_F(ProcessInputTest, TheLimitIsEightMebibytes) {
  EXPECT_EQ(ProcessLimits{}.max_queued_input, std::size_t{8} << 20);
  EXPECT_EQ(ProcessLimits{}.retain_bytes, std::size_t{8} << 20);
  EXPECT_EQ(ProcessLimits{}.remembered_write_ids, 4096U);
}

TEST_F(ProcessInputTest, AChildThatClosedItsStdinTakesEverythingNowhere) {
  Start("codex", /*pipe_stdin=*/true);
  const auto parked = ParkAWrite();
  child().CloseStdin();
  EXPECT_EQ(*parked, "accepted");
  EXPECT_EQ(*Write("more"), "accepted");
}

TEST_F(ProcessInputTest, TheExitSettlesWaitingWritesWithTheError) {
  Start("codex", /*pipe_stdin=*/true);
  const auto parked = ParkAWrite();
  child().Exit(0);
  EXPECT_EQ(*parked, kStdinFailed);
  EXPECT_EQ(*Write("x"), kStdinFailed);
}

TEST_F(ProcessInputTest, ARepeatedWriteIdIsAnsweredAndNotWritten) {
  Start("codex", /*pipe_stdin=*/true);
  EXPECT_EQ(*Write("a", "1"), "accepted");
  EXPECT_EQ(*Write("a", "1"), "accepted");
  EXPECT_EQ(*Write("b", "2"), "accepted");
  EXPECT_EQ(*Write("c"), "accepted");
  EXPECT_EQ(*Write("c"), "accepted");  // without an id every write is new
  EXPECT_EQ(child().queued_input(), "abcc");
  process_->DetachClient();
  Resume("codex");
  EXPECT_EQ(*Write("a", "1"), "accepted");
  child().Exit(0);
  EXPECT_EQ(*Write("a", "1"), "accepted");
  EXPECT_EQ(*Write("d", "4"), kStdinFailed);
}

TEST_F(ProcessInputTest, RemembersTheLastWriteIdsOnly) {
  limits_.remembered_write_ids = 4096;
  limits_.max_queued_input = 1 << 20;
  Start("codex", /*pipe_stdin=*/true);
  for (int n = 0; n < 4096; ++n) Write("x", std::to_string(n));
  Write("y", "0");  // remembered still
  EXPECT_EQ(child().queued_input().size(), 4096U);
  Write("z", "4096");
  Write("y", "1");  // the second oldest is still there
  EXPECT_EQ(child().queued_input().size(), 4097U);
  Write("y", "0");  // the oldest has been forgotten
  EXPECT_EQ(child().queued_input().size(), 4098U);
}

// --- ending --------------------------------------------------------------------------------------

class ProcessEndTest : public ProcessTest {};

TEST_F(ProcessEndTest, InterruptSignalsTheGroup) {
  Start("codex");
  process_->Interrupt();
  EXPECT_EQ(child().signals(), Signals{SIGINT});
  child().Exit(130);
  process_->Interrupt();
  EXPECT_EQ(child().signals(), Signals{SIGINT});
}

TEST_F(ProcessEndTest, TerminateKillsAtOnce) {
  for (const char* profile : {"codex", "generic"}) {
    Start(profile, /*pipe_stdin=*/true);
    EXPECT_TRUE(process_->Terminate());
    EXPECT_EQ(child().signals(), Signals{SIGKILL}) << profile;
    EXPECT_FALSE(child().close_requested());
    child().Exit(137);
    EXPECT_FALSE(process_->Terminate());
    EXPECT_EQ(child().signals(), Signals{SIGKILL});
  }
}

TEST_F(ProcessEndTest, GentleTerminateFlushesClosesTermsAndKills) {
  Start("go", /*pipe_stdin=*/true);
  Write("input");
  EXPECT_TRUE(process_->Terminate());
  EXPECT_TRUE(child().close_requested());
  EXPECT_TRUE(child().input_open());  // not before the queue is taken
  EXPECT_EQ(*Write("too late"), "stdinClosed");
  clock_.Advance(milliseconds(900));
  EXPECT_EQ(child().TakeInput(5), "input");
  EXPECT_FALSE(child().input_open());
  clock_.Advance(seconds(1) - milliseconds(1));
  EXPECT_EQ(child().signals(), Signals{});
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(child().signals(), Signals{SIGTERM});
  clock_.Advance(seconds(2) - milliseconds(1));
  EXPECT_EQ(child().signals(), Signals{SIGTERM});
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(child().signals(), (Signals{SIGTERM, SIGKILL}));
}

TEST_F(ProcessEndTest, ASlowConsumerHasTimeAsLongAsItTakes) {
  Start("go", /*pipe_stdin=*/true);
  Write(std::string(50, 'x'));
  process_->Terminate();
  for (int n = 0; n < 50; ++n) {
    clock_.Advance(milliseconds(900));
    child().TakeInput(1);
  }
  EXPECT_EQ(child().signals(), Signals{});
  EXPECT_FALSE(child().input_open());
  child().Exit(0);
  clock_.Advance(seconds(10));
  EXPECT_EQ(child().signals(), Signals{});
  EXPECT_EQ(clock_.pending(), 0U);
}

TEST_F(ProcessEndTest, AConsumerThatStopsTakingIsEnded) {
  Start("go", /*pipe_stdin=*/true);
  Write("stuck");
  process_->Terminate();
  clock_.Advance(seconds(1));
  EXPECT_EQ(child().signals(), Signals{SIGTERM});
}

TEST_F(ProcessEndTest, GentleWithoutStdinTermsAtOnce) {
  Start("go", /*pipe_stdin=*/false);
  EXPECT_TRUE(process_->Terminate());
  EXPECT_EQ(child().signals(), Signals{SIGTERM});
  EXPECT_TRUE(process_->Terminate());  // again: no second start of it
  EXPECT_EQ(child().signals(), Signals{SIGTERM});
  child().Exit(143);
  clock_.Advance(seconds(10));
  EXPECT_EQ(child().signals(), Signals{SIGTERM});
}

TEST_F(ProcessEndTest, EndTermsThenKills) {
  Start("codex");
  process_->End(milliseconds(500));
  EXPECT_EQ(child().signals(), Signals{SIGTERM});
  clock_.Advance(milliseconds(500));
  EXPECT_EQ(child().signals(), (Signals{SIGTERM, SIGKILL}));
}

}  // namespace
}  // namespace paned
