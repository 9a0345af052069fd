// The output rule, cell by cell: every row of the table in output_rule.h, for every way in which a
// chunk can have met a client.
#include "server/process/output_rule.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint At(int second) { return TimePoint(seconds(1000 + second)); }

// Something that happens to a process's output. Chunk 5 is the one that is asked about.
struct Event {
  enum Kind { kStart, kResume, kDetach, kPush, kRead } kind;
  std::uint64_t a = 0;  // kStart, kResume: next seq; kPush: seq; kRead: afterSeq
  std::uint64_t b = 0;  // kRead: last chunk returned
};

constexpr Event Start() { return {Event::kStart, 1}; }
constexpr Event Resume(std::uint64_t next_seq) { return {Event::kResume, next_seq}; }
constexpr Event Detach() { return {Event::kDetach}; }
constexpr Event Push(std::uint64_t seq) { return {Event::kPush, seq}; }
constexpr Event Read(std::uint64_t after, std::uint64_t last) {
  return {Event::kRead, after, last};
}

void Play(const std::vector<Event>& events, OutputRule* rule) {
  for (const Event& event : events) {
    switch (event.kind) {
      case Event::kStart:
      case Event::kResume:
        rule->OnAttach(event.a, event.kind == Event::kResume);
        break;
      case Event::kDetach:
        rule->OnDetach();
        break;
      case Event::kPush:
        rule->OnPushTaken(event.a, At(0));
        break;
      case Event::kRead:
        rule->OnRead(event.a, At(0));
        if (event.b > 0) rule->OnReplyTaken(event.b, At(0));
        break;
    }
  }
}

struct Cell {
  std::string name;
  std::vector<Event> events;
  bool polled;
  bool delivered;
};
std::ostream& operator<<(std::ostream& out, const Cell& cell) { return out << cell.name; }

std::string NameOfCell(const ::testing::TestParamInfo<Cell>& cell) { return cell.param.name; }

class RuleCell : public ::testing::TestWithParam<Cell> {};

