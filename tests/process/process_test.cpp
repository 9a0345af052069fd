// Process: its lifecycle, what is pushed and in which order, and clients that come and go.
#include <gtest/gtest.h>

#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ProcessLifeTest : public ProcessTest {};

TEST_F(ProcessLifeTest, PushesInSeqOrder) {
  Start("codex");
  child().Print("a");
  child().Print("b", OutputStream::kStderr);
  child().EndOutput();
  EXPECT_FALSE(process_->closed());
  child().Exit(3);
  EXPECT_EQ(observer_.lines,
            (Lines{"output p 1 stdout", "output p 2 stderr", "exited p 3 3", "closed p 4"}));
  EXPECT_TRUE(process_->exited());
  EXPECT_TRUE(process_->closed());
  EXPECT_EQ(observer_.closed, 1);
}

TEST_F(ProcessLifeTest, OutputMayFollowTheExitAndNothingTheClose) {
  Start("codex");
  child().Exit(0);
  EXPECT_FALSE(process_->closed());
  child().Print("late");
  child().EndOutput();
  EXPECT_EQ(observer_.lines, (Lines{"exited p 1 0", "output p 2 stdout", "closed p 3"}));
}

TEST_F(ProcessLifeTest, OutputThatEndsEarlyDoesNotClose) {
  Start("codex");
  child().EndOutput();
  EXPECT_EQ(observer_.lines, Lines{});
  EXPECT_EQ(observer_.closed, 0);
  child().Exit(137);
  EXPECT_EQ(observer_.lines, (Lines{"exited p 1 137", "closed p 2"}));
}

TEST_F(ProcessLifeTest, AFailedStartIsTheBackendsError) {
  backend_.FailNext({ErrorKind::kInternal, "No such file or directory (os error 2)"});
  LaunchPlan plan;
  plan.argv = {"x"};
  Launch("codex", plan);  // destroys the process from within
  EXPECT_EQ(start_outcome_, "No such file or directory (os error 2)");
  EXPECT_EQ(process_, nullptr);
}

TEST_F(ProcessLifeTest, FactsForPeople) {
  Start("codex");
  EXPECT_EQ(process_->program(), "program");
  EXPECT_EQ(process_->state(), "running");
  EXPECT_EQ(process_->backend_name(), "pipes");
  EXPECT_EQ(process_->pane(), "");
  EXPECT_FALSE(process_->tty());
  EXPECT_EQ(process_->started_at(), clock_.Now());
  clock_.Advance(seconds(1));
  EXPECT_EQ(process_->started_at(), clock_.Now() - seconds(1));
  child().Exit(0);
  EXPECT_EQ(process_->state(), "exited");
  child().EndOutput();
  EXPECT_EQ(process_->state(), "closed");
  LaunchPlan plan;
  plan.argv = {"program"};
  plan.arg0 = "-name";
  plan.tty = true;
  backend_.StartLater();
  Launch("codex", plan);
  EXPECT_EQ(process_->state(), "starting");
  EXPECT_EQ(process_->pid(), 0);
  child().Started();
  EXPECT_EQ(process_->program(), "-name");
  EXPECT_EQ(process_->state(), "running");
  EXPECT_EQ(process_->backend_name(), "tmux");
  EXPECT_EQ(process_->pane(), "%7");
  EXPECT_EQ(process_->pid(), 4711);
  EXPECT_TRUE(process_->tty());
  EXPECT_FALSE(child().left_running());
  process_->LeaveRunning();
  EXPECT_TRUE(child().left_running());
}

TEST_F(ProcessLifeTest, ALostStatusIsSaidAndNotMadeUp) {
  Start("codex");
  child().EndOutput();
  child().Exit(ExitStatus{-1, "the exit status was lost"});
  const auto answer = Read(0);
  EXPECT_EQ(answer->result.exit_code, -1);
  EXPECT_EQ(answer->result.failure, "the exit status was lost");
}

