// Processes in tmux panes keep the contract of all backends, and that of terminals; and what they
// draw can be read.
#include "tests/process/backend_contract.h"
#include "tests/tmux/terminal_contract.h"
#include "tests/tmux/terminal_traits.h"

namespace paned {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Tmux, BackendContract, TmuxTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Tmux, StartContract, TmuxTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Tmux, TerminalContract, TmuxTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Tmux, HolderContract, TmuxTraits);

class TmuxBackendTest : public TerminalContract<TmuxTraits> {
 protected:
  protocol::ScreenResult Screen() {
    const auto answer = AskScreen();
    EXPECT_FALSE(answer->has_value()) << "from within";
    EXPECT_TRUE(RunUntil([&] { return answer->has_value(); }));
    if (!answer->has_value()) return {};
    EXPECT_TRUE((*answer)->ok()) << (*answer)->error().message;
    return (*answer)->ok() ? (*answer)->value() : protocol::ScreenResult{};
  }
  // Asks until the screen is as wanted: it follows the output, but does not wait for it.
  bool ScreenShows(const std::function<bool(const protocol::ScreenResult&)>& wanted) {
    EXPECT_TRUE(RunUntil([this] { return !process_->Starting(); }));
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline && !HasFailure()) {
      if (wanted(Screen())) return true;
    }
    return false;
  }
  static std::string LineOf(const protocol::ScreenResult& screen, std::size_t n) {
    return n < screen.lines.size() ? screen.lines[n] : "(no line)";
  }
};

TEST_F(TmuxBackendTest, TheScreenShowsWhatTheChildDrew) {
  StartProgram({"/bin/sh", "-c",
                R"(printf '\033[2J\033[Hfirst\033[5;10Hfifth\033[24;1Hlast\033[3;7H'; read x)"},
               true);
  ASSERT_TRUE(ScreenShows([](const auto& screen) { return LineOf(screen, 23) == "last"; }));
  const protocol::ScreenResult screen = Screen();
  EXPECT_EQ(LineOf(screen, 0), "first");
  EXPECT_EQ(LineOf(screen, 4), "         fifth");
  EXPECT_EQ(screen.size.rows, 24);
  EXPECT_EQ(screen.size.cols, 80);
  EXPECT_EQ(screen.cursor.row, 2);
  EXPECT_EQ(screen.cursor.col, 6);
  EXPECT_FALSE(screen.alternate_screen);
  EXPECT_EQ(process_->backend_name(), "tmux");
  EXPECT_EQ(process_->pane().substr(0, 1), "%");
}

TEST_F(TmuxBackendTest, TheAlternateScreenIsSeenToComeAndGo) {
  StartProgram(
      {"/bin/sh", "-c",
       R"(stty -echo; printf 'below\n\033[?1049h\033[Habove'; read x; printf '\033[?1049l'; read x)"},
      true);
  ASSERT_TRUE(ScreenShows([](const auto& screen) { return LineOf(screen, 0) == "above"; }));
  EXPECT_TRUE(Screen().alternate_screen);
  Write("\n");
  ASSERT_TRUE(ScreenShows([](const auto& screen) { return !screen.alternate_screen; }));
  EXPECT_EQ(LineOf(Screen(), 0), "below");
}

TEST_F(TmuxBackendTest, TheScreenFollowsTheSize) {
  Start("trap 'echo now' WINCH; echo ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(RunUntilOutput("ready"));
  Do([](BackendProcess* process) { process->Resize({40, 100}); });
  ASSERT_TRUE(RunUntilOutput("now"));
  EXPECT_TRUE(ScreenShows([](const auto& screen) {
    return screen.size.rows == 40 && screen.size.cols == 100 && screen.lines.size() == 40;
  }));
}

TEST_F(TmuxBackendTest, APaneGoesToTheNextProcessAsNew) {
  Start("printf '\\033[?1049h\\033[41mleft behind'; sleep 1000");
  ASSERT_TRUE(ScreenShows([](const auto& screen) { return LineOf(screen, 0) == "left behind"; }));
  const std::string pane = process_->pane();
  Do([](BackendProcess* process) { process->Resize({40, 100}); });
  Signal(SIGKILL);
  RunToTheEnd();
  // The pool gives the newest: by then that is the one that comes back.
  ASSERT_TRUE(RunUntil([this] { return traits_.pool()->waiting() == TmuxTraits::kPool; }));
  Do([](BackendProcess* process) { process->OnEndDelivered(); });
  ASSERT_TRUE(RunUntil([this] { return traits_.pool()->waiting() == TmuxTraits::kPool + 1; }));
  Start("printf fresh; read x");
  ASSERT_TRUE(RunUntilOutput("fresh"));
  ASSERT_EQ(process_->pane(), pane);
  EXPECT_TRUE(ScreenShows([](const auto& screen) { return LineOf(screen, 0) == "fresh"; }));
  EXPECT_TRUE(ScreenShows([](const auto& screen) { return screen.size.rows == 24; }));
  const protocol::ScreenResult screen = Screen();
  EXPECT_EQ(screen.size.cols, 80);
  EXPECT_FALSE(screen.alternate_screen);
  for (std::size_t n = 1; n < screen.lines.size(); ++n) EXPECT_EQ(screen.lines[n], "");
}

TEST_F(TmuxBackendTest, WhenTmuxIsKilledTheProcessRunsOn) {
  StartReader("cat");
  ASSERT_NE(traits_.tmux()->server_pid(), 0);
  ::kill(traits_.tmux()->server_pid(), SIGKILL);
  ASSERT_TRUE(RunUntil([this] { return process_->pane().empty(); }));
  Write("still here");
  EXPECT_TRUE(RunUntilOutput("still here"));
  const auto answer = AskScreen();
  ASSERT_TRUE(RunUntil([&] { return answer->has_value(); }));
  EXPECT_FALSE((*answer)->ok());
  Signal(SIGTERM);
  RunToTheEnd();
  EXPECT_EQ(sink_->exit.code, 143);
  // The next one gets a new tmux server.
  Start("echo again");
  RunToTheEnd();
  EXPECT_EQ(sink_->output, "again\n");
}

TEST_F(TmuxBackendTest, APersonWhoClosesTheWindowHangsTheProcessUp) {
  Start(
      "exec 2>/dev/null; trap 'echo hung up; exit 5' HUP; echo ready; while :; do sleep 0.01; "
      "done");
  ASSERT_TRUE(RunUntilOutput("ready"));
  traits_.tmux()->Kill(process_->pane());
  RunToTheEnd();
  EXPECT_EQ(sink_->exit.code, 5);
  EXPECT_EQ(sink_->output, "ready\nhung up\n");
}

// What holds the terminal after the program's exit is ended the same way: nobody else could end it.
TEST_F(TmuxBackendTest, APersonWhoClosesTheWindowEndsWhatOutlivesTheProgram) {
  Start("trap '' HUP; sleep 1000 & echo $!; exit 3");
  ASSERT_TRUE(RunUntil([this] { return sink_->exits > 0; }));
  const auto child = static_cast<pid_t>(std::stol(sink_->output));
  EXPECT_EQ(sink_->ends, 0);
  traits_.tmux()->Kill(process_->pane());
  RunToTheEnd();
  EXPECT_EQ(sink_->exit.code, 3);
  ::kill(child, SIGKILL);
}

}  // namespace
}  // namespace paned
