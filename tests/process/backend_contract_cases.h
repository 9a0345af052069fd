// The cases of the backend contract; see backend_contract.h, which includes this file.
// Threading: one thread, which runs the loop.
#pragma once

#include "tests/process/backend_contract.h"

namespace paned {

// --- output and exit -----------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, BothStreamsAndTheExitCode) {
  this->Run("printf out; printf err >&2; exit 3");
  EXPECT_EQ(this->sink_->output, "out");
  EXPECT_EQ(this->sink_->error_output, "err");
  EXPECT_EQ(this->sink_->exit.code, 3);
  EXPECT_EQ(this->sink_->exit.failure, "");
}

TYPED_TEST_P(BackendContract, ExitCodesOfEveryKind) {
  const std::vector<std::pair<std::string, int>> rows = {
      {"exit 0", 0},       {"exit 1", 1},        {"exit 255", 255},     {"exit 256", 0},
      {"kill -9 $$", 137}, {"kill -15 $$", 143}, {"kill -USR1 $$", 138}};
  for (const auto& [command, code] : rows) {
    this->Run(command);
    EXPECT_EQ(this->sink_->exit.code, code) << command;
  }
}

TYPED_TEST_P(BackendContract, EverythingHappensOnce) {
  this->Run("printf x");
  this->Do([](BackendProcess* process) { process->SignalGroup(SIGTERM); });
  this->Do([](BackendProcess* process) { process->ResumeOutput(); });
  this->RunDue();
  EXPECT_EQ(this->sink_->exits, 1);
  EXPECT_EQ(this->sink_->ends, 1);
}

TYPED_TEST_P(BackendContract, AllByteValues) {
  this->Start("exec cat", /*pipe_stdin=*/true);
  const std::string all = Pattern(std::size_t{256} * 251);
  this->Write(all);
  this->Do([](BackendProcess* process) { process->CloseInputAfterFlush(); });
  this->RunToTheEnd();
  EXPECT_TRUE(this->sink_->output == all);
}

TYPED_TEST_P(BackendContract, NothingWrittenBeforeTheExitIsLost) {
  for (int run = 0; run < 200 && !this->HasFailure(); ++run) {
    this->StartProgram({"/usr/bin/head", "-c", "300000", "/dev/zero"}, false);
    this->RunToTheEnd();
    EXPECT_EQ(this->sink_->output.size(), 300'000U) << "run " << run;
    EXPECT_EQ(this->sink_->exit.code, 0);
    EXPECT_EQ(this->sink_->exits, 1);
    EXPECT_EQ(this->sink_->ends, 1);
  }
}

TYPED_TEST_P(BackendContract, OutputMayOutliveTheProcess) {
  // The grandchild waits for the input's end, which is the test's to give.
  this->Start("cat <&0 & echo started", /*pipe_stdin=*/true);
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->exits > 0; }));
  EXPECT_EQ(this->sink_->exit.code, 0);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "started\n");
}

TYPED_TEST_P(BackendContract, OutputThatEndsEarly) {
  this->Start("exec >&- 2>&-; read line; exit 7", /*pipe_stdin=*/true);
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->ends > 0; }));
  EXPECT_EQ(this->sink_->exits, 0);
  this->Write("go\n");
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 7);
}

// --- holding back --------------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, WithoutRoomTheChildBlocksAndIsResumedWithoutLoss) {
  constexpr std::size_t kTotal = 2'000'000;
  this->Start("head -c 2000000 /dev/zero | tr '\\0' x; echo end >&2");
  this->sink_->room = 100'000;
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->room == 0; }));
  this->RunDue();
  const int asked = this->sink_->asked;
  this->RunDue();
  EXPECT_EQ(this->sink_->asked, asked) << "asks on although nothing is wanted";
  // It has not come to its end, for it could not write what comes before.
  EXPECT_EQ(this->sink_->error_output, "");
  EXPECT_EQ(this->sink_->exits, 0);
  for (int turn = 0; turn < 1000 && !this->sink_->over(); ++turn) {
    this->sink_->room += 100'000;
    this->Do([](BackendProcess* process) { process->ResumeOutput(); });
    const std::size_t target = this->sink_->room;
    ASSERT_TRUE(this->RunUntil([&] {
      return this->sink_->over() || this->sink_->room == 0 ||
             (this->sink_->room < target && this->sink_->output.size() >= kTotal);
    }));
  }
  this->sink_->room = SIZE_MAX;
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, std::string(kTotal, 'x'));
  EXPECT_EQ(this->sink_->error_output, "end\n");
}