TEST_F(ProcessLifeTest, DestroyingItDestroysTheChildAndFreesTheBudget) {
  Start("codex");
  PrintChunks(2);
  EXPECT_EQ(budget_.used(), 2 * kChunk);
  process_.reset();
  EXPECT_TRUE(child().destroyed());
  EXPECT_EQ(budget_.used(), 0U);
  EXPECT_EQ(clock_.pending(), 0U);
}

// --- pushes that wait ----------------------------------------------------------------------------

TEST_F(ProcessLifeTest, BlockedPushesResumeInOrder) {
  Start("codex");
  observer_.wants = false;
  child().Print("a");
  child().Print("b");
  child().EndOutput();
  child().Exit(0);
  EXPECT_EQ(observer_.lines, Lines{});
  EXPECT_GT(observer_.blocked, 0);
  observer_.wants = true;
  process_->PumpEvents(100);
  EXPECT_EQ(observer_.lines,
            (Lines{"output p 1 stdout", "output p 2 stdout", "exited p 3 0", "closed p 4"}));
  EXPECT_EQ(observer_.pushed, "ab");
}

TEST_F(ProcessLifeTest, PumpStopsAfterItsTurnAndSaysThatThereIsMore) {
  Start("codex");
  observer_.wants = false;
  for (const char* text : {"a", "b", "c"}) child().Print(text);
  observer_.wants = true;
  observer_.blocked = 0;
  process_->PumpEvents(2);
  EXPECT_EQ(observer_.pushed, "ab");
  EXPECT_EQ(observer_.blocked, 1);
  process_->PumpEvents(2);
  EXPECT_EQ(observer_.pushed, "abc");
  EXPECT_EQ(observer_.blocked, 1);
}

TEST_F(ProcessLifeTest, TheGoClientGetsNoOutputPushedButTheEnd) {
  Start("go");
  child().Print("a");
  child().EndOutput();
  child().Exit(0);
  EXPECT_EQ(observer_.lines, (Lines{"exited p 2 0", "closed p 3"}));
}

// --- clients come and go -------------------------------------------------------------------------

TEST_F(ProcessLifeTest, WhatHappensWhileDetachedIsNotReplayed) {
  Start("codex");
  child().Print("a");
  process_->DetachClient();
  child().Print("b");
  child().Exit(0);
  Resume("codex");
  child().Print("c");
  child().EndOutput();
  clock_.Advance(seconds(1));  // no recovery read comes
  EXPECT_EQ(observer_.lines, (Lines{"output p 1 stdout", "output p 4 stdout", "closed p 5"}));
  const auto answer = Read(1);
  EXPECT_EQ(answer->bytes, "bc");
  EXPECT_EQ(answer->seqs, (std::vector<std::uint64_t>{2, 4}));
  EXPECT_EQ(answer->result.exit_code, 0);
}

