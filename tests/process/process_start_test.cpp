// Process: everything that may happen while it starts, cell by cell: the event on one side, the
// start that succeeds or fails on the other.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Signals = std::vector<int>;
using Sizes = std::vector<std::string>;

class ProcessStartTest : public ProcessTest {
 protected:
  void Fail() { child().FailStart({ErrorKind::kInternal, "no such program"}); }
};

TEST_F(ProcessStartTest, IsAnsweredOnceWhenTheBackendKnows) {
  StartTtyLater("codex");
  EXPECT_TRUE(process_->starting());
  EXPECT_FALSE(process_->exited());
  clock_.Advance(seconds(100));
  EXPECT_EQ(start_outcome_, "");
  child().Started();
  EXPECT_EQ(start_outcome_, "ok");
  EXPECT_FALSE(process_->starting());
  child().Print("a", OutputStream::kPty);
  child().EndOutput();
  child().Exit(0);
  EXPECT_EQ(observer_.lines, (Lines{"output p 1 pty", "exited p 2 0", "closed p 3"}));
}

TEST_F(ProcessStartTest, AFailureIsTheBackendsErrorAndMayDestroyTheProcess) {
  StartTtyLater("codex");
  Fail();
  EXPECT_EQ(start_outcome_, "no such program");
  EXPECT_EQ(process_, nullptr);
  EXPECT_TRUE(child().destroyed());
  EXPECT_EQ(observer_.lines, Lines{});
  EXPECT_EQ(budget_.used(), 0U);
  EXPECT_EQ(clock_.pending(), 0U);
}

TEST_F(ProcessStartTest, DestroyedMeanwhileItIsNeverAnswered) {
  StartTtyLater("codex");
  const auto write = Write("x");
  const auto read = Read(0, 1000);
  process_.reset();
  child().Started();
  EXPECT_EQ(start_outcome_, "");
  EXPECT_FALSE(read->given);
  EXPECT_EQ(clock_.pending(), 0U);
}

// --- reads ---------------------------------------------------------------------------------------

TEST_F(ProcessStartTest, AReadIsAnsweredAsForAQuietProcess) {
  for (const char* profile : {"codex", "go"}) {
    StartTtyLater(profile);
    const auto now = Read(0);
    ASSERT_TRUE(now->given) << profile;
    EXPECT_TRUE(now->seqs.empty());
    EXPECT_FALSE(now->result.exited);
    EXPECT_FALSE(now->result.closed);
    const auto later = Read(0, 500);
    clock_.Advance(milliseconds(499));
    EXPECT_FALSE(later->given);
    clock_.Advance(milliseconds(1));
    EXPECT_TRUE(later->given);
  }
}