TYPED_TEST_P(BackendContract, AChildThatDiesWhileHeldLosesNothing) {
  this->Start("printf 0123456789; printf abc >&2");
  this->sink_->room = 0;
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->exits > 0; }));
  EXPECT_EQ(this->sink_->ends, 0);
  EXPECT_EQ(this->sink_->output, "");
  this->sink_->room = SIZE_MAX;
  this->Do([](BackendProcess* process) { process->ResumeOutput(); });
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "0123456789");
  EXPECT_EQ(this->sink_->error_output, "abc");
}

// --- input ---------------------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, InputKeepsItsOrder) {
  this->Start("exec cat", /*pipe_stdin=*/true);
  std::string all;
  for (int n = 0; n < 2000; ++n) {
    const std::string piece = std::to_string(n) + ' ';
    all += piece;
    this->Write(piece);
  }
  const std::string big = Pattern(1 << 20);
  this->Write(big);
  all += big;
  EXPECT_TRUE(this->process_->InputOpen());
  EXPECT_GT(this->process_->QueuedInput(), 0U);
  this->Do([](BackendProcess* process) { process->CloseInputAfterFlush(); });
  EXPECT_FALSE(this->process_->InputOpen());
  this->RunToTheEnd();
  EXPECT_TRUE(this->sink_->output == all);
  EXPECT_EQ(this->process_->QueuedInput(), 0U);
  EXPECT_GT(this->sink_->progress, 0);
}

TYPED_TEST_P(BackendContract, InputToAChildThatClosedItsStdin) {
  this->Start("exec <&-; echo closed; trap 'exit 4' TERM; while :; do sleep 0.01; done",
              /*pipe_stdin=*/true);
  ASSERT_TRUE(this->RunUntil([this] { return !this->sink_->output.empty(); }));
  this->Write("nowhere");
  this->Write("nowhere");
  EXPECT_EQ(this->process_->QueuedInput(), 0U);
  this->RunDue();
  EXPECT_EQ(this->sink_->exits, 0);
  this->Do([](BackendProcess* process) { process->SignalGroup(SIGTERM); });
  this->RunToTheEnd();
  EXPECT_EQ(this->process_->QueuedInput(), 0U);
  EXPECT_EQ(this->sink_->exits, 1);
}

TYPED_TEST_P(BackendContract, InputThatWaitsFailsWhenTheChildClosesItsStdin) {
  this->Start("trap 'exec <&-' USR1; echo ready; while :; do sleep 0.01; done",
              /*pipe_stdin=*/true);
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->output == "ready\n"; }));
  this->Write(std::string(1 << 20, 'x'));
  ASSERT_GT(this->process_->QueuedInput(), 0U);
  this->Do([](BackendProcess* process) { process->SignalGroup(SIGUSR1); });
  ASSERT_TRUE(this->RunUntil([this] { return this->process_->QueuedInput() == 0; }));
  EXPECT_GT(this->sink_->progress, 0);
  EXPECT_EQ(this->sink_->exits, 0);
}

TYPED_TEST_P(BackendContract, CloseInputWithNothingQueued) {
  this->Start("cat; echo done", /*pipe_stdin=*/true);
  this->Do([](BackendProcess* process) { process->CloseInputAfterFlush(); });
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "done\n");
}

TYPED_TEST_P(BackendContract, WithoutAPipeStdinIsEmpty) {
  this->Start("cat; readlink /proc/self/fd/0");
  EXPECT_FALSE(this->process_->InputOpen());
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "/dev/null\n");
}

