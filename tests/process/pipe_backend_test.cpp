// PipeBackend keeps the contract of all backends, and has no terminal.
#include "server/process/pipe_backend.h"

#include "tests/process/backend_contract.h"

namespace paned {
namespace {

class PipeTraits {
 public:
  ProcessBackend* backend() { return &backend_; }
  asio::io_context* io() { return &io_; }

 private:
  asio::io_context io_;
  Reaper reaper_{&io_};
  PipeBackend backend_{&io_, &reaper_};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Pipe, BackendContract, PipeTraits);

class PipeBackendTest : public BackendContract<PipeTraits> {
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

}  // namespace
}  // namespace paned