TEST_F(ProcessStartTest, AReadThatWaitsGetsTheFirstOutput) {
  StartTtyLater("codex");
  const auto answer = Read(0, 60'000);
  child().Started();
  EXPECT_FALSE(answer->given);
  child().Print("hello");
  EXPECT_EQ(answer->bytes, "hello");
}

TEST_F(ProcessStartTest, AReadThatWaitsIsAnsweredWhenTheStartFails) {
  StartTtyLater("codex");
  const auto answer = Read(0, 60'000);
  Fail();
  ASSERT_TRUE(answer->given);
  EXPECT_TRUE(answer->seqs.empty());
  EXPECT_FALSE(answer->result.exited);
}

// --- writes --------------------------------------------------------------------------------------

TEST_F(ProcessStartTest, WritesAreQueuedInOrderAndAcceptedByTheOrdinaryRule) {
  StartTtyLater("codex");
  EXPECT_EQ(*Write("one ", "1"), "accepted");
  EXPECT_EQ(*Write("one ", "1"), "accepted");
  EXPECT_EQ(*Write("two"), "accepted");
  const auto parked = Write(std::string(100, 'x'));
  EXPECT_EQ(*parked, "");
  child().Started();
  EXPECT_EQ(*parked, "");
  EXPECT_EQ(child().TakeInput(7), "one two");
  EXPECT_EQ(*parked, "accepted");
}

TEST_F(ProcessStartTest, AWriteThatWaitsFailsWithTheStart) {
  StartTtyLater("codex");
  Write(std::string(100, 'x'));
  const auto parked = Write("y");
  Fail();
  EXPECT_EQ(*parked, "failed to write to process stdin");
}

// --- signals and ends ----------------------------------------------------------------------------

TEST_F(ProcessStartTest, AnInterruptWaitsForTheProcess) {
  StartTtyLater("codex");
  process_->Interrupt();
  EXPECT_EQ(child().signals(), Signals{});
  child().Started();
  EXPECT_EQ(child().signals(), Signals{SIGINT});
}

TEST_F(ProcessStartTest, TerminatedItIsKilledAsSoonAsItRuns) {
  for (const char* profile : {"codex", "go"}) {
    observer_.lines.clear();
    StartTtyLater(profile);
    EXPECT_TRUE(process_->Terminate());
    clock_.Advance(seconds(10));
    EXPECT_EQ(child().signals(), Signals{}) << profile;
    child().Started();
    EXPECT_EQ(start_outcome_, "ok") << profile;
    EXPECT_EQ(child().signals(), Signals{SIGKILL}) << profile;
    EXPECT_TRUE(process_->Terminate());  // not dead yet
    child().EndOutput();
    child().Exit(137);
    EXPECT_EQ(observer_.lines, (Lines{"exited p 1 137", "closed p 2"})) << profile;
    EXPECT_FALSE(process_->Terminate());
  }
}

TEST_F(ProcessStartTest, TerminatedItsFailedStartIsStillTheError) {
  StartTtyLater("go");
  EXPECT_TRUE(process_->Terminate());
  Fail();
  EXPECT_EQ(start_outcome_, "no such program");
  EXPECT_EQ(clock_.pending(), 0U);
}

TEST_F(ProcessStartTest, TheServersEndKillsItAsSoonAsItRuns) {
  StartTtyLater("codex");
  process_->End(milliseconds(500));
  EXPECT_EQ(clock_.pending(), 0U);
  child().Started();
  EXPECT_EQ(child().signals(), Signals{SIGKILL});
}

// --- clients -------------------------------------------------------------------------------------

TEST_F(ProcessStartTest, TheClientMayGoAndComeBackMeanwhile) {
  StartTtyLater("codex");
  const auto read = Read(0, 60'000);
  process_->DetachClient();
  child().Started();
  EXPECT_EQ(start_outcome_, "ok");
  EXPECT_FALSE(read->given);
  child().Print("a");
  Resume("codex");
  EXPECT_EQ(Read(0)->bytes, "a");
}

TEST_F(ProcessStartTest, AFailedStartWithoutAClientIsNoError) {
  StartTtyLater("codex");
  Write(std::string(101, 'x'));
  process_->DetachClient();
  Fail();
  EXPECT_EQ(process_, nullptr);
}

// --- the terminal --------------------------------------------------------------------------------

TEST_F(ProcessStartTest, TheLastSizeIsSetOnceItRuns) {
  StartTtyLater("codex");
  EXPECT_TRUE(process_->Resize({30, 90}).ok());
  EXPECT_TRUE(process_->Resize({40, 120}).ok());
  EXPECT_EQ(child().sizes(), Sizes{});
  child().Started();
  EXPECT_EQ(child().sizes(), Sizes{"40x120"});
}

TEST_F(ProcessStartTest, WithoutAWishTheSizeIsLeftAlone) {
  StartTtyLater("codex");
  child().Started();
  EXPECT_EQ(child().sizes(), Sizes{});
}

TEST_F(ProcessStartTest, ThereIsNoScreenYet) {
  StartTtyLater("codex");
  std::string outcome;
  process_->ReadScreen([&](const Result<protocol::ScreenResult>& screen) {
    outcome = screen.ok() ? "ok" : screen.error().message;
  });
  EXPECT_EQ(outcome, "process p is starting");
  EXPECT_EQ(child().screens_asked(), 0U);
}

}  // namespace
}  // namespace paned
