// ProcessTable: who is in it, and for how long an ended process stays.
#include "server/process/process_table.h"

#include <gtest/gtest.h>

#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ProcessTableTest : public ProcessTest {
 protected:
  Process* Add(const std::string& id) {
    auto process = std::make_unique<Process>(id, &clock_, limits_, &budget_, &observer_);
    observer_.process = process.get();
    process->AttachClient(FindProfile("codex"), /*resumed=*/false);
    LaunchPlan plan;
    plan.argv = {id};
    process->Start(&backend_, plan, [](const Status& started) { EXPECT_TRUE(started.ok()); });
    return table_.Add(std::move(process));
  }

  ProcessTable table_{&clock_, seconds(80)};
};

TEST_F(ProcessTableTest, FindsById) {
  Process* a = Add("a");
  Process* b = Add("");
  EXPECT_EQ(table_.Find("a"), a);
  EXPECT_EQ(table_.Find(""), b);
  EXPECT_EQ(table_.Find("A"), nullptr);
  EXPECT_EQ(table_.size(), 2U);
  table_.Remove("a");
  EXPECT_EQ(table_.Find("a"), nullptr);
  table_.Remove("a");
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(ProcessTableTest, CountsThoseThatHaveNotExited) {
  Add("a");
  Add("b");
  backend_.child(0).Exit(0);
  EXPECT_EQ(table_.size(), 2U);
  EXPECT_EQ(table_.running(), 1U);
  std::string ids;
  table_.ForEach([&](Process* process) { ids += process->id(); });
  EXPECT_EQ(ids, "ab");
}

TEST_F(ProcessTableTest, AClosedProcessGoesAfterItsRetention) {
  Add("a");
  child().EndOutput();
  child().Exit(0);
  table_.RetireLater("a");
  clock_.Advance(seconds(80) - milliseconds(1));
  EXPECT_NE(table_.Find("a"), nullptr);
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(table_.Find("a"), nullptr);
  EXPECT_TRUE(child().destroyed());
}

TEST_F(ProcessTableTest, AnotherOfTheSameIdIsNotRetiredInItsStead) {
  Add("a");
  table_.RetireLater("a");
  table_.Remove("a");
  clock_.Advance(seconds(1));
  Add("a");
  clock_.Advance(seconds(100));
  EXPECT_NE(table_.Find("a"), nullptr);
  table_.RetireLater("unknown");
}

// A client on a thin line has not been told everything yet: retention must not take it away.
TEST_F(ProcessTableTest, RetentionWaitsForPushesThatAreOutstanding) {
  Add("a");
  observer_.wants = false;
  child().Print("output");
  child().EndOutput();
  child().Exit(0);
  table_.RetireLater("a");
  clock_.Advance(seconds(500));
  ASSERT_NE(table_.Find("a"), nullptr);
  observer_.wants = true;
  table_.Find("a")->PumpEvents(100);
  EXPECT_EQ(observer_.lines, (Lines{"output a 1 stdout", "exited a 2 0", "closed a 3"}));
  clock_.Advance(seconds(160));
  EXPECT_EQ(table_.Find("a"), nullptr);
}

}  // namespace
}  // namespace paned
