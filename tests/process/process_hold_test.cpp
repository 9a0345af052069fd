// Process: the output rule at work. When it is full the child is held back, never a byte is lost
// to a slow, stopped or briefly absent client; what is gone all the same is said.
#include <gtest/gtest.h>

#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ProcessHoldTest : public ProcessTest {};

TEST_F(ProcessHoldTest, PushedOutputFlowsForEverInBoundedMemory) {
  Start("codex");
  PrintChunks(100);
  EXPECT_FALSE(process_->held());
  EXPECT_LE(budget_.used(), kLog);
  EXPECT_EQ(observer_.pushed.size(), 100 * kChunk);
}

TEST_F(ProcessHoldTest, TheLastRetainBytesStayReadableThoughDelivered) {
  Start("codex");
  for (int n = 0; n < 50; ++n) {
    child().Print(std::string(kChunk - 96, static_cast<char>('a' + n % 26)));
    const auto answer = Read(0);
    if (n >= 2) {
      EXPECT_GE(answer->bytes.size(), kRetain);
    }
  }
}

TEST_F(ProcessHoldTest, ASlowClientHoldsTheChildAndLosesNothing) {
  Start("codex");
  observer_.wants = false;
  PrintChunks(10);
  EXPECT_TRUE(process_->held());
  EXPECT_TRUE(child().held());
  EXPECT_EQ(child().in_pipe(), 6 * kChunk);
  observer_.wants = true;
  process_->PumpEvents(100);
  EXPECT_FALSE(process_->held());
  EXPECT_EQ(child().in_pipe(), 6 * kChunk);  // it moves in the next turn, not from within the call
  child().Turn();
  EXPECT_EQ(child().in_pipe(), 0U);
  ASSERT_EQ(observer_.pushed.size(), 10 * kChunk);
  for (std::size_t n = 0; n < 10; ++n) {
    EXPECT_EQ(observer_.pushed[n * kChunk], static_cast<char>('a' + n));
  }
}

TEST_F(ProcessHoldTest, WhatIsSentAndNotTakenIsNotDelivered) {
  for (const char* profile : {"codex", "go"}) {
    observer_.takes_at_once = false;
    observer_.sent_output.clear();
    Start(profile);
    const int held_before = observer_.held;
    PrintChunks(6);
    Read(0);
    EXPECT_TRUE(process_->held()) << profile;
    EXPECT_EQ(observer_.held, held_before + 1);
    child().Turn();
    EXPECT_EQ(child().in_pipe(), 2 * kChunk) << profile;
    const std::vector<SentOutput> sent = std::exchange(observer_.sent_output, {});
    for (const SentOutput& output : sent) process_->OnTaken(output);
    child().Turn();
    EXPECT_EQ(child().in_pipe(), 0U) << profile;
  }
}

TEST_F(ProcessHoldTest, WhatACutConnectionHadNotTakenIsThereForTheResume) {
  observer_.takes_at_once = false;
  Start("codex");
  PrintChunks(4);
  process_->OnTaken({SentOutput::By::kPush, 2, 2 * kChunk});
  PrintChunks(2);  // chunks 1 and 2 may make room for it
  EXPECT_FALSE(process_->held());
  process_->DetachClient();
  Resume("codex");
  const auto recovery = Read(2);
  EXPECT_EQ(recovery->seqs, (std::vector<std::uint64_t>{3, 4, 5, 6}));
  EXPECT_FALSE(recovery->result.lost_bytes.has_value());
}

TEST_F(ProcessHoldTest, AReaderTakesAHeldChildOnWithoutLoss) {
  Start("go");
  PrintChunks(20);
  std::string all;
  std::uint64_t cursor = 0;
  for (int reads = 0; reads < 200 && all.size() < 20 * kChunk; ++reads) {
    const auto answer = Read(cursor, 0, 3 * kChunk);
    EXPECT_FALSE(answer->result.lost_bytes.has_value());
    all += answer->bytes;
    cursor = answer->result.next_seq;
    child().Turn();
  }
  ASSERT_EQ(all.size(), 20 * kChunk);
  for (std::size_t n = 0; n < 20; ++n) {
    EXPECT_EQ(all[n * kChunk], static_cast<char>('a' + n));
  }
}