// --- signals and the end -------------------------------------------------------------------------

TYPED_TEST_P(BackendContract, SignalsReachGrandchildrenInTheGroup) {
  this->Start(
      "sh -c 'trap \"echo grandchild; exit 0\" TERM; echo ready; while :; do sleep 0.01; "
      "done' & trap 'wait; exit 9' TERM; wait; wait");
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->output == "ready\n"; }));
  this->Do([](BackendProcess* process) { process->SignalGroup(SIGTERM); });
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "ready\ngrandchild\n");
}

TYPED_TEST_P(BackendContract, DestroyingKillsTheGroupAndReaps) {
  this->Start("sleep 1000 & echo $$ $!; wait");
  ASSERT_TRUE(this->RunUntil(
      [this] { return !this->sink_->output.empty() && this->sink_->output.back() == '\n'; }));
  const auto leader = static_cast<pid_t>(std::stol(this->sink_->output));
  ASSERT_TRUE(Exists(leader));
  this->process_.reset();
  EXPECT_TRUE(this->RunUntil([&] { return !Exists(leader); })) << "a zombie is left";
  EXPECT_EQ(this->sink_->exits, 0) << "nothing is told after the end";
  // The loop may go on: nobody there is called any more.
  this->sink_.reset();
  this->RunDue();
}

TYPED_TEST_P(BackendContract, AnEndedProcessLeavesNoZombie) {
  this->Run("echo $$");
  EXPECT_FALSE(Exists(static_cast<pid_t>(std::stol(this->sink_->output))));
}

// --- what a child starts with --------------------------------------------------------------------

TYPED_TEST_P(BackendContract, OnlyThreeDescriptorsAreOpen) {
  this->Run("exec ls /proc/self/fd");
  EXPECT_EQ(this->sink_->output, "0\n1\n2\n3\n");  // 3 is ls's own, of the directory
}

TYPED_TEST_P(BackendContract, IsASessionAndGroupLeader) {
  this->Run(
      "read pid comm state ppid pgrp session rest </proc/$$/stat; "
      "[ $pid = $$ ] && [ $pgrp = $$ ] && [ $session = $$ ] && echo leader");
  EXPECT_EQ(this->sink_->output, "leader\n");
}

TYPED_TEST_P(BackendContract, SignalMaskAndDispositionsAreDefault) {
  // Both would be inherited.
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  const auto int_before = ::signal(SIGINT, SIG_IGN);
  this->StartProgram({"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}, false);
  ::signal(SIGPIPE, pipe_before);
  ::signal(SIGINT, int_before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  this->RunToTheEnd();
  // Signals 32 and 33 belong to the C library, which leaves them ignored in what it spawns.
  const std::string& told = this->sink_->output;
  EXPECT_EQ(told.substr(0, told.find('\n')), "SigBlk:\t0000000000000000");
  const std::string ignored = told.substr(told.rfind('\t') + 1);
  EXPECT_EQ(std::stoull(ignored, nullptr, 16) & ~0x180000000ULL, 0U) << told;
}

REGISTER_TYPED_TEST_SUITE_P(BackendContract, BothStreamsAndTheExitCode, ExitCodesOfEveryKind,
                            EverythingHappensOnce, AllByteValues, NothingWrittenBeforeTheExitIsLost,
                            OutputMayOutliveTheProcess, OutputThatEndsEarly,
                            WithoutRoomTheChildBlocksAndIsResumedWithoutLoss,
                            AChildThatDiesWhileHeldLosesNothing, InputKeepsItsOrder,
                            InputToAChildThatClosedItsStdin,
                            InputThatWaitsFailsWhenTheChildClosesItsStdin,
                            CloseInputWithNothingQueued, WithoutAPipeStdinIsEmpty,
                            SignalsReachGrandchildrenInTheGroup, DestroyingKillsTheGroupAndReaps,
                            AnEndedProcessLeavesNoZombie, OnlyThreeDescriptorsAreOpen,
                            IsASessionAndGroupLeader, SignalMaskAndDispositionsAreDefault);

}  // namespace paned
