// EvaluateRead: the reference's rows of section 7.5, and the Go rules R1 to R4.
#include "server/process/read_view.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Seqs = std::vector<std::uint64_t>;

class ReadViewTest : public ::testing::Test {
 protected:
  void Output(const std::string& bytes) {
    const OutputSpace space = log_.Room(bytes.size());
    ASSERT_EQ(space.size, bytes.size());
    std::memcpy(space.data, bytes.data(), bytes.size());
    log_.Commit(OutputStream::kStdout, bytes.size());
    facts_.last_output_at = now_;
  }
  void Exit(int code) {
    facts_.exit = ExitStatus{code, {}};
    facts_.exited_at = now_;
    log_.MarkExited();
  }
  void EndOutput() {
    facts_.output_ended = true;
    log_.MarkClosed();
  }

  // A read that arrives now.
  void Arrive(std::uint64_t after, std::uint64_t wait_ms = 0,
              std::optional<std::uint64_t> max_bytes = std::nullopt) {
    read_ = PendingRead{};
    read_.params.after_seq = after;
    read_.params.wait_ms = wait_ms;
    read_.params.max_bytes = max_bytes;
    read_.arrived = now_;
    Look();
  }
  void Look() { verdict_ = EvaluateRead(log_, facts_, profile_, now_, &read_); }

  bool answered() const { return verdict_.answer.has_value(); }
  const protocol::ReadResult& answer() const { return *verdict_.answer; }
  Seqs seqs() const {
    Seqs result;
    for (const auto& chunk : answer().chunks) result.push_back(chunk.seq);
    return result;
  }

  OutputLog log_{1 << 20};
  ProcessFacts facts_;
  ClientProfile profile_ = *FindProfile("codex");
  TimePoint now_{seconds(5000)};
  PendingRead read_;
  ReadVerdict verdict_;
};

// --- chunks, maxBytes, nextSeq -------------------------------------------------------------------

struct SizeRow {
  std::optional<std::uint64_t> max_bytes;
  std::uint64_t after;
  Seqs seqs;
  std::uint64_t next_seq;
};

class ReadViewSizes : public ReadViewTest, public ::testing::WithParamInterface<SizeRow> {};

// Chunks of 3, 4 and 5 bytes (1, 2, 3), exited 4, closed 5.
TEST_P(ReadViewSizes, AsTheReference) {
  Output("aaa");
  Output("bbbb");
  Output("ccccc");
  Exit(0);
  EndOutput();
  Arrive(GetParam().after, 0, GetParam().max_bytes);
  ASSERT_TRUE(answered());
  EXPECT_EQ(seqs(), GetParam().seqs);
  EXPECT_EQ(answer().next_seq, GetParam().next_seq);
  EXPECT_TRUE(answer().exited);  // codex says so even when there is more
  EXPECT_TRUE(answer().closed);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ReadViewSizes,
    ::testing::Values(SizeRow{std::nullopt, 0, {1, 2, 3}, 6}, SizeRow{std::nullopt, 2, {3}, 6},
                      SizeRow{std::nullopt, 3, {}, 6}, SizeRow{std::nullopt, 99, {}, 6},
                      SizeRow{0, 0, {1}, 2},         // the first chunk is always whole
                      SizeRow{2, 0, {1}, 2},         //
                      SizeRow{3, 0, {1}, 2},         // reached: no more
                      SizeRow{6, 0, {1}, 2},         // the next would pass it
                      SizeRow{7, 0, {1, 2}, 3},      //
                      SizeRow{11, 0, {1, 2}, 3},     //
                      SizeRow{12, 0, {1, 2, 3}, 4},  // last + 1, although nothing is left
                      SizeRow{1000, 0, {1, 2, 3}, 4}, SizeRow{1000, 3, {}, 6},
                      SizeRow{UINT64_MAX, 1, {2, 3}, 4}));

TEST_F(ReadViewTest, OfAProcessThatHasDoneNothing) {
  Arrive(0);
  ASSERT_TRUE(answered());
  EXPECT_EQ(answer().next_seq, 1U);
  EXPECT_FALSE(answer().exited || answer().closed || answer().exit_code || answer().failure ||
               answer().first_seq || answer().lost_bytes);
}

