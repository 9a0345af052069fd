// What a program on a terminal sees, and who types there; see terminal_contract.h, which includes
// this file.
// Threading: one thread, which runs the loop.
#pragma once

#include <unistd.h>

#include <fstream>

#include "tests/process/backend_contract_start_cases.h"
#include "tests/support/temp_dir.h"
#include "tests/tmux/terminal_contract.h"

namespace paned {

// --- the line discipline -------------------------------------------------------------------------

TYPED_TEST_P(TerminalContract, EchoesAndWritesWholeLineEnds) {
  this->StartProgram({"/bin/cat"}, true);
  this->Write("hello\n");
  EXPECT_TRUE(this->RunUntilOutput("hello\r\nhello\r\n")) << this->sink_->output;
  EXPECT_EQ(this->sink_->output, "hello\r\nhello\r\n");
}

TYPED_TEST_P(TerminalContract, ControlDIsTheEndOfInput) {
  this->StartCooked("stty -echo; echo ready; cat; echo done");
  ASSERT_TRUE(this->RunUntilOutput("ready\r\n"));
  this->Write("abc\n\x04");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "ready\r\nabc\r\ndone\r\n");
}

TYPED_TEST_P(TerminalContract, ControlCEndsTheForegroundJobAlone) {
  // The shell would do as its job does, and end itself by the signal, but for the trap.
  this->StartCooked(
      "trap : INT; set -m; sh -c 'echo ready; exec sleep 1000'; echo code $?; exit 6");
  ASSERT_TRUE(this->RunUntilOutput("ready"));
  this->Write("\x03");
  this->RunToTheEnd();
  EXPECT_NE(this->sink_->output.find("code 130\r\n"), std::string::npos) << this->sink_->output;
  EXPECT_EQ(this->sink_->exit.code, 6);
}

TYPED_TEST_P(TerminalContract, JobsStopAndComeBack) {
  LaunchPlan plan = this->Plan({"/bin/sh", "-i"});
  plan.env.push_back("PS1=# ");
  this->StartPlan(plan);
  const auto told = [this](const std::string& text, int times) {
    return this->RunUntil([&] {
      int found = 0;
      for (std::size_t at = 0; (at = this->sink_->output.find(text, at)) != std::string::npos;
           ++at) {
        ++found;
      }
      return found >= times;
    });
  };
  // Once as the terminal's echo, once as cat's own.
  this->Write("cat\n");
  this->Write("before\n");
  ASSERT_TRUE(told("before\r\n", 2)) << this->sink_->output;
  this->Write("\x1a");
  ASSERT_TRUE(this->RunUntilOutput("Stopped")) << this->sink_->output;
  this->Write("fg\n");
  this->Write("after\n");
  ASSERT_TRUE(told("after\r\n", 2)) << this->sink_->output;
  this->Write("\x03");
  // A shell that is told of the end by a signal forgets what was typed before its prompt.
  ASSERT_TRUE(told("# ", 3)) << this->sink_->output;
  this->Write("exit $(($? - 90))\n");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 40) << this->sink_->output;
}

TYPED_TEST_P(TerminalContract, ControlCInAFlood) {
  this->StartProgram({"/usr/bin/yes"}, true);
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->total > 4'000'000; }));
  this->Write("\x03");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 130);
}

// --- the terminal itself -------------------------------------------------------------------------

TYPED_TEST_P(TerminalContract, IsControllingAndTheProgramInItsForeground) {
  this->StartCooked(
      "read pid comm state ppid pgrp session terminal foreground rest </proc/$$/stat; "
      "[ $foreground = $$ ] && [ $terminal != 0 ] && [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && "
      "case $(tty) in /dev/pts/*) echo fine >/dev/tty ;; esac");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "fine\r\n");
}

