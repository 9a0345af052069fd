// A start that waits for its plan: what is asked meanwhile, and what becomes of it.
#include "server/process/deferred_backend.h"

#include <gtest/gtest.h>

#include <csignal>

#include "server/process/process.h"
#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;

class DeferredTest : public ::testing::Test {
 protected:
  // Events of a process that nobody looks at.
  struct Events final : BackendEvents {
    void OnStarted(Status status) override {
      outcome = status.ok() ? "ok" : status.error().message;
    }
    OutputSpace PrepareOutput() override { return {}; }
    void CommitOutput(OutputStream, std::size_t) override {}
    void OnOutputEnd() override {}
    void OnExited(ExitStatus) override {}
    void OnInputProgress() override {}
    std::string outcome;
  };

  void Start(bool ready_at_once = false) {
    DeferredBackend deferred(&clock_, &backend_,
                             [&](const LaunchPlan& plan, std::function<void(LaunchPlan)> ready) {
                               EXPECT_EQ(plan.argv, std::vector<std::string>{"asked"});
                               if (ready_at_once) {
                                 ready(Prepared());
                               } else {
                                 ready_ = std::move(ready);
                               }
                             });
    LaunchPlan plan;
    plan.argv = {"asked"};
    plan.pipe_stdin = true;
    plan.process_id = "p";
    auto started = deferred.Start(plan, &events_);
    ASSERT_TRUE(started.ok());
    process_ = std::move(started.value());
  }
  static LaunchPlan Prepared() {
    LaunchPlan plan;
    plan.argv = {"prepared"};
    plan.pipe_stdin = true;
    return plan;
  }
  void Settle() { clock_.Advance(milliseconds(0)); }

  ManualClock clock_;
  FakeBackend backend_;
  Events events_;
  std::function<void(LaunchPlan)> ready_;
  std::unique_ptr<BackendProcess> process_;
};

TEST_F(DeferredTest, ReadyAtOnceItIsAnOrdinaryStart) {
  Start(/*ready_at_once=*/true);
  EXPECT_FALSE(process_->Starting());
  EXPECT_EQ(backend_.last().plan().argv, std::vector<std::string>{"prepared"});
  EXPECT_EQ(events_.outcome, "");
}

TEST_F(DeferredTest, WhatIsAskedMeanwhileWaits) {
  Start();
  EXPECT_TRUE(process_->Starting());
  EXPECT_EQ(backend_.started(), 0U);
  process_->WriteInput("one ");
  process_->WriteInput("two");
  EXPECT_EQ(process_->QueuedInput(), 7U);
  process_->SignalGroup(SIGINT);
  process_->CloseInputAfterFlush();
  EXPECT_FALSE(process_->InputOpen());
  EXPECT_EQ(process_->pid(), 0);
  ready_(Prepared());
  EXPECT_EQ(events_.outcome, "ok");
  EXPECT_EQ(backend_.last().queued_input(), "one two");
  EXPECT_EQ(backend_.last().signals(), std::vector<int>{SIGINT});
  EXPECT_TRUE(backend_.last().close_requested());
  process_->SignalGroup(SIGKILL);
  EXPECT_EQ(backend_.last().signals(), (std::vector<int>{SIGINT, SIGKILL}));
}

TEST_F(DeferredTest, ABackendThatTakesItsTimeTellsItself) {
  Start();
  backend_.StartLater();
  ready_(Prepared());
  EXPECT_TRUE(process_->Starting());
  EXPECT_EQ(events_.outcome, "");
  backend_.last().Started();
  EXPECT_EQ(events_.outcome, "ok");
}

TEST_F(DeferredTest, AFailedStartIsTold) {
  Start();
  backend_.FailNext({ErrorKind::kInternal, "no such program"});
  ready_(Prepared());
  EXPECT_EQ(events_.outcome, "no such program");
}

TEST_F(DeferredTest, KilledMeanwhileItNeverStarts) {
  Start();
  process_->SignalGroup(SIGKILL);
  process_->SignalGroup(SIGKILL);
  EXPECT_EQ(events_.outcome, "");  // not from within the call
  Settle();
  EXPECT_EQ(events_.outcome, "process p start was cancelled");
  ready_(Prepared());
  EXPECT_EQ(backend_.started(), 0U);
}

TEST_F(DeferredTest, DestroyedMeanwhileItNeverStarts) {
  Start();
  process_->SignalGroup(SIGKILL);
  process_.reset();
  Settle();
  ready_(Prepared());
  EXPECT_EQ(events_.outcome, "");
  EXPECT_EQ(backend_.started(), 0U);
}

}  // namespace
}  // namespace paned