TEST_F(ReadViewTest, IsCappedByTheLargestReplyOfTheClient) {
  for (int n = 0; n < 10; ++n) Output(std::string(3000, 'x'));
  profile_.largest_reply = 1024 + 3 * (4000 + 64);
  Arrive(0);
  EXPECT_EQ(seqs(), (Seqs{1, 2, 3}));
  EXPECT_EQ(answer().next_seq, 4U);  // or the client would skip the rest
  profile_.largest_reply = 10;       // the first chunk goes all the same
  Arrive(3);
  EXPECT_EQ(seqs(), Seqs{4});
}

TEST_F(ReadViewTest, SaysWhatIsGone) {
  Output("aaa");
  Output("bb");
  Output("c");
  log_.EvictFront();
  log_.EvictFront();
  Arrive(0);
  EXPECT_EQ(answer().first_seq, 3U);
  EXPECT_EQ(answer().lost_bytes, 5U);
  Arrive(2);
  EXPECT_FALSE(answer().first_seq || answer().lost_bytes);
}

// --- when a waiting read is answered (codex) -----------------------------------------------------

TEST_F(ReadViewTest, WaitsForOutput) {
  Arrive(0, 700);
  ASSERT_FALSE(answered());
  EXPECT_EQ(verdict_.look_again, now_ + milliseconds(700));
  Output("a");
  Look();
  EXPECT_TRUE(answered());
}

TEST_F(ReadViewTest, AnswersAtOnceWhatIsThere) {
  Output("a");
  Arrive(0, 700);
  EXPECT_TRUE(answered());
  Arrive(1, 700);
  EXPECT_FALSE(answered());
}

TEST_F(ReadViewTest, AnExitNotYetSeenAnswersAndASeenOneDoesNot) {
  Output("a");
  Exit(0);
  Arrive(1, 700);
  ASSERT_TRUE(answered());
  EXPECT_TRUE(answer().exited);
  EXPECT_EQ(answer().next_seq, 3U);
  Arrive(2, 700);
  EXPECT_FALSE(answered());
  EndOutput();
  Look();
  EXPECT_TRUE(answered());
}