TEST_F(ProcessLifeTest, DetachDropsWaitingReads) {
  Start("codex");
  const auto answer = Read(0, 60'000);
  process_->DetachClient();
  child().Print("a");
  clock_.Advance(seconds(120));
  EXPECT_FALSE(answer->given);
  EXPECT_EQ(clock_.pending(), 0U);
}

TEST_F(ProcessLifeTest, TheRecoveryReadDoesNotMakeAPushedProcessPolled) {
  Start("codex");
  process_->DetachClient();
  child().Print("gap");
  Resume("codex");
  EXPECT_EQ(Read(0)->bytes, "gap");
  // Pushes still deliver: far more than the log holds flows by.
  PrintChunks(40);
  EXPECT_FALSE(process_->held());
  EXPECT_EQ(observer_.pushed.size(), 40 * kChunk);
}

TEST_F(ProcessLifeTest, PushesWaitForTheRecoveryReadAndGoOnBehindIt) {
  Start("codex");
  child().Print("seen");
  process_->DetachClient();
  child().Print("gap");
  Resume("codex");
  child().Print("new");
  EXPECT_EQ(observer_.pushed, "seen");
  EXPECT_EQ(Read(1)->bytes, "gapnew");
  child().Print("next");
  EXPECT_EQ(observer_.pushed, "seennext");
}

TEST_F(ProcessLifeTest, PushesWaitForTheRecoveryReadOneSecond) {
  Start("codex");
  process_->DetachClient();
  child().Print("gap");
  Resume("codex");
  child().Print("new");
  clock_.Advance(seconds(1) - milliseconds(1));
  EXPECT_EQ(observer_.pushed, "");
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(observer_.pushed, "new");
}

TEST_F(ProcessLifeTest, ASecondReadAfterAResumeMakesItPolled) {
  Start("codex");
  process_->DetachClient();
  Resume("codex");
  Read(0);
  Read(0);
  PrintChunks(6);
  EXPECT_TRUE(process_->held());
  EXPECT_EQ(observer_.pushed.size(), kLog);  // still pushed: that is what wakes older clients
}

TEST_F(ProcessLifeTest, WhatACutConnectionSwallowedIsKept) {
  Start("codex");
  PrintChunks(3);  // pushed, perhaps never received
  process_->DetachClient();
  PrintChunks(3);
  EXPECT_TRUE(process_->held());
  EXPECT_EQ(child().in_pipe(), 2 * kChunk);
  Resume("codex");
  const auto recovery = Read(0);
  EXPECT_EQ(recovery->bytes.size(), kLog);
  EXPECT_FALSE(recovery->result.lost_bytes.has_value());
  child().Turn();
  EXPECT_EQ(child().in_pipe(), 0U);
}

// --- reads that wait -----------------------------------------------------------------------------

TEST_F(ProcessLifeTest, AWaitingReadIsWokenByOutputExitAndClose) {
  Start("codex");
  const auto output = Read(0, 60'000);
  EXPECT_FALSE(output->given);
  child().Print("a");
  EXPECT_EQ(output->bytes, "a");
  const auto exit = Read(1, 60'000);
  EXPECT_FALSE(exit->given);
  child().Exit(5);
  ASSERT_TRUE(exit->given);
  EXPECT_EQ(exit->result.exit_code, 5);
  EXPECT_FALSE(exit->result.closed);
  const auto close = Read(exit->result.next_seq - 1, 60'000);
  EXPECT_FALSE(close->given);
  child().EndOutput();
  ASSERT_TRUE(close->given);
  EXPECT_TRUE(close->result.closed);
}

TEST_F(ProcessLifeTest, AWaitingReadEndsAtItsDeadlineEmpty) {
  Start("codex");
  const auto answer = Read(0, 500);
  clock_.Advance(milliseconds(499));
  EXPECT_FALSE(answer->given);
  clock_.Advance(milliseconds(1));
  ASSERT_TRUE(answer->given);
  EXPECT_TRUE(answer->seqs.empty());
  EXPECT_EQ(answer->result.next_seq, 1U);
  EXPECT_EQ(clock_.pending(), 0U);
}

TEST_F(ProcessLifeTest, AnswerReadsNowAnswersAll) {
  for (const char* profile : {"codex", "go"}) {
    Start(profile);
    const auto first = Read(0, 60'000);
    const auto second = Read(7, 60'000);
    process_->AnswerReadsNow();
    EXPECT_TRUE(first->given && second->given) << profile;
    EXPECT_EQ(clock_.pending(), 0U);
  }
}

TEST_F(ProcessLifeTest, GoBatchesAndTheTimerRunsFromTheFirstByte) {
  Start("go");
  const auto answer = Read(0, 10'000);
  clock_.Advance(milliseconds(1000));
  child().Print("a");
  clock_.Advance(milliseconds(200));
  child().Print("b");
  clock_.Advance(milliseconds(49));
  EXPECT_FALSE(answer->given);
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(answer->bytes, "ab");
}

TEST_F(ProcessLifeTest, GoWaitsTheGraceForLateOutputAndNotForABackgroundChild) {
  Start("go");
  const auto answer = Read(0, 10'000);
  child().Exit(0);
  clock_.Advance(milliseconds(199));
  EXPECT_FALSE(answer->given);
  clock_.Advance(milliseconds(1));
  ASSERT_TRUE(answer->given);
  EXPECT_TRUE(answer->result.exited);
  EXPECT_FALSE(answer->result.closed);
}

}  // namespace
}  // namespace paned
