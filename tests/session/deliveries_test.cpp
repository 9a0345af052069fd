// Deliveries: when the transport is asked, and whose answers count.
#include "server/session/deliveries.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/manual_clock.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

class DeliveriesTest : public ::testing::Test {
 protected:
  void Open() {
    deliveries_.Open([this](std::function<void()> taken) { asked_.push_back(std::move(taken)); });
  }
  void Push(const std::string& id, std::uint64_t seq, std::size_t bytes = 1) {
    deliveries_.Note(id, {SentOutput::By::kPush, seq, bytes});
  }
  void AnswerAll() {
    for (const auto& taken : std::exchange(asked_, {})) taken();
  }

  ManualClock clock_;
  Lines taken_;
  std::vector<std::function<void()>> asked_;
  Deliveries deliveries_{
      &clock_, [this](const std::string& id, const SentOutput& sent) {
        taken_.push_back(id + (sent.by == SentOutput::By::kPush ? " push " : " reply ") +
                         std::to_string(sent.seq) + (sent.end ? " end" : ""));
      }};
};

TEST_F(DeliveriesTest, AsksAfterAWhileForAllAtOnce) {
  Open();
  Push("p", 1);
  Push("q", 7);
  Push("p", 2);
  deliveries_.Note("p", {SentOutput::By::kReply, 5, 1});
  clock_.Advance(milliseconds(499));
  EXPECT_TRUE(asked_.empty());
  clock_.Advance(milliseconds(1));
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_TRUE(taken_.empty());
  AnswerAll();
  EXPECT_EQ(taken_, (Lines{"p push 2", "p reply 5", "q push 7"}));
  EXPECT_EQ(clock_.pending(), 0U);
}

TEST_F(DeliveriesTest, AsksAtOnceAfterMuch) {
  Open();
  Push("p", 1, Deliveries::kAskAfterBytes - 1);
  EXPECT_TRUE(asked_.empty());
  Push("p", 2, 1);
  EXPECT_EQ(asked_.size(), 1U);
  Push("p", 3, 1);  // counted from the start again
  EXPECT_EQ(asked_.size(), 1U);
  AnswerAll();
  EXPECT_EQ(taken_, Lines{"p push 2"});
}

TEST_F(DeliveriesTest, TheEndStaysKnownThroughABatch) {
  Open();
  deliveries_.Note("p", {SentOutput::By::kReply, 2, 0, /*end=*/true});
  deliveries_.Note("p", {SentOutput::By::kReply, 1, 1});
  Push("p", 1);
  deliveries_.ConfirmNow();
  AnswerAll();
  EXPECT_EQ(taken_, (Lines{"p push 1", "p reply 2 end"}));
}

TEST_F(DeliveriesTest, AsksWhenSomebodyWaitsAndNotForNothing) {
  Open();
  deliveries_.ConfirmNow();
  EXPECT_TRUE(asked_.empty());
  Push("p", 1);
  deliveries_.ConfirmNow();
  EXPECT_EQ(asked_.size(), 1U);
  clock_.Advance(milliseconds(1000));
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(DeliveriesTest, AnswersOfAnEarlierClientDoNotCount) {
  Open();
  Push("p", 1);
  deliveries_.ConfirmNow();
  deliveries_.Close();
  AnswerAll();
  EXPECT_TRUE(taken_.empty());
  Open();
  Push("p", 2);
  deliveries_.ConfirmNow();
  deliveries_.Close();
  Open();
  AnswerAll();
  EXPECT_TRUE(taken_.empty());
}

TEST_F(DeliveriesTest, WhatWasNotAskedIsForgottenAtTheEnd) {
  Open();
  Push("p", 1);
  deliveries_.Close();
  clock_.Advance(milliseconds(1000));
  EXPECT_TRUE(asked_.empty());
  Open();
  deliveries_.ConfirmNow();
  EXPECT_TRUE(asked_.empty());
}

}  // namespace
}  // namespace paned
