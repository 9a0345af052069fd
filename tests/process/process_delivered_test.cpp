// Process: what a backend that outlives the server hears of its output's way to the client. Too
// little costs memory; too much costs output that nobody has any more.
#include <gtest/gtest.h>

#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Bytes = std::vector<std::uint64_t>;

class ProcessDeliveredTest : public ProcessTest {
 protected:
  // Nothing counts as taken until Take().
  void StartTty(const char* profile) {
    observer_.takes_at_once = false;
    ProcessTest::StartTty(profile);
  }
  void Take() {
    for (const SentOutput& sent : std::exchange(observer_.sent_output, {})) process_->OnTaken(sent);
  }
  void Close() {
    child().EndOutput();
    child().Exit(0);
  }
};

TEST_F(ProcessDeliveredTest, APushCountsWhenItWasTaken) {
  StartTty("codex");
  child().Print("abc");
  child().Print("de");
  EXPECT_EQ(child().delivered(), Bytes{});
  Take();
  EXPECT_EQ(child().delivered(), (Bytes{3, 5}));
  Take();
  EXPECT_EQ(child().delivered(), (Bytes{3, 5}));  // only what is new is said
}

TEST_F(ProcessDeliveredTest, ABatchOfPushesIsOneStep) {
  StartTty("codex");
  for (int n = 0; n < 5; ++n) child().Print("ab");
  process_->OnTaken({SentOutput::By::kPush, 4, 8});
  EXPECT_EQ(child().delivered(), Bytes{8});
}

TEST_F(ProcessDeliveredTest, AReadsCursorCountsAtOnceAndItsReplyWhenTaken) {
  StartTty("go");
  child().Print("abc");
  child().Print("de");
  child().Print("f");
  Read(0, 0, 3);
  EXPECT_EQ(child().delivered(), Bytes{});
  Read(1, 0, 2);
  EXPECT_EQ(child().delivered(), Bytes{3});
  process_->OnTaken(observer_.sent_output.back());
  EXPECT_EQ(child().delivered(), (Bytes{3, 5}));
  Read(500);  // a cursor beyond the end is one at the end
  EXPECT_EQ(child().delivered(), (Bytes{3, 5, 6}));
}

TEST_F(ProcessDeliveredTest, APolledProcessCountsReadsAlone) {
  StartTty("codex");
  Read(0);
  child().Print("abc");
  Take();
  EXPECT_EQ(child().delivered(), Bytes{});
  Read(1);
  EXPECT_EQ(child().delivered(), Bytes{3});
}

TEST_F(ProcessDeliveredTest, TheExitInBetweenIsNoOutput) {
  StartTty("codex");
  child().Print("abc");
  Take();
  process_->DetachClient();
  child().Exit(0);  // seq 2, told to nobody
  Resume("codex");
  Read(1);
  child().Print("late");  // seq 3
  Take();
  EXPECT_EQ(child().delivered(), (Bytes{3, 7}));
}

TEST_F(ProcessDeliveredTest, AGapHoldsTheFigureBack) {
  StartTty("codex");
  child().Print("abc");
  Take();
  process_->DetachClient();
  child().Print("gap");
  Resume("codex");
  clock_.Advance(seconds(1));  // no recovery read comes
  child().Print("new");
  Take();
  EXPECT_EQ(child().delivered(), Bytes{3});
  Read(1);
  Take();
  EXPECT_EQ(child().delivered(), (Bytes{3, 9}));
}

TEST_F(ProcessDeliveredTest, ADetachTakesNothingBackAndCountsNothing) {
  StartTty("codex");
  child().Print("abc");
  Take();
  child().Print("de");
  process_->DetachClient();
  child().Print("f");
  Resume("codex");
  EXPECT_EQ(child().delivered(), Bytes{3});
  Read(0);  // the client asks for what it had: the figure stays
  EXPECT_EQ(child().delivered(), Bytes{3});
  Take();
  EXPECT_EQ(child().delivered(), (Bytes{3, 6}));
}

TEST_F(ProcessDeliveredTest, WhatAnAbandonedProcessLosesIsGivenUp) {
  StartTty("go");
  FillUntilHeld();
  EXPECT_EQ(child().delivered(), Bytes{});
  clock_.Advance(seconds(60));
  child().Turn();
  EXPECT_EQ(child().delivered(), Bytes{kChunk});
}

TEST_F(ProcessDeliveredTest, WhatIsEvictedWithoutAClientIsGivenUp) {
  limits_.when_full = WhenFull::kEvict;
  StartTty(nullptr);
  PrintChunks(kLog / kChunk + 2);
  EXPECT_EQ(child().delivered(), (Bytes{kChunk, 2 * kChunk}));
}

TEST_F(ProcessDeliveredTest, BehindWhatWasGivenUpPushesCountAgain) {
  limits_.when_full = WhenFull::kEvict;
  StartTty(nullptr);
  PrintChunks(2);
  Resume("codex");
  clock_.Advance(seconds(1));  // no recovery read comes
  PrintChunks(kLog / kChunk - 2);
  Take();
  EXPECT_EQ(child().delivered(), Bytes{});
  PrintChunks(2);  // evicts what nobody has asked for
  Take();
  EXPECT_EQ(child().delivered().back(), kLog + 2 * kChunk);
}

TEST_F(ProcessDeliveredTest, AResumeThatHasMissedNothingGoesOn) {
  StartTty("codex");
  child().Print("abc");
  Take();
  process_->DetachClient();
  Resume("codex");
  clock_.Advance(seconds(1));
  child().Print("de");
  Take();
  EXPECT_EQ(child().delivered(), (Bytes{3, 5}));
}

