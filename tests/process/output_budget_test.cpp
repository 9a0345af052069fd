// OutputBudget: what is given up first, who is woken, that nobody starves.
#include "server/process/output_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace paned {
namespace {

// A log of which some bytes are delivered.
class Member final : public BudgetMember {
 public:
  Member(char name, OutputBudget* budget, std::string* journal)
      : name_(name), budget_(budget), journal_(journal) {
    budget_->Add(this);
  }
  ~Member() override {
    budget_->Remove(this);
    budget_->Release(delivered + undelivered);
  }

  // Asks and takes what it gets.
  std::size_t Output(std::size_t wanted) {
    const std::size_t got = budget_->Room(this, wanted);
    budget_->Take(got);
    undelivered += got;
    return got;
  }
  void Deliver() { delivered += std::exchange(undelivered, 0); }

  void EvictDelivered(std::size_t wanted) override {
    const std::size_t freed = std::min(wanted, delivered);
    delivered -= freed;
    if (freed > 0) *journal_ += std::string(1, name_) + std::to_string(freed) + ' ';
    budget_->Release(freed);
  }
  void OnBudgetRoom() override {
    ++woken;
    *journal_ += std::string("wake-") + name_ + ' ';
  }

  std::size_t delivered = 0;
  std::size_t undelivered = 0;
  int woken = 0;

 private:
  char name_;
  OutputBudget* budget_;
  std::string* journal_;
};

class OutputBudgetTest : public ::testing::Test {
 protected:
  OutputBudget budget_{100};
  std::string journal_;
  Member a_{'a', &budget_, &journal_};
  Member b_{'b', &budget_, &journal_};
  Member c_{'c', &budget_, &journal_};
};

TEST_F(OutputBudgetTest, GivesWhatIsFree) {
  EXPECT_EQ(a_.Output(60), 60U);
  EXPECT_EQ(b_.Output(60), 40U);
  EXPECT_EQ(budget_.used(), 100U);
  EXPECT_EQ(c_.Output(1), 0U);
}

TEST_F(OutputBudgetTest, NothingIsGivenUpWithoutNeed) {
  a_.Output(50);
  a_.Deliver();
  EXPECT_EQ(b_.Output(50), 50U);
  EXPECT_EQ(journal_, "");
}

TEST_F(OutputBudgetTest, ClosedGoBeforeRunningAndOldestClosedFirst) {
  for (Member* member : {&a_, &b_, &c_}) {
    member->Output(20);
    member->Deliver();
  }
  budget_.MarkClosed(&c_);
  budget_.MarkClosed(&b_);
  Member d('d', &budget_, &journal_);
  EXPECT_EQ(d.Output(95), 95U);
  EXPECT_EQ(journal_, "c20 b20 a15 ");
}

TEST_F(OutputBudgetTest, UndeliveredIsNeverTaken) {
  a_.Output(50);
  b_.Output(50);
  b_.Deliver();
  b_.Output(10);
  EXPECT_EQ(journal_, "b10 ");
  EXPECT_EQ(c_.Output(100), 40U);
  EXPECT_EQ(a_.undelivered, 50U);
  EXPECT_EQ(b_.undelivered, 10U);
}

TEST_F(OutputBudgetTest, OwnDeliveredOutputMakesRoomToo) {
  a_.Output(100);
  a_.Deliver();
  EXPECT_EQ(a_.Output(30), 30U);
  EXPECT_EQ(journal_, "a30 ");
}

TEST_F(OutputBudgetTest, WhoGotNothingIsWokenOnceInOrder) {
  a_.Output(100);
  EXPECT_EQ(b_.Output(1), 0U);
  EXPECT_EQ(c_.Output(1), 0U);
  EXPECT_EQ(b_.Output(1), 0U);  // asks again: still one place in the queue
  a_.Deliver();
  a_.EvictDelivered(10);
  EXPECT_EQ(journal_, "a10 wake-b wake-c ");
  a_.EvictDelivered(10);
  EXPECT_EQ(b_.woken, 1);
  EXPECT_EQ(c_.woken, 1);
}

TEST_F(OutputBudgetTest, WhoGotSomethingDoesNotWait) {
  a_.Output(99);
  EXPECT_EQ(b_.Output(10), 1U);
  a_.Deliver();
  a_.EvictDelivered(50);
  EXPECT_EQ(b_.woken, 0);
}

TEST_F(OutputBudgetTest, ADestroyedMemberFreesItsShareAndIsNotWoken) {
  a_.Output(40);
  {
    Member d('d', &budget_, &journal_);
    d.Output(60);
    Member e('e', &budget_, &journal_);
    EXPECT_EQ(e.Output(1), 0U);
    EXPECT_EQ(b_.Output(1), 0U);
  }
  EXPECT_EQ(journal_, "wake-b ");
  EXPECT_EQ(budget_.used(), 40U);
}

TEST_F(OutputBudgetTest, AClosedMemberCanBeDestroyed) {
  {
    Member d('d', &budget_, &journal_);
    d.Output(100);
    d.Deliver();
    budget_.MarkClosed(&d);
  }
  EXPECT_EQ(a_.Output(100), 100U);
  EXPECT_EQ(journal_, "");
}

// Everyone wants more than there is, all the time; room comes in crumbs that one can take whole.
TEST_F(OutputBudgetTest, NobodyStarves) {
  Member hog('h', &budget_, &journal_);
  hog.Output(100);
  EXPECT_EQ(budget_.used(), 100U);
  std::deque<Member*> asking = {&a_, &b_, &c_};
  // What the loop does: who was woken asks again, in the order of the wakes; who got something asks
  // for more at once, behind them.
  const std::vector<Member*> members(asking.begin(), asking.end());
  for (int crumbs = 0; crumbs < 30; ++crumbs) {
    while (!asking.empty()) {
      if (asking.front()->Output(1) > 0) asking.push_back(asking.front());
      asking.pop_front();
    }
    journal_.clear();
    --hog.undelivered;  // one byte of it was taken and dropped
    budget_.Release(1);
    for (std::size_t at = journal_.find("wake-"); at != std::string::npos;
         at = journal_.find("wake-", at + 1)) {
      const char name = journal_[at + 5];
      asking.push_back(name == 'a' ? &a_ : name == 'b' ? &b_ : &c_);
    }
  }
  for (const Member* member : members) EXPECT_GE(member->undelivered, 9U);
}

}  // namespace
}  // namespace paned
