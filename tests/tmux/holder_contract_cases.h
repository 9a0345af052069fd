// What stands between a program on a terminal and the server; see terminal_contract.h, which
// includes this file.
// Threading: one thread, which runs the loop.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "server/base/unique_fd.h"
#include "tests/tmux/terminal_contract.h"
#include "tmux/channel.h"

namespace paned {

// Ends the holder behind `path` as whoever cleans up does. False: nobody is there.
inline bool EndHolderAt(const std::string& path) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return false;
  }
  FrameHeader end;
  end.type = FrameType::kEnd;
  if (::send(socket.get(), &end, sizeof(end), MSG_NOSIGNAL) != sizeof(end)) return false;
  std::array<char, 4096> said;
  bool greeted = false;
  while (::recv(socket.get(), said.data(), said.size(), 0) > 0) greeted = true;
  return greeted;
}

// --- one after another ---------------------------------------------------------------------------

TYPED_TEST_P(HolderContract, TheNextProcessOnAHolderFindsNothingOfTheOneBefore) {
  std::vector<pid_t> seen;
  bool again = false;
  // Newest first is how they are taken: the same ones come again.
  for (int run = 0; run < 12; ++run) {
    this->Start(
        "stty -a | grep -q ' brkint' && echo cooked; stty size; stty min 0 time 1; wc -c; "
        "printf end; stty raw -echo; exec sleep 1000");
    ASSERT_TRUE(this->RunUntilOutput("end"));
    EXPECT_EQ(this->sink_->output, "24 80\n0\nend") << "run " << run;
    const pid_t holder = this->Holder();
    const std::string socket = this->SocketOf(holder);
    EXPECT_NE(socket, "");
    again = again || std::find(seen.begin(), seen.end(), holder) != seen.end();
    seen.push_back(holder);
    this->Do([](BackendProcess* process) { process->Resize({10, 10}); });
    this->Write(std::string(200'000, 'x'));  // nobody reads it
    this->Signal(SIGKILL);
    this->RunToTheEnd();
    this->Do([](BackendProcess* process) { process->OnEndDelivered(); });
    EXPECT_TRUE(this->RunUntil([&] {
      const std::string now = this->SocketOf(holder);
      return now != socket && !now.empty();
    })) << "it was not recycled";
  }
  EXPECT_TRUE(again);
}

TYPED_TEST_P(HolderContract, AFreshTerminalIsCooked) {
  for (int run = 0; run < 3; ++run) {
    this->StartCooked(
        "stty | tr '\\n' ' ' | grep -c -e -icanon -e -echo -e -opost; stty raw -echo");
    this->RunToTheEnd();
    EXPECT_EQ(this->sink_->output.substr(0, 1), "0") << this->sink_->output;
    this->Do([](BackendProcess* process) { process->OnEndDelivered(); });
  }
}

TYPED_TEST_P(HolderContract, TheEndMayBeDeliveredFromWithinTheLastEvent) {
  for (int run = 0; run < 30; ++run) {
    const std::string text = "run " + std::to_string(run);
    this->StartProgram({"/usr/bin/printf", text});
    this->sink_->on_event = [this] {
      if (this->sink_->over()) this->process_->OnEndDelivered();
    };
    this->RunToTheEnd();
    EXPECT_EQ(this->sink_->output, text);
    // Twice, and what is asked for later, is of no effect.
    this->Do([](BackendProcess* process) { process->OnEndDelivered(); });
    this->Do([](BackendProcess* process) { process->Resize({9, 9}); });
    this->Signal(SIGTERM);
    this->Write("z");
  }
}

TYPED_TEST_P(HolderContract, AFailedStartMayBeDestroyedFromWithinTheNews) {
  for (int run = 0; run < 5; ++run) {
    this->StartProgram({"/etc/passwd"});
    this->sink_->on_event = [this] { this->process_.reset(); };
    ASSERT_TRUE(this->RunUntil([this] { return this->sink_->starts > 0; }));
    EXPECT_EQ(this->process_, nullptr);
    EXPECT_EQ(this->sink_->start_error.path, "/etc/passwd");
  }
  this->RunDue();
  this->RunProgram({"/usr/bin/printf", "fine"});
  EXPECT_EQ(this->sink_->output, "fine");
}

// --- back-pressure -------------------------------------------------------------------------------

TYPED_TEST_P(HolderContract, WhatWasNotDeliveredHoldsTheProgramBack) {
  constexpr std::size_t kTotal = 2'000'000;
  this->Start("head -c 2000000 /dev/zero");
  EXPECT_TRUE(this->process_->OutlivesServer());
  this->sink_->deliver_to = nullptr;
  // All that the ring holds, and not a byte more.
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->total >= TypeParam::kRing; }));
  this->RunDue();
  EXPECT_EQ(this->sink_->total, TypeParam::kRing);
  EXPECT_EQ(this->sink_->exits, 0);
  this->Do([](BackendProcess* process) { process->OnDelivered(100'000); });
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->total >= TypeParam::kRing + 100'000; }));
  this->RunDue();
  EXPECT_EQ(this->sink_->total, TypeParam::kRing + 100'000);
  this->sink_->deliver_to = this->process_.get();
  this->Do([this](BackendProcess* process) { process->OnDelivered(this->sink_->total); });
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->total, kTotal);
}

TYPED_TEST_P(HolderContract, AFullRingAtTheExitEndsWhenItIsEmptied) {
  // A background child keeps the terminal open, so that nothing else tells the end.
  for (const int beyond : {0, 5}) {
    this->Start("trap '' HUP; sleep 1000 & p=$!; echo $p; head -c $((" +
                std::to_string(static_cast<int>(TypeParam::kRing) + beyond) +
                " - ${#p} - 1)) /dev/zero");
    this->sink_->deliver_to = nullptr;
    ASSERT_TRUE(this->RunUntil([this] { return this->sink_->exits > 0; }));
    const auto child = static_cast<pid_t>(std::stol(this->sink_->output));
    EXPECT_EQ(this->sink_->ends, 0);
    ASSERT_TRUE(this->RunUntil([this] { return this->sink_->total == TypeParam::kRing; }));
    this->Do([](BackendProcess* process) { process->OnDelivered(TypeParam::kRing); });
    const std::size_t total = TypeParam::kRing + static_cast<std::size_t>(beyond);
    EXPECT_TRUE(this->RunUntil([&] { return this->sink_->total == total; })) << beyond;
    EXPECT_EQ(this->sink_->ends, 0) << "somebody still has the terminal";
    EXPECT_TRUE(Runs(child));
    ::kill(child, SIGKILL);
    EXPECT_TRUE(this->RunUntil([this] { return this->sink_->ends > 0; })) << beyond;
    EXPECT_EQ(this->sink_->total, total);
  }
}

// --- early words ---------------------------------------------------------------------------------

TYPED_TEST_P(HolderContract, EarlySignalsAreNotLost) {
  this->StartProgram({"/bin/sleep", "1000"});
  EXPECT_TRUE(this->process_->Starting());
  EXPECT_EQ(this->process_->pid(), 0);
  for (int n = 0; n < 100; ++n) this->Signal(SIGCONT);
  this->Signal(SIGWINCH);
  this->Signal(SIGKILL);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->starts, 1);
  EXPECT_EQ(this->sink_->exit.code, 137);
}

TYPED_TEST_P(HolderContract, OneThatIsStartingCanBeDestroyed) {
  const ScratchFile mark("", std::filesystem::perms::owner_all);
  // Nobody waits yet: it never gets a seat, and the seat is there for the next one.
  this->StartProgram({"/bin/rm", mark.path()});
  EXPECT_TRUE(this->process_->Starting());
  this->process_.reset();
  ASSERT_TRUE(
      this->RunUntil([this] { return this->traits_.pool()->waiting() >= TypeParam::kPool; }));
  EXPECT_TRUE(std::filesystem::exists(mark.path()));
  EXPECT_EQ(this->sink_->starts + this->sink_->exits, 0);
  EXPECT_TRUE(this->RunUntil([this] {
    return this->traits_.directory().Sockets().size() == TypeParam::kPool + 1;
  })) << "a seat that nobody wanted was thrown away";
  // With a seat, and its plan under way.
  for (int run = 0; run < 5; ++run) {
    this->StartProgram({"/bin/sleep", "1000"});
    this->process_.reset();
    this->RunDue();
    EXPECT_EQ(this->sink_->starts + this->sink_->exits, 0);
  }
  this->RunProgram({"/usr/bin/printf", "fine"});
  EXPECT_EQ(this->sink_->output, "fine");
}

// --- holders that are ill-treated ----------------------------------------------------------------

TYPED_TEST_P(HolderContract, LeftRunningItGoesOn) {
  this->StartProgram({"/bin/sleep", "1000"});
  ASSERT_TRUE(this->RunUntilRunning());
  const pid_t child = this->process_->pid();
  const pid_t holder = this->Holder();
  const std::string socket = this->SocketOf(holder);
  ASSERT_NE(socket, "");
  this->process_->LeaveRunning();
  this->process_.reset();
  this->RunDue();
  EXPECT_TRUE(Runs(child));
  EXPECT_TRUE(Runs(holder));
  EXPECT_TRUE(EndHolderAt(socket));
  EXPECT_TRUE(this->RunUntil([&] { return !Runs(holder); }));
  EXPECT_FALSE(Runs(child));
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TYPED_TEST_P(HolderContract, AKilledHolderMeansAnUnknownExit) {
  for (const bool ignores_hang_up : {false, true}) {
    this->Start(std::string(ignores_hang_up ? "trap '' HUP; " : "") + "echo ready; sleep 1000");
    ASSERT_TRUE(this->RunUntilOutput("ready\n"));
    const pid_t child = this->process_->pid();
    ::kill(this->Holder(), SIGKILL);
    this->RunToTheEnd();
    EXPECT_EQ(this->sink_->exit.code, -1);
    EXPECT_NE(this->sink_->exit.failure.find("the exit status was lost"), std::string::npos);
    EXPECT_EQ(this->sink_->exits, 1);
    EXPECT_EQ(this->sink_->ends, 1);
    EXPECT_TRUE(this->RunUntil([&] { return !Runs(child); }));
    this->Write("x");
    this->Signal(SIGTERM);
    this->Do([](BackendProcess* process) { process->OnEndDelivered(); });
  }
}

TYPED_TEST_P(HolderContract, AKilledHoldersOutputIsDeliveredFirst) {
  this->Start("head -c 100000 /dev/zero; sleep 1000");
  this->sink_->room = 10;
  ASSERT_TRUE(this->RunUntil([this] { return this->sink_->room == 0; }));
  ::kill(this->Holder(), SIGKILL);
  this->RunDue();
  EXPECT_EQ(this->sink_->exits + this->sink_->ends, 0);
  this->sink_->room = SIZE_MAX;
  this->Do([](BackendProcess* process) { process->ResumeOutput(); });
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, -1);
}

TYPED_TEST_P(HolderContract, AStoppedHolderBlocksNobody) {
  this->StartReader("exec head -c 1000000");
  ASSERT_TRUE(this->RunUntilRunning());
  const pid_t holder = this->Holder();
  ::kill(holder, SIGSTOP);
  this->Write(Pattern(1'000'000));
  for (int n = 0; n < 1000; ++n) {
    this->Do([](BackendProcess* process) { process->Resize({30, 30}); });
  }
  EXPECT_GT(this->process_->QueuedInput(), 0U);
  auto stopped = std::make_pair(std::move(this->process_), std::move(this->sink_));
  this->RunProgram({"/usr/bin/printf", "meanwhile"});
  EXPECT_EQ(this->sink_->output, "meanwhile");
  this->process_ = std::move(stopped.first);
  this->sink_ = std::move(stopped.second);
  ::kill(holder, SIGCONT);
  this->RunToTheEnd();
  EXPECT_TRUE(this->sink_->output == Pattern(1'000'000));
}

TYPED_TEST_P(HolderContract, AStoppedHolderEndsWhenItCan) {
  this->StartProgram({"/bin/sleep", "1000"});
  ASSERT_TRUE(this->RunUntilRunning());
  const pid_t child = this->process_->pid();
  const pid_t holder = this->Holder();
  ::kill(holder, SIGSTOP);
  this->Write(std::string(1'000'000, 'x'));
  // tmux does not leave what runs in its panes stopped.
  const bool stays_stopped = this->process_->backend_name() == "pty";
  this->process_.reset();
  this->RunDue();
  EXPECT_TRUE(!stays_stopped || Runs(child));
  ::kill(holder, SIGCONT);
  EXPECT_TRUE(this->RunUntil([&] { return !Runs(holder) && !Runs(child); }));
}

REGISTER_TYPED_TEST_SUITE_P(HolderContract, TheNextProcessOnAHolderFindsNothingOfTheOneBefore,
                            AFreshTerminalIsCooked, TheEndMayBeDeliveredFromWithinTheLastEvent,
                            AFailedStartMayBeDestroyedFromWithinTheNews,
                            WhatWasNotDeliveredHoldsTheProgramBack,
                            AFullRingAtTheExitEndsWhenItIsEmptied, EarlySignalsAreNotLost,
                            OneThatIsStartingCanBeDestroyed, LeftRunningItGoesOn,
                            AKilledHolderMeansAnUnknownExit, AKilledHoldersOutputIsDeliveredFirst,
                            AStoppedHolderBlocksNobody, AStoppedHolderEndsWhenItCan);

}  // namespace paned
