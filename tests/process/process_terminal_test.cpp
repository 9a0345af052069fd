// Process on a tty: its input, its end, its size and its screen.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/process/process_fixture.h"

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Signals = std::vector<int>;
using Sizes = std::vector<std::string>;

class ProcessTerminalTest : public ProcessTest {
 protected:
  // What a question for the screen came to: "" while it waits, its first line, or the error.
  std::shared_ptr<std::string> Screen() {
    auto outcome = std::make_shared<std::string>();
    process_->ReadScreen([outcome](const Result<protocol::ScreenResult>& screen) {
      EXPECT_EQ(*outcome, "") << "a screen is answered twice";
      *outcome = screen.ok() ? screen.value().lines.at(0) : screen.error().message;
    });
    return outcome;
  }
};

TEST_F(ProcessTerminalTest, HasInputWithoutAskingForAPipe) {
  StartTty("codex");
  EXPECT_EQ(*Write("ls\n", "1"), "accepted");
  EXPECT_EQ(*Write("ls\n", "1"), "accepted");
  EXPECT_EQ(child().queued_input(), "ls\n");
  child().Exit(0);
  EXPECT_EQ(*Write("x"), "failed to write to process stdin");
}

TEST_F(ProcessTerminalTest, GentleTerminateHangsUpAndNeverClosesTheInput) {
  StartTty("go");
  Write("input");
  EXPECT_TRUE(process_->Terminate());
  EXPECT_EQ(child().signals(), (Signals{SIGHUP, SIGTERM}));
  EXPECT_FALSE(child().close_requested());
  EXPECT_EQ(*Write("still"), "accepted");
  EXPECT_TRUE(process_->Terminate());  // again: no second start of it
  clock_.Advance(seconds(2) - milliseconds(1));
  EXPECT_EQ(child().signals(), (Signals{SIGHUP, SIGTERM}));
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(child().signals(), (Signals{SIGHUP, SIGTERM, SIGKILL}));
}

TEST_F(ProcessTerminalTest, OtherProfilesKillAtOnce) {
  for (const char* profile : {"codex", "generic"}) {
    StartTty(profile);
    EXPECT_TRUE(process_->Terminate());
    EXPECT_EQ(child().signals(), Signals{SIGKILL}) << profile;
  }
}

TEST_F(ProcessTerminalTest, EndHangsUpThenKills) {
  StartTty("codex");
  process_->End(milliseconds(500));
  EXPECT_EQ(child().signals(), (Signals{SIGHUP, SIGTERM}));
  clock_.Advance(milliseconds(500));
  EXPECT_EQ(child().signals(), (Signals{SIGHUP, SIGTERM, SIGKILL}));
}

TEST_F(ProcessTerminalTest, InterruptIsASignalHereToo) {
  StartTty("codex");
  process_->Interrupt();
  EXPECT_EQ(child().signals(), Signals{SIGINT});
}

TEST_F(ProcessTerminalTest, SizeAndScreenAreTheBackends) {
  StartTty("codex");
  EXPECT_TRUE(process_->Resize({50, 132}).ok());
  EXPECT_EQ(child().sizes(), Sizes{"50x132"});
  const auto first = Screen();
  const auto second = Screen();
  EXPECT_EQ(*first, "");
  protocol::ScreenResult screen;
  screen.lines = {"$ ls"};
  child().ShowScreen(screen);
  EXPECT_EQ(*first, "$ ls");
  EXPECT_EQ(*second, "");
  child().ShowScreen(Error{ErrorKind::kInternal, "no tmux"});
  EXPECT_EQ(*second, "no tmux");
}

TEST_F(ProcessTerminalTest, NeitherForAProcessOnPipes) {
  Start("codex");
  const Status resized = process_->Resize({50, 132});
  ASSERT_FALSE(resized.ok());
  EXPECT_EQ(resized.error().message, "process p has no terminal");
  EXPECT_EQ(resized.error().kind, ErrorKind::kInvalidRequest);
  EXPECT_EQ(*Screen(), "process p has no terminal");
  child().Exit(0);
  EXPECT_EQ(*Screen(), "process p has no terminal");
  EXPECT_EQ(child().sizes(), Sizes{});
  EXPECT_EQ(child().screens_asked(), 0U);
}

TEST_F(ProcessTerminalTest, NeitherAfterTheExit) {
  StartTty("codex");
  child().Exit(0);
  const Status resized = process_->Resize({50, 132});
  ASSERT_FALSE(resized.ok());
  EXPECT_EQ(resized.error().message, "process p has exited");
  EXPECT_EQ(resized.error().kind, ErrorKind::kInvalidRequest);
  EXPECT_EQ(*Screen(), "process p has exited");
  EXPECT_EQ(child().sizes(), Sizes{});
}

}  // namespace
}  // namespace paned