TEST_F(ProcessDeliveredTest, EvictionOfDeliveredOutputIsNoNews) {
  StartTty("codex");
  for (int n = 0; n < 20; ++n) {
    PrintChunks(1);
    Take();
  }
  ASSERT_EQ(child().delivered().size(), 20U);
  EXPECT_EQ(child().delivered().back(), 20 * kChunk);
}

TEST_F(ProcessDeliveredTest, AProcessOnPipesIsNotBotheredWithIt) {
  observer_.takes_at_once = false;
  Start("codex");
  child().Print("abc");
  Read(1);
  Close();
  Read(1);
  ASSERT_EQ(observer_.sent_output.size(), 1U);  // the output alone: nobody waits for the end
  Read(0);
  EXPECT_FALSE(observer_.sent_output.front().end);
  EXPECT_FALSE(observer_.sent_output.back().end);
  Take();
  EXPECT_EQ(child().delivered(), Bytes{});
  EXPECT_EQ(child().ends_delivered(), 0);
}

// --- the end -------------------------------------------------------------------------------------

TEST_F(ProcessDeliveredTest, TheEndIsDeliveredWhenItsPushWasTaken) {
  StartTty("codex");
  child().Print("abc");
  Close();
  EXPECT_EQ(child().ends_delivered(), 0);
  ASSERT_TRUE(observer_.sent_output.back().end);
  process_->OnTaken(observer_.sent_output.front());
  EXPECT_EQ(child().ends_delivered(), 0);
  Take();
  EXPECT_EQ(child().ends_delivered(), 1);
  EXPECT_EQ(child().delivered(), Bytes{3});
  Read(0);
  Take();
  EXPECT_EQ(child().ends_delivered(), 1);
}

TEST_F(ProcessDeliveredTest, AProcessWithoutOutputEndsToo) {
  StartTty("codex");
  Close();
  Take();
  EXPECT_EQ(child().ends_delivered(), 1);
  EXPECT_EQ(child().delivered(), Bytes{});
}

TEST_F(ProcessDeliveredTest, TheExitAloneIsNotTheEnd) {
  StartTty("codex");
  child().Exit(0);
  Take();
  EXPECT_EQ(child().ends_delivered(), 0);
  child().EndOutput();
  Take();
  EXPECT_EQ(child().ends_delivered(), 1);
}

TEST_F(ProcessDeliveredTest, TheEndWaitsForOutputThatAPollingClientHasNotRead) {
  StartTty("codex");
  Read(0);
  child().Print("abc");
  Close();
  Take();
  EXPECT_EQ(child().ends_delivered(), 0);
  Read(0);
  Take();
  EXPECT_EQ(child().ends_delivered(), 1);
}

TEST_F(ProcessDeliveredTest, AnEndThatWasCutOffIsToldByTheRecoveryRead) {
  StartTty("codex");
  child().Print("abc");
  Close();
  observer_.sent_output.clear();
  process_->DetachClient();
  Resume("codex");
  EXPECT_EQ(child().ends_delivered(), 0);
  EXPECT_TRUE(Read(1)->result.closed);
  EXPECT_EQ(child().ends_delivered(), 0);
  Take();
  EXPECT_EQ(child().ends_delivered(), 1);
}

TEST_F(ProcessDeliveredTest, TheGoClientHearsOfTheEndByAReply) {
  StartTty("go");
  child().Print("abc");
  Close();
  EXPECT_TRUE(Read(0)->result.closed);
  // Its pushes it does not look at: they say nothing of its output.
  process_->OnTaken(observer_.sent_output.front());
  EXPECT_EQ(child().delivered(), Bytes{});
  EXPECT_EQ(child().ends_delivered(), 0);
  process_->OnTaken(observer_.sent_output.back());
  EXPECT_EQ(child().delivered(), Bytes{3});
  EXPECT_EQ(child().ends_delivered(), 1);
}

// The closed push alone, taken by a client that has not read anything.
TEST_F(ProcessDeliveredTest, AGoClientThatReadsNothingGetsNothing) {
  StartTty("go");
  child().Print("abc");
  Close();
  Take();
  EXPECT_EQ(child().delivered(), Bytes{});
  EXPECT_EQ(child().ends_delivered(), 0);
}

// It asks no more after `exited`.
TEST_F(ProcessDeliveredTest, ForTheGoClientTheExitWithAllOutputIsTheEnd) {
  StartTty("go");
  child().Print("abc");
  child().Exit(0);
  clock_.Advance(milliseconds(300));
  const auto last = Read(0);
  EXPECT_TRUE(last->result.exited);
  EXPECT_FALSE(last->result.closed);
  Take();
  EXPECT_EQ(child().ends_delivered(), 0);  // a background child may still print
  child().EndOutput();
  EXPECT_EQ(child().ends_delivered(), 1);
}

TEST_F(ProcessDeliveredTest, NotSoForOneThatGoesOnReading) {
  StartTty("codex");
  child().Exit(0);
  EXPECT_TRUE(Read(0)->result.exited);
  Take();
  observer_.wants = false;
  child().EndOutput();
  EXPECT_EQ(child().ends_delivered(), 0);
}

TEST_F(ProcessDeliveredTest, EmptyRepliesThatTellTheEndAreConfirmedUntilOneWasTaken) {
  StartTty("go");
  Close();
  observer_.sent_output.clear();
  Read(0);
  Read(0);
  ASSERT_EQ(observer_.sent_output.size(), 2U);
  EXPECT_TRUE(observer_.sent_output.back().end);
  Take();
  EXPECT_EQ(child().ends_delivered(), 1);
  Read(0);
  EXPECT_TRUE(observer_.sent_output.empty());
}

}  // namespace
}  // namespace paned
