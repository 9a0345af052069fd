// The cases of the backend contract; see backend_contract.h, which includes this file.
// Threading: one thread, which runs the loop.
#pragma once

#include "tests/process/backend_contract.h"

namespace paned {

// --- output and exit -----------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, OutputAndTheExitCode) {
  this->Run("printf out; exit 3");
  EXPECT_EQ(this->sink_->output, "out");
  EXPECT_EQ(this->sink_->exit.code, 3);
  EXPECT_EQ(this->sink_->exit.failure, "");
}

TYPED_TEST_P(BackendContract, ExitCodesOfEveryKind) {
  const std::vector<std::pair<std::string, int>> rows = {
      {"exit 0", 0},          {"exit 1", 1},        {"exit 127", 127},
      {"exit 128", 128},      {"exit 255", 255},    {"exit 256", 0},
      {"kill -9 $$", 137},    {"kill -15 $$", 143}, {"kill -2 $$", 130},
      {"kill -USR1 $$", 138}, {"kill -1 $$", 129},  {"ulimit -c 0; kill -SEGV $$", 139}};
  for (const auto& [command, code] : rows) {
    this->Run(command);
    EXPECT_EQ(this->sink_->exit.code, code) << command;
    EXPECT_EQ(this->sink_->exit.failure, "") << command;
  }
}

TYPED_TEST_P(BackendContract, EverythingHappensOnce) {
  this->Run("printf x");
  this->Signal(SIGTERM);
  this->Write("y");
  this->Do([](BackendProcess* process) { process->ResumeOutput(); });
  this->Do([](BackendProcess* process) { process->CloseInputAfterFlush(); });
  this->RunDue();
  EXPECT_EQ(this->sink_->exits, 1);
  EXPECT_EQ(this->sink_->ends, 1);
  EXPECT_EQ(this->sink_->output, "x");
  EXPECT_LE(this->sink_->starts, 1);
}

TYPED_TEST_P(BackendContract, AllByteValuesBothWays) {
  const std::string all = Pattern(std::size_t{256} * 251);
  this->StartReader("exec head -c " + std::to_string(all.size()));
  this->Write(all);
  this->RunToTheEnd();
  EXPECT_TRUE(this->sink_->output == all);
}

TYPED_TEST_P(BackendContract, WhatIsNoTextPassesToo) {
  this->Run(R"(printf '\000\377\300\200\355\240\200\000')");
  EXPECT_EQ(this->sink_->output, std::string("\0\377\300\200\355\240\200\0", 8));
}

TYPED_TEST_P(BackendContract, ALineOfAMegabyte) {
  this->Run("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo next");
  EXPECT_TRUE(this->sink_->output == std::string(1'000'000, 'x') + "\nnext\n");
}

TYPED_TEST_P(BackendContract, NothingWrittenBeforeTheExitIsLost) {
  for (int run = 0; run < 200 && !this->HasFailure(); ++run) {
    this->RunProgram({"/usr/bin/head", "-c", "300000", "/dev/zero"});
    EXPECT_EQ(this->sink_->output.size(), 300'000U) << "run " << run;
    EXPECT_EQ(this->sink_->exit.code, 0);
    EXPECT_EQ(this->sink_->exits, 1);
    EXPECT_EQ(this->sink_->ends, 1);
  }
}

// --- holding back --------------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, WithoutRoomTheChildBlocksAndIsResumedWithoutLoss) {
  constexpr std::size_t kTotal = 2'000'000;
  this->Start("head -c 2000000 /dev/zero | tr '\\0' x; printf end");
  this->sink_->room = 100'000;
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->room == 0; }));
  this->RunDue();
  const int asked = this->sink_->asked;
  this->RunDue();
  EXPECT_LE(this->sink_->asked, asked + 1) << "asks on although nothing is wanted";
  // It has not come to its end, for it could not write what comes before.
  EXPECT_EQ(this->sink_->exits, 0);
  for (int turn = 0; turn < 1000 && !this->sink_->over(); ++turn) {
    this->sink_->room += 100'000;
    this->Do([](BackendProcess* process) { process->ResumeOutput(); });
    ASSERT_TRUE(this->RunUntil([&] { return this->sink_->over() || this->sink_->room == 0; }));
  }
  EXPECT_EQ(this->sink_->exits, 1);
  EXPECT_TRUE(this->sink_->output == std::string(kTotal, 'x') + "end");
}

TYPED_TEST_P(BackendContract, AChildThatDiesWhileHeldLosesNothing) {
  this->Start("printf 0123456789");
  this->sink_->room = 0;
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->exits > 0; }));
  this->RunDue();
  EXPECT_EQ(this->sink_->ends, 0);
  EXPECT_EQ(this->sink_->output, "");
  this->sink_->room = 4;
  this->Do([](BackendProcess* process) { process->ResumeOutput(); });
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->room == 0; }));
  this->RunDue();
  EXPECT_EQ(this->sink_->ends, 0);
  this->sink_->room = SIZE_MAX;
  this->Do([](BackendProcess* process) { process->ResumeOutput(); });
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "0123456789");
}

TYPED_TEST_P(BackendContract, OneThatIsHeldCanBeDestroyed) {
  this->Start("echo $$; exec cat /dev/zero");
  ASSERT_TRUE(this->RunUntilOutput("\n"));
  const auto leader = static_cast<pid_t>(std::stol(this->sink_->output));
  this->sink_->room = 0;
  ASSERT_TRUE(this->RunUntil([&] { return this->sink_->asked > 1; }));
  this->process_.reset();
  EXPECT_TRUE(this->RunUntil([&] { return !Exists(leader); }));
}