TEST_F(ProcessHoldTest, AHeldLogAnswersACollectingReadAtOnce) {
  Start("go");
  PrintChunks(3);
  const auto answer = Read(0, 10'000);
  EXPECT_FALSE(answer->given);
  PrintChunks(2);
  ASSERT_TRUE(answer->given);
  EXPECT_EQ(answer->bytes.size(), kLog);
  child().Turn();
  EXPECT_EQ(child().in_pipe(), 0U);
}

TEST_F(ProcessHoldTest, ExitedIsNotSaidWhileOutputStandsBehindAHold) {
  Start("go");
  PrintChunks(6);
  child().EndOutput();
  child().Exit(0);
  clock_.Advance(seconds(5));
  const auto first = Read(0);
  EXPECT_EQ(first->bytes.size(), kLog);
  EXPECT_FALSE(first->result.exited);
  // Before the loop has come round to the pipe.
  const auto second = Read(first->result.next_seq);
  EXPECT_FALSE(second->result.exited);
  child().Turn();
  const auto third = Read(second->result.next_seq);
  EXPECT_EQ(third->bytes.size(), 2 * kChunk);
  EXPECT_TRUE(third->result.exited);
  EXPECT_TRUE(third->result.closed);
}

// --- abandonment ---------------------------------------------------------------------------------

TEST_F(ProcessHoldTest, AbandonedAfterSixtySecondsAndNotEarlier) {
  Start("go");
  FillUntilHeld();
  clock_.Advance(seconds(60) - milliseconds(1));
  child().Turn();
  EXPECT_EQ(child().in_pipe(), kChunk);
  clock_.Advance(milliseconds(1));
  child().Turn();
  EXPECT_EQ(child().in_pipe(), 0U);
  PrintChunks(10);  // and flows on, until the client gives a sign
  EXPECT_EQ(child().in_pipe(), 0U);
  const auto answer = Read(0);
  EXPECT_EQ(answer->result.lost_bytes, 11 * kChunk);
  EXPECT_EQ(answer->result.first_seq, 12U);
  EXPECT_EQ(answer->seqs.front(), 12U);
  EXPECT_EQ(answer->bytes.size(), kLog);
}

TEST_F(ProcessHoldTest, AReadWhileHeldStartsTheSixtySecondsAnew) {
  Start("go");
  FillUntilHeld();
  clock_.Advance(seconds(50));
  Read(0, 0, 1);  // one chunk: room for one more
  child().Turn();
  PrintChunks(1);
  ASSERT_TRUE(process_->held());
  clock_.Advance(seconds(60) - milliseconds(1));
  child().Turn();
  EXPECT_EQ(child().in_pipe(), kChunk);
  clock_.Advance(milliseconds(1));
  child().Turn();
  EXPECT_EQ(child().in_pipe(), 0U);
}

TEST_F(ProcessHoldTest, ADetachedSessionHolds) {
  Start("go");
  FillUntilHeld();
  clock_.Advance(seconds(59));
  process_->DetachClient();
  clock_.Advance(seconds(10'000));
  child().Turn();
  EXPECT_EQ(child().in_pipe(), kChunk);
}

TEST_F(ProcessHoldTest, AResumedClientHasItsSixtySecondsFromTheResume) {
  Start("codex");
  process_->DetachClient();
  FillUntilHeld();
  clock_.Advance(seconds(75));
  Resume("codex");
  clock_.Advance(seconds(60) - milliseconds(1));
  child().Turn();
  EXPECT_EQ(child().in_pipe(), kChunk);
  EXPECT_FALSE(Read(0)->result.lost_bytes.has_value());
}

TEST_F(ProcessHoldTest, WhenFullHoldNeverAbandons) {
  limits_.when_full = WhenFull::kHold;
  Start("go");
  FillUntilHeld();
  clock_.Advance(seconds(100'000));
  child().Turn();
  EXPECT_EQ(child().in_pipe(), kChunk);
}

TEST_F(ProcessHoldTest, WhenFullEvictNeverHolds) {
  limits_.when_full = WhenFull::kEvict;
  Start("go");
  PrintChunks(50);
  EXPECT_EQ(child().in_pipe(), 0U);
  process_->DetachClient();
  PrintChunks(50);
  EXPECT_EQ(child().in_pipe(), 0U);
  Resume("go");
  const auto answer = Read(0);
  EXPECT_GE(answer->bytes.size(), kRetain);
  EXPECT_EQ(*answer->result.lost_bytes + answer->bytes.size(), 100 * kChunk);
}

// --- all processes together ----------------------------------------------------------------------

class ProcessBudgetTest : public ProcessTest {
 protected:
  ~ProcessBudgetTest() override { process_.reset(); }

  // Room for one full log and one chunk.
  OutputBudget small_{kLog + kChunk};
  std::unique_ptr<Process> Make(const char* id, RecordingObserver* observer, const char* profile) {
    auto made = std::make_unique<Process>(id, &clock_, limits_, &small_, observer);
    observer->process = made.get();
    if (profile != nullptr) made->AttachClient(FindProfile(profile), /*resumed=*/false);
    LaunchPlan plan;
    plan.argv = {id};
    made->Start(&backend_, plan, [](const Status& started) { EXPECT_TRUE(started.ok()); });
    return made;
  }
};

TEST_F(ProcessBudgetTest, HoldsWhoFindsNoRoomAndWakesItWhenOutputIsDelivered) {
  RecordingObserver second_observer;
  process_ = Make("p", &observer_, "go");
  FakeChild& first = child();
  const auto second = Make("s", &second_observer, nullptr);
  FakeChild& late = child();
  first.Print(std::string(kLog, 'a'));
  late.Print(std::string(3 * kChunk, 'b'));
  EXPECT_TRUE(second->held());
  EXPECT_EQ(late.in_pipe(), 2 * kChunk);
  EXPECT_EQ(small_.used(), kLog + kChunk);
  // The first one's reader takes all: that output may go now, and the second must hear of it,
  // though nobody looks at it.
  EXPECT_EQ(Read(0)->bytes.size(), kLog);
  late.Turn();
  EXPECT_EQ(late.in_pipe(), 0U);
  EXPECT_LE(small_.used(), kLog + kChunk);
}

TEST_F(ProcessBudgetTest, APushMakesRoomForOthersToo) {
  RecordingObserver second_observer;
  process_ = Make("p", &observer_, "codex");
  FakeChild& first = child();
  const auto second = Make("s", &second_observer, nullptr);
  FakeChild& late = child();
  observer_.wants = false;
  first.Print(std::string(kLog, 'a'));
  late.Print(std::string(2 * kChunk, 'b'));
  ASSERT_EQ(late.in_pipe(), kChunk);
  observer_.wants = true;
  process_->PumpEvents(100);
  late.Turn();
  EXPECT_EQ(late.in_pipe(), 0U);
}

TEST_F(ProcessBudgetTest, AClosedProcessMakesRoomFirst) {
  RecordingObserver second_observer;
  process_ = Make("p", &observer_, "codex");
  child().Print(std::string(kLog, 'a'));
  child().EndOutput();
  child().Exit(0);
  const auto second = Make("s", &second_observer, "codex");
  child().Print(std::string(kLog, 'b'));
  EXPECT_EQ(child().in_pipe(), 0U);
  EXPECT_EQ(second_observer.pushed.size(), kLog);
  EXPECT_GT(Read(0)->result.lost_bytes.value_or(0), 0U);
}

TEST_F(ProcessBudgetTest, AnEndedSessionMakesRoom) {
  RecordingObserver second_observer;
  process_ = Make("p", &observer_, nullptr);
  child().Print(std::string(kLog, 'a'));
  const auto second = Make("s", &second_observer, nullptr);
  child().Print(std::string(2 * kChunk, 'b'));
  EXPECT_EQ(child().in_pipe(), kChunk);
  process_.reset();
  child().Turn();
  EXPECT_EQ(child().in_pipe(), 0U);
}

TEST_F(ProcessBudgetTest, WhenFullEvictGivesUpItsOwnOutput) {
  limits_.when_full = WhenFull::kEvict;
  RecordingObserver second_observer;
  process_ = Make("p", &observer_, nullptr);
  child().Print(std::string(kLog, 'a'));
  const auto second = Make("s", &second_observer, nullptr);
  child().Print(std::string(5 * kChunk, 'b'));
  EXPECT_EQ(child().in_pipe(), 0U);
  EXPECT_LE(small_.used(), kLog + kChunk);
}

}  // namespace
}  // namespace paned