TEST_P(RuleCell, SaysWhetherTheChunkIsDelivered) {
  for (const WhenFull when_full : {WhenFull::kTimed, WhenFull::kHold, WhenFull::kEvict}) {
    OutputRule rule(when_full);
    Play(GetParam().events, &rule);
    EXPECT_EQ(rule.polled(), GetParam().polled);
    EXPECT_EQ(rule.Delivered(5), GetParam().delivered);
    EXPECT_EQ(rule.MayEvict(5), GetParam().delivered || when_full == WhenFull::kEvict);
    for (std::uint64_t from = 1; from <= 10; ++from) {
      std::uint64_t last = from - 1;
      while (rule.Delivered(last + 1)) ++last;
      EXPECT_EQ(rule.DeliveredThrough(from), last) << "from " << from;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Detached, RuleCell,
    ::testing::Values(Cell{"never_attached", {}, false, false},
                      Cell{"pushed", {Start(), Push(5), Detach()}, false, false},
                      Cell{"read", {Start(), Read(0, 5), Detach()}, true, false},
                      Cell{"cursor_passed", {Start(), Read(5, 0), Detach()}, true, false},
                      Cell{"nothing", {Start(), Detach()}, false, false}),
    NameOfCell);

INSTANTIATE_TEST_SUITE_P(
    AttachedNotPolled, RuleCell,
    ::testing::Values(
        Cell{"nothing", {Start()}, false, false}, Cell{"pushed", {Start(), Push(5)}, false, true},
        Cell{"pushed_beyond", {Start(), Push(5), Push(6)}, false, true},
        Cell{"pushed_short", {Start(), Push(3), Push(4)}, false, false},
        Cell{"pushed_before_resume", {Start(), Push(5), Detach(), Resume(6)}, false, false},
        Cell{"later_pushed_since", {Start(), Push(5), Detach(), Resume(6), Push(6)}, false, false},
        Cell{"pushed_since_resume", {Start(), Detach(), Resume(5), Push(5)}, false, true},
        Cell{"recovery_read", {Start(), Detach(), Resume(8), Read(2, 7)}, false, true},
        Cell{"recovery_short", {Start(), Detach(), Resume(8), Read(2, 4)}, false, false},
        Cell{"push_behind_recovery", {Resume(3), Read(0, 4), Push(5)}, false, true},
        Cell{"gap_before_push", {Resume(4), Read(0, 2), Push(5)}, false, true},
        Cell{"recovery_cursor", {Start(), Detach(), Resume(8), Read(5, 7)}, false, true},
        Cell{
            "push_after_recovery", {Resume(3), Read(0, 2), Push(3), Push(4), Push(5)}, false, true},
        Cell{"grant_once_per_resume",
             {Resume(3), Read(0, 2), Detach(), Resume(4), Read(0, 3), Push(4), Push(5)},
             false,
             true}),
    NameOfCell);

INSTANTIATE_TEST_SUITE_P(
    AttachedPolled, RuleCell,
    ::testing::Values(
        Cell{"first_read_polls", {Start(), Push(5), Read(0, 2)}, true, false},
        Cell{"pushed_after_read", {Start(), Read(0, 0), Push(5)}, true, false},
        Cell{"read", {Start(), Read(0, 5)}, true, true},
        Cell{"read_beyond", {Start(), Read(0, 7)}, true, true},
        Cell{"read_short", {Start(), Read(0, 4)}, true, false},
        Cell{"cursor_passed", {Start(), Read(5, 0)}, true, true},
        Cell{"reread_keeps", {Start(), Read(0, 5), Read(0, 2)}, true, true},
        Cell{"two_reads_after_resume", {Resume(6), Read(0, 2), Read(2, 4)}, true, false},
        Cell{"pushed_then_polled", {Resume(5), Push(5), Read(0, 1), Read(1, 2)}, true, false},
        Cell{"read_before_resume", {Start(), Read(0, 5), Detach(), Resume(6)}, true, false},
        Cell{"read_since_resume",
             {Start(), Read(0, 5), Detach(), Resume(6), Read(4, 5)},
             true,
             true},
        Cell{"stays_polled", {Start(), Read(0, 1), Detach(), Resume(5), Push(5)}, true, false},
        Cell{"stays_polled_after_recovery",
             {Start(), Read(0, 1), Detach(), Resume(5), Read(1, 4), Push(5)},
             true,
             false}),
    NameOfCell);

// --- abandonment ---------------------------------------------------------------------------------

TEST(OutputRuleAbandon, AfterSixtySecondsAndNotBefore) {
  OutputRule rule(WhenFull::kTimed);
  rule.OnAttach(1, false);
  EXPECT_EQ(rule.AbandonedAt(At(0)), At(60));
  rule.OnAbandonTimer(At(0), At(60) - milliseconds(1));
  EXPECT_FALSE(rule.MayEvict(5));
  rule.OnAbandonTimer(At(0), At(60));
  EXPECT_TRUE(rule.MayEvict(5));
  EXPECT_FALSE(rule.Delivered(5));
}

TEST(OutputRuleAbandon, CountsFromTheLastThingTaken) {
  OutputRule rule(WhenFull::kTimed);
  rule.OnAttach(1, false);
  rule.OnPushTaken(1, At(30));
  EXPECT_EQ(rule.AbandonedAt(At(0)), At(90));
  rule.OnRead(1, At(50));
  EXPECT_EQ(rule.AbandonedAt(At(0)), At(110));
  rule.OnAbandonTimer(At(0), At(100));
  EXPECT_FALSE(rule.MayEvict(5));
  EXPECT_EQ(rule.AbandonedAt(At(55)), At(115));
}

TEST(OutputRuleAbandon, APushToAPolledProcessIsNoSignOfAReader) {
  OutputRule rule(WhenFull::kTimed);
  rule.OnAttach(1, false);
  rule.OnRead(0, At(0));
  rule.OnPushTaken(4, At(30));
  EXPECT_EQ(rule.AbandonedAt(At(0)), At(60));
  rule.OnAbandonTimer(At(0), At(60));
  rule.OnPushTaken(5, At(61));
  EXPECT_TRUE(rule.MayEvict(6));
}

TEST(OutputRuleAbandon, OnlyTimedAndOnlyAttached) {
  for (const WhenFull when_full : {WhenFull::kTimed, WhenFull::kHold, WhenFull::kEvict}) {
    OutputRule rule(when_full);
    EXPECT_FALSE(rule.AbandonPossible());
    rule.OnAttach(1, false);
    EXPECT_EQ(rule.AbandonPossible(), when_full == WhenFull::kTimed);
    rule.OnDetach();
    EXPECT_FALSE(rule.AbandonPossible());
    rule.OnAbandonTimer(At(0), At(1000));
    EXPECT_EQ(rule.MayEvict(5), when_full == WhenFull::kEvict);
  }
}

class AbandonEnds : public ::testing::TestWithParam<Cell> {};

TEST_P(AbandonEnds, WithTheFirstSignOfTheClient) {
  OutputRule rule(WhenFull::kTimed);
  rule.OnAttach(1, false);
  rule.OnAbandonTimer(At(0), At(60));
  ASSERT_TRUE(rule.MayEvict(5));
  Play(GetParam().events, &rule);
  EXPECT_FALSE(rule.MayEvict(5));
}

INSTANTIATE_TEST_SUITE_P(By, AbandonEnds,
                         ::testing::Values(Cell{"push", {Push(1)}, false, false},
                                           Cell{"read", {Read(0, 1)}, true, false},
                                           Cell{"detach", {Detach()}, false, false},
                                           Cell{"attach", {Resume(9)}, false, false}),
                         NameOfCell);

}  // namespace
}  // namespace paned