TYPED_TEST_P(TerminalContract, NothingOfTmuxIsInTheEnvironment) {
  this->StartCooked("echo \"${TERM-unset} ${TMUX-unset} ${TMUX_PANE-unset} ${COLUMNS-unset}\"");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "unset unset unset unset\r\n");
  this->StartIn("my-own;1", {"/usr/bin/printenv", "TERM"});
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "my-own;1\r\n");
}

TYPED_TEST_P(TerminalContract, ItsSizeIsThePlans) {
  this->RunProgram({"/bin/stty", "size"});
  EXPECT_EQ(this->sink_->output, "24 80\r\n");
  LaunchPlan plan = this->Plan({"/bin/stty", "size"});
  plan.size = {5, 300};
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "5 300\r\n");
}

TYPED_TEST_P(TerminalContract, ResizingIsToldByASignal) {
  this->Start("trap 'stty size' WINCH; echo ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(this->RunUntilOutput("ready"));
  this->Do([](BackendProcess* process) { process->Resize({50, 132}); });
  EXPECT_TRUE(this->RunUntilOutput("50 132"));
  this->Do([](BackendProcess* process) { process->Resize({1000, 1}); });
  EXPECT_TRUE(this->RunUntilOutput("1000 1"));
}

TYPED_TEST_P(TerminalContract, ResizingWhileItIsStarted) {
  for (int run = 0; run < 3; ++run) {
    this->Start("until [ \"$(stty size)\" = '30 90' ]; do :; done; echo resized");
    EXPECT_TRUE(this->process_->Starting());
    this->Do([](BackendProcess* process) { process->Resize({20, 20}); });
    this->Do([](BackendProcess* process) { process->Resize({30, 90}); });
    this->RunToTheEnd();
    EXPECT_EQ(this->sink_->output, "resized\n");
  }
}

TYPED_TEST_P(TerminalContract, NobodyAnswersForTheTerminal) {
  // A read gives up after 0.3 s of silence.
  this->Start(
      "stty min 0 time 3; printf '\\033[6n\\033[c\\033[>c\\033[5n\\005\\033]11;?\\007'; wc -c");
  this->RunToTheEnd();
  const std::string& told = this->sink_->output;
  EXPECT_EQ(told.substr(told.find('\a') + 1), "0\n");
}

// --- the end -------------------------------------------------------------------------------------

TYPED_TEST_P(TerminalContract, ABackgroundChildIsHungUpWithItsLeader) {
  this->StartCooked("sleep 1000 & echo $!; exit 4");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 4);
  const auto child = static_cast<pid_t>(std::stol(this->sink_->output));
  EXPECT_TRUE(this->RunUntil([&] { return !Runs(child); }));
}

// As on pipes: the exit is told at once, and the end when the last
// one that holds the terminal has gone. Nothing that is written until then is lost.
TYPED_TEST_P(TerminalContract, OutputOfChildrenThatOutliveTheLeaderIsDelivered) {
  for (const char* start : {"trap '' HUP; sh -c", "setsid sh -c"}) {
    const testing::TempDir dir;
    const std::string go = dir / "go";
    this->StartCooked(std::string(start) + " 'echo here; while [ ! -e " + go +
                      " ]; do sleep 0.01; done; echo late' & while :; do sleep 0.01; " + "[ -e " +
                      (dir / "leave") + " ] && break; done; " + "head -c 400000 /dev/zero; exit 4");
    ASSERT_TRUE(this->RunUntilOutput("here"));
    std::ofstream(dir / "leave") << 1;
    ASSERT_TRUE(this->RunUntil([this] { return this->sink_->exits > 0; })) << start;
    EXPECT_EQ(this->sink_->exit.code, 4);
    // The exit overtakes what the link has no room for at the moment.
    const std::size_t leaders = std::string("here\r\n").size() + 400'000;
    ASSERT_TRUE(this->RunUntil([&] { return this->sink_->output.size() >= leaders; })) << start;
    EXPECT_EQ(this->sink_->output.size(), leaders);
    EXPECT_EQ(this->sink_->ends, 0) << start;
    std::ofstream(go) << 1;
    this->RunToTheEnd();
    EXPECT_EQ(this->sink_->output.substr(this->sink_->output.size() - 6), "late\r\n") << start;
  }
}

