// PipeBackend keeps the contract of all backends, has two streams and an input with an end, and has
// no terminal.
#include "server/process/pipe_backend.h"

#include "tests/process/backend_contract.h"

namespace paned {
namespace {

class PipeTraits {
 public:
  static constexpr bool kTerminal = false;
  ProcessBackend* backend() { return &backend_; }
  asio::io_context* io() { return &io_; }

 private:
  asio::io_context io_;
  Reaper reaper_{&io_};
  PipeBackend backend_{&io_, &reaper_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Pipe, BackendContract, PipeTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Pipe, StartContract, PipeTraits);

class PipeBackendTest : public BackendFixture<PipeTraits> {
 protected:
  // What a question for the screen came to: "" until it is answered.
  std::shared_ptr<std::string> Screen() {
    auto outcome = std::make_shared<std::string>();
    process_->ReadScreen([outcome](const Result<protocol::ScreenResult>& screen) {
      EXPECT_EQ(*outcome, "") << "a screen is answered twice";
      *outcome = screen.ok() ? "a screen" : screen.error().message;
    });
    return outcome;
  }
};

TEST_F(PipeBackendTest, RunsAtOnceAndDiesWithTheServer) {
  Start("echo $$; exec sleep 1000");
  EXPECT_FALSE(process_->Starting());
  EXPECT_FALSE(process_->OutlivesServer());
  EXPECT_EQ(process_->backend_name(), "pipes");
  EXPECT_EQ(process_->pane(), "");
  EXPECT_TRUE(RunUntil([this] { return !sink_->output.empty(); }));
  EXPECT_EQ(sink_->output, std::to_string(process_->pid()) + "\n");
  EXPECT_EQ(sink_->starts, 0);
}

TEST_F(PipeBackendTest, HasNoScreenAndSaysSoLater) {
  Start("exec sleep 1000");
  const auto screen = Screen();
  EXPECT_EQ(*screen, "");
  RunDue();
  EXPECT_EQ(*screen, "a process on pipes has no terminal");
}

TEST_F(PipeBackendTest, OneThatIsGoneAnswersNothing) {
  Start("exec sleep 1000");
  const auto screen = Screen();
  process_.reset();
  RunDue();
  EXPECT_EQ(*screen, "");
}

// --- two streams ---------------------------------------------------------------------------------

TEST_F(PipeBackendTest, BothStreamsAreToldApart) {
  Run("printf out; printf err >&2; exit 3");
  EXPECT_EQ(sink_->output, "out");
  EXPECT_EQ(sink_->error_output, "err");
  EXPECT_EQ(sink_->exit.code, 3);
}

TEST_F(PipeBackendTest, HeldStreamsLoseNothing) {
  Start("printf 0123456789; printf abc >&2");
  sink_->room = 0;
  ASSERT_TRUE(RunUntil([this] { return sink_->exits > 0; }));
  EXPECT_EQ(sink_->ends, 0);
  sink_->room = SIZE_MAX;
  Do([](BackendProcess* process) { process->ResumeOutput(); });
  RunToTheEnd();
  EXPECT_EQ(sink_->output, "0123456789");
  EXPECT_EQ(sink_->error_output, "abc");
}

TEST_F(PipeBackendTest, OutputMayOutliveTheProcess) {
  // The grandchild waits for the input's end, which is the test's to give.
  Start("cat <&0 & echo started", /*pipe_stdin=*/true);
  ASSERT_TRUE(RunUntil([this] { return sink_->exits > 0; }));
  EXPECT_EQ(sink_->exit.code, 0);
  RunToTheEnd();
  EXPECT_EQ(sink_->output, "started\n");
}

TEST_F(PipeBackendTest, OutputThatEndsEarly) {
  Start("exec >&- 2>&-; read line; exit 7", /*pipe_stdin=*/true);
  ASSERT_TRUE(RunUntil([this] { return sink_->ends > 0; }));
  EXPECT_EQ(sink_->exits, 0);
  Write("go\n");
  RunToTheEnd();
  EXPECT_EQ(sink_->exit.code, 7);
}

// --- an input with an end ------------------------------------------------------------------------

TEST_F(PipeBackendTest, AllByteValuesUpToTheEndOfInput) {
  Start("exec cat", /*pipe_stdin=*/true);
  const std::string all = Pattern(std::size_t{256} * 251 + (1 << 20));
  Write(all);
  Do([](BackendProcess* process) { process->CloseInputAfterFlush(); });
  EXPECT_FALSE(process_->InputOpen());
  RunToTheEnd();
  EXPECT_TRUE(sink_->output == all);
  EXPECT_EQ(process_->QueuedInput(), 0U);
}

TEST_F(PipeBackendTest, InputToAChildThatClosedItsStdin) {
  Start("exec <&-; echo closed; trap 'exit 4' TERM; while :; do sleep 0.01; done",
        /*pipe_stdin=*/true);
  ASSERT_TRUE(RunUntil([this] { return !sink_->output.empty(); }));
  Write("nowhere");
  Write("nowhere");
  EXPECT_EQ(process_->QueuedInput(), 0U);
  RunDue();
  EXPECT_EQ(sink_->exits, 0);
  Signal(SIGTERM);
  RunToTheEnd();
  EXPECT_EQ(process_->QueuedInput(), 0U);
  EXPECT_EQ(sink_->exits, 1);
}

TEST_F(PipeBackendTest, InputThatWaitsFailsWhenTheChildClosesItsStdin) {
  Start("trap 'exec <&-' USR1; echo ready; while :; do sleep 0.01; done",
        /*pipe_stdin=*/true);
  ASSERT_TRUE(RunUntil([this] { return sink_->output == "ready\n"; }));
  Write(std::string(1 << 20, 'x'));
  ASSERT_GT(process_->QueuedInput(), 0U);
  Signal(SIGUSR1);
  ASSERT_TRUE(RunUntil([this] { return process_->QueuedInput() == 0; }));
  EXPECT_GT(sink_->progress, 0);
  EXPECT_EQ(sink_->exits, 0);
}

TEST_F(PipeBackendTest, CloseInputWithNothingQueued) {
  Start("cat; echo done", /*pipe_stdin=*/true);
  Do([](BackendProcess* process) { process->CloseInputAfterFlush(); });
  RunToTheEnd();
  EXPECT_EQ(sink_->output, "done\n");
}

TEST_F(PipeBackendTest, WithoutAPipeStdinIsEmpty) {
  Start("cat; readlink /proc/self/fd/0");
  EXPECT_FALSE(process_->InputOpen());
  RunToTheEnd();
  EXPECT_EQ(sink_->output, "/dev/null\n");
}

}  // namespace
}  // namespace paned