// --- input ---------------------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, InputKeepsItsOrder) {
  std::vector<std::string> pieces;
  for (int n = 0; n < 2000; ++n) pieces.push_back(std::to_string(n) + ' ');
  pieces.push_back(Pattern(1 << 20));
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  this->StartReader("exec head -c " + std::to_string(all.size()));
  for (const std::string& piece : pieces) this->Write(piece);
  EXPECT_TRUE(this->process_->InputOpen());
  EXPECT_GT(this->process_->QueuedInput(), 0U);
  this->RunToTheEnd();
  EXPECT_TRUE(this->sink_->output == all);
  EXPECT_EQ(this->process_->QueuedInput(), 0U);
  EXPECT_GT(this->sink_->progress, 0);
}

TYPED_TEST_P(BackendContract, InputThatIsTakenIsTold) {
  this->StartReader("exec cat");
  this->Write("abc");
  ASSERT_TRUE(this->RunUntil([this] { return this->process_->QueuedInput() == 0; }));
  ASSERT_TRUE(this->RunUntilOutput("abc"));
  EXPECT_EQ(this->sink_->exits, 0);
}

TYPED_TEST_P(BackendContract, InputForOneThatNeverReads) {
  this->StartReader("echo $$; exec sleep 1000");
  this->Write(std::string(1 << 20, 'x'));
  ASSERT_TRUE(this->RunUntilOutput("\n"));
  EXPECT_GT(this->process_->QueuedInput(), std::size_t{1} << 18);
  this->Signal(SIGKILL);
  this->RunToTheEnd();
  EXPECT_EQ(this->process_->QueuedInput(), 0U);
  EXPECT_EQ(this->sink_->exit.code, 137);
}

// --- signals and the end -------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, SignalsReachGrandchildrenInTheGroup) {
  this->Start(
      "exec 2>/dev/null; trap 'wait; exit 9' TERM; "
      "sh -c 'trap \"echo grandchild; exit 0\" TERM; echo ready; while :; do sleep 0.01; done' & "
      "wait; wait");
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->output == "ready\n"; }));
  this->Signal(SIGTERM);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "ready\ngrandchild\n");
}

TYPED_TEST_P(BackendContract, ASignalRightAfterTheStartIsNotLost) {
  for (int run = 0; run < 20; ++run) {
    this->StartProgram({"/bin/sleep", "1000"});
    this->Signal(SIGKILL);
    this->RunToTheEnd();
    EXPECT_EQ(this->sink_->exit.code, 137);
  }
}

TYPED_TEST_P(BackendContract, DestroyingKillsTheGroupAndReaps) {
  this->Start("sleep 1000 & echo $$ $!; wait");
  ASSERT_TRUE(this->RunUntilOutput("\n"));
  const auto leader = static_cast<pid_t>(std::stol(this->sink_->output));
  const auto other =
      static_cast<pid_t>(std::stol(this->sink_->output.substr(this->sink_->output.find(' '))));
  ASSERT_TRUE(Runs(leader) && Runs(other));
  this->process_.reset();
  EXPECT_TRUE(this->RunUntil([&] { return !Exists(leader); })) << "a zombie is left";
  EXPECT_TRUE(this->RunUntil([&] { return !Runs(other); }));
  EXPECT_EQ(this->sink_->exits, 0) << "nothing is told after the end";
  // The loop may go on: nobody there is called any more.
  this->sink_.reset();
  this->RunDue();
}

TYPED_TEST_P(BackendContract, AnEndedProcessLeavesNoZombie) {
  this->Run("echo $$");
  EXPECT_FALSE(Exists(static_cast<pid_t>(std::stol(this->sink_->output))));
}

TYPED_TEST_P(BackendContract, ManyAtOnce) {
  constexpr std::size_t kMany = 12;
  std::vector<std::unique_ptr<EventSink>> sinks;
  std::vector<std::unique_ptr<BackendProcess>> processes;
  for (std::size_t n = 0; n < kMany; ++n) {
    this->Start("head -c 200000 /dev/zero | tr '\\0' " +
                std::string(1, static_cast<char>('a' + n)) + "; exit " + std::to_string(n));
    sinks.push_back(std::move(this->sink_));
    processes.push_back(std::move(this->process_));
  }
  for (std::size_t n = 0; n < kMany; ++n) {
    EXPECT_TRUE(this->RunUntil([&] { return sinks[n]->over(); })) << n;
    EXPECT_TRUE(sinks[n]->output == std::string(200'000, static_cast<char>('a' + n))) << n;
    EXPECT_EQ(sinks[n]->exit.code, static_cast<int>(n));
  }
}

REGISTER_TYPED_TEST_SUITE_P(BackendContract, OutputAndTheExitCode, ExitCodesOfEveryKind,
                            EverythingHappensOnce, AllByteValuesBothWays, WhatIsNoTextPassesToo,
                            ALineOfAMegabyte, NothingWrittenBeforeTheExitIsLost,
                            WithoutRoomTheChildBlocksAndIsResumedWithoutLoss,
                            AChildThatDiesWhileHeldLosesNothing, OneThatIsHeldCanBeDestroyed,
                            InputKeepsItsOrder, InputThatIsTakenIsTold, InputForOneThatNeverReads,
                            SignalsReachGrandchildrenInTheGroup, ASignalRightAfterTheStartIsNotLost,
                            DestroyingKillsTheGroupAndReaps, AnEndedProcessLeavesNoZombie,
                            ManyAtOnce);

}  // namespace paned