TYPED_TEST_P(TerminalContract, SignalsReachTheForegroundJobToo) {
  // The job may be over before the leader has its signal, so that waits for it.
  this->StartCooked(
      "trap 'echo leader; got=1' TERM; set -m; "
      "sh -c 'trap \"echo job; exit 0\" TERM; echo ready; while :; do sleep 0.01; done'; "
      "while [ -z \"$got\" ]; do sleep 0.01; done; exit 9");
  ASSERT_TRUE(this->RunUntilOutput("ready"));
  this->Signal(SIGTERM);
  this->RunToTheEnd();
  EXPECT_NE(this->sink_->output.find("job\r\n"), std::string::npos) << this->sink_->output;
  EXPECT_NE(this->sink_->output.find("leader\r\n"), std::string::npos) << this->sink_->output;
  EXPECT_EQ(this->sink_->exit.code, 9);
}

// --- full screen programs ------------------------------------------------------------------------

TYPED_TEST_P(TerminalContract, AnEditorIsDriven) {
  if (::access("/usr/bin/vim.tiny", X_OK) != 0) GTEST_SKIP() << "vim-tiny is not installed";
  const ScratchFile file("", std::filesystem::perms::owner_all);
  this->StartIn("xterm", {"/usr/bin/vim.tiny", "-u", "NONE", "-n", file.path()});
  ASSERT_TRUE(this->RunUntilOutput("~"));
  this->Write("ihello, editor\x1b");
  ASSERT_TRUE(this->RunUntilOutput("editor"));
  this->Write(":wq\r");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 0);
  std::ifstream written(file.path());
  std::string line;
  std::getline(written, line);
  EXPECT_EQ(line, "hello, editor");
}

TYPED_TEST_P(TerminalContract, APagerIsDriven) {
  if (::access("/usr/bin/less", X_OK) != 0) GTEST_SKIP() << "less is not installed";
  std::string lines;
  for (int n = 1; n <= 500; ++n) lines += "line " + std::to_string(n) + "\n";
  const ScratchFile file(lines, std::filesystem::perms::owner_all);
  this->StartIn("xterm", {"/usr/bin/less", file.path()});
  ASSERT_TRUE(this->RunUntilOutput("line 20"));
  EXPECT_EQ(this->sink_->output.find("line 500"), std::string::npos);
  this->Write("G");
  ASSERT_TRUE(this->RunUntilOutput("line 500"));
  this->Write("q");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 0);
}

TYPED_TEST_P(TerminalContract, AMonitorIsDriven) {
  if (::access("/usr/bin/top", X_OK) != 0) GTEST_SKIP() << "top (procps) is not installed";
  this->StartIn("xterm", {"/usr/bin/top", "-d", "100"});
  ASSERT_TRUE(this->RunUntilOutput("PID"));
  this->Write("q");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 0);
}

REGISTER_TYPED_TEST_SUITE_P(TerminalContract, EchoesAndWritesWholeLineEnds, ControlDIsTheEndOfInput,
                            ControlCEndsTheForegroundJobAlone, JobsStopAndComeBack,
                            ControlCInAFlood, IsControllingAndTheProgramInItsForeground,
                            NothingOfTmuxIsInTheEnvironment, ItsSizeIsThePlans,
                            ResizingIsToldByASignal, ResizingWhileItIsStarted,
                            NobodyAnswersForTheTerminal, ABackgroundChildIsHungUpWithItsLeader,
                            OutputOfChildrenThatOutliveTheLeaderIsDelivered,
                            SignalsReachTheForegroundJobToo, AnEditorIsDriven, APagerIsDriven,
                            AMonitorIsDriven);

}  // namespace paned