TEST_F(ReadViewTest, AClosedProcessAlwaysAnswers) {
  Exit(0);
  EndOutput();
  for (const std::uint64_t after : {0U, 1U, 2U, 100U}) {
    Arrive(after, 60'000);
    EXPECT_TRUE(answered()) << after;
  }
}

TEST_F(ReadViewTest, WaitsWithoutUpperBound) {
  Arrive(0, UINT64_MAX);
  EXPECT_FALSE(answered());
  EXPECT_GT(verdict_.look_again, now_ + std::chrono::hours(24 * 100));
}

// --- R1 to R4 ------------------------------------------------------------------------------------

class GoReadTest : public ReadViewTest {
 protected:
  GoReadTest() { profile_ = *FindProfile("go"); }
};

TEST_F(GoReadTest, R1TheCursorIsTheLastSeq) {
  Arrive(0);
  EXPECT_EQ(answer().next_seq, 0U);
  Output("aaa");
  Output("bbb");
  Arrive(0);
  EXPECT_EQ(answer().next_seq, 2U);
  Arrive(0, 0, 3);
  EXPECT_EQ(answer().next_seq, 1U);
  Exit(0);
  EndOutput();
  Arrive(2);
  EXPECT_EQ(answer().next_seq, 2U);  // exit and close do not move it
}

TEST_F(GoReadTest, R2AReplyCutByMaxBytesSaysFalse) {
  Output("aaa");
  Output("bbb");
  Exit(7);
  EndOutput();
  Arrive(0, 60'000, 3);
  ASSERT_TRUE(answered());
  EXPECT_FALSE(answer().exited || answer().closed || answer().exit_code);
  Arrive(1, 60'000, 3);
  ASSERT_TRUE(answered());
  EXPECT_EQ(seqs(), Seqs{2});
  EXPECT_TRUE(answer().exited && answer().closed);
  EXPECT_EQ(answer().exit_code, 7);
}

TEST_F(GoReadTest, R2AReplyCutByItsSizeSaysFalse) {
  Output(std::string(3000, 'x'));
  Output(std::string(3000, 'x'));
  Exit(0);
  EndOutput();
  profile_.largest_reply = 5000;
  Arrive(0);
  EXPECT_EQ(seqs(), Seqs{1});
  EXPECT_FALSE(answer().exited || answer().closed);
}

TEST_F(GoReadTest, R3TheExitWaitsForLateOutput) {
  Exit(0);
  Arrive(0, 10'000);
  ASSERT_FALSE(answered());
  EXPECT_EQ(verdict_.look_again, now_ + milliseconds(200));
  now_ += milliseconds(150);
  Output("late");
  Look();
  ASSERT_FALSE(answered());
  now_ += milliseconds(199);  // 200 ms of silence count from the last output
  Arrive(1, 10'000);
  EXPECT_FALSE(answered());
  now_ += milliseconds(1);
  Look();
  ASSERT_TRUE(answered());
  EXPECT_TRUE(answer().exited);
  EXPECT_FALSE(answer().closed);
}

TEST_F(GoReadTest, R3AReadThatDoesNotWaitSaysFalseInTheGrace) {
  Exit(0);
  Arrive(0, 0);
  ASSERT_TRUE(answered());
  EXPECT_FALSE(answer().exited || answer().exit_code);
}

TEST_F(GoReadTest, R3TheEndOfTheOutputSettlesItAtOnce) {
  Output("a");
  Exit(0);
  EndOutput();
  Arrive(0, 10'000);
  ASSERT_TRUE(answered());
  EXPECT_TRUE(answer().exited && answer().closed);
}

TEST_F(GoReadTest, R3AHoldKeepsTheExitBackAndTheGraceBeginsAfterIt) {
  Exit(0);
  facts_.held = true;
  now_ += seconds(60);
  Arrive(0);
  EXPECT_FALSE(answer().exited);
  facts_.held = false;
  facts_.resumed_at = now_;
  now_ += milliseconds(199);
  Arrive(0);
  EXPECT_FALSE(answer().exited);
  now_ += milliseconds(1);
  Arrive(0);
  EXPECT_TRUE(answer().exited);
}

TEST_F(GoReadTest, R4CollectsForTheWindow) {
  Arrive(0, 10'000);
  now_ += milliseconds(3000);
  Output("a");
  Look();
  ASSERT_FALSE(answered());
  EXPECT_EQ(verdict_.look_again, now_ + milliseconds(250));
  now_ += milliseconds(249);
  Output("b");
  Look();
  ASSERT_FALSE(answered());
  now_ += milliseconds(1);
  Look();
  EXPECT_EQ(seqs(), (Seqs{1, 2}));
}

TEST_F(GoReadTest, R4NotBeyondTheDeadline) {
  Arrive(0, 300);
  now_ += milliseconds(200);
  Output("a");
  Look();
  ASSERT_FALSE(answered());
  EXPECT_EQ(verdict_.look_again, now_ + milliseconds(100));
}

TEST_F(GoReadTest, R4EndsWhenMaxBytesAreThere) {
  Arrive(0, 10'000, 5);
  Output("aaaa");
  Look();
  ASSERT_FALSE(answered());
  Output("b");
  Look();
  EXPECT_EQ(seqs(), (Seqs{1, 2}));
}

TEST_F(GoReadTest, R4EndsWithTheExit) {
  Arrive(0, 10'000);
  Output("a");
  Exit(0);
  EndOutput();
  Look();
  EXPECT_TRUE(answered());
}

TEST_F(GoReadTest, AHeldLogAnswersAtOnce) {
  Output("a");
  Arrive(0, 10'000);
  ASSERT_FALSE(answered());
  facts_.held = true;
  Look();
  EXPECT_TRUE(answered());
}

}  // namespace
}  // namespace paned
