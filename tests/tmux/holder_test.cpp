// The holder over its protocol: what it says and when, what it keeps, whom it obeys, when it
// leaves.
#include <sys/stat.h>

#include <fstream>
#include <random>

#include "tests/process/backend_contract_start_cases.h"
#include "tests/tmux/holder_wire.h"

namespace paned {
namespace {

using HolderTest = HolderProgramTest;

TEST_F(HolderTest, SaysWhoItIsAndRunsAPlan) {
  EXPECT_EQ(wire_.hello.head.state, HelloHead::kWaiting);
  EXPECT_EQ(wire_.hello.head.holder_pid, pid_);
  EXPECT_EQ(wire_.hello.head.child_pid, 0);
  EXPECT_EQ(wire_.hello.pane, "");
  EXPECT_EQ(wire_.hello.process_id, "");
  EXPECT_EQ(socket_path_.find(directory_.path() + "/h/" + std::to_string(pid_) + "-"), 0U);
  struct stat status = {};
  ASSERT_EQ(::stat(socket_path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  Plan("printf hello; exit 3");
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.output, "hello");
  EXPECT_EQ(wire_.exit_value, 3U);
  wire_.Send(FrameType::kEnd);
  EXPECT_TRUE(wire_.ReadToClose());
  EXPECT_TRUE(Eventually([this] { return Ended(); }));
  EXPECT_FALSE(std::filesystem::exists(socket_path_));
}

TEST_F(HolderTest, TellsWhyAStartFailed) {
  std::string plan = PlanFor("x");
  const std::size_t at = plan.find("/bin/sh");
  plan.replace(at, 7, "/bin/no");
  wire_.Send(FrameType::kPlan, 1 << 20, plan);
  ASSERT_TRUE(wire_.Until([this] { return wire_.start_failed != 0; }));
  EXPECT_EQ(wire_.start_failed, static_cast<std::uint64_t>(ENOENT));
  EXPECT_TRUE(wire_.Quiet());
  // It may wait again, on another path.
  wire_.Send(FrameType::kRecycle);
  ASSERT_TRUE(wire_.Greeted());
  EXPECT_EQ(wire_.hello.head.state, HelloHead::kWaiting);
  EXPECT_NE(wire_.hello.socket_path, socket_path_);
  EXPECT_FALSE(std::filesystem::exists(socket_path_));
  socket_path_ = wire_.hello.socket_path;
  wire_.Send(FrameType::kPlan, ~0ULL, PlanFor("exit"));  // a ring that cannot be
  ASSERT_TRUE(wire_.Until([this] { return wire_.start_failed == ENOMEM; }));
}

TEST_F(HolderTest, RecycledItRunsTheNextFromOffsetZero) {
  for (int run = 0; run < 3; ++run) {
    wire_.begin = 0;
    wire_.output.clear();
    wire_.exited = wire_.ended = false;
    Plan("head -c 100000 /dev/zero");
    ASSERT_TRUE(wire_.UntilOver());
    EXPECT_EQ(wire_.output.size(), 100'000U);
    wire_.Send(FrameType::kRecycle);
    ASSERT_TRUE(wire_.Greeted());
    EXPECT_NE(wire_.hello.socket_path, socket_path_);
    EXPECT_EQ(wire_.hello.head.end_offset, 0U);
    EXPECT_EQ(wire_.hello.head.has_exit, 0U);
    socket_path_ = wire_.hello.socket_path;
    // One that waits may be recycled: nothing changes.
    wire_.Send(FrameType::kRecycle);
    ASSERT_TRUE(wire_.Greeted());
    EXPECT_EQ(wire_.hello.socket_path, socket_path_);
  }
}

// --- windows -------------------------------------------------------------------------------------

TEST_F(HolderTest, NeverMoreThanAWindowIsUnderWay) {
  wire_.credit = wire_.ack = false;
  Plan("head -c 1000000 /dev/zero; exit 7", 2 << 20);
  ASSERT_TRUE(wire_.Until([this] { return wire_.output.size() >= kOutputWindow; }));
  // The exit is told although the output behind it cannot be.
  ASSERT_TRUE(wire_.Until([this] { return wire_.exited; }));
  EXPECT_TRUE(wire_.Quiet());
  EXPECT_EQ(wire_.output.size(), kOutputWindow);
  EXPECT_EQ(wire_.exit_value, 7U);
  wire_.Send(FrameType::kCredit, 1000);
  ASSERT_TRUE(wire_.Until([this] { return wire_.output.size() >= kOutputWindow + 1000; }));
  EXPECT_TRUE(wire_.Quiet());
  EXPECT_EQ(wire_.output.size(), kOutputWindow + 1000);
  // Credit for what was never sent is none.
  wire_.Send(FrameType::kCredit, 900'000);
  EXPECT_TRUE(wire_.Quiet());
  wire_.credit = true;
  wire_.Send(FrameType::kCredit, kOutputWindow + 1000);
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.output.size(), 1'000'000U);
}

TEST_F(HolderTest, WhatIsNotAcknowledgedFillsTheRing) {
  wire_.ack = false;
  Plan("head -c 500000 /dev/zero", 1);  // the least there is: 128 KiB
  ASSERT_TRUE(wire_.Until([this] { return wire_.output.size() >= 128U << 10; }));
  EXPECT_TRUE(wire_.Quiet());
  EXPECT_EQ(wire_.output.size(), 128U << 10);
  wire_.ack = true;
  wire_.Send(FrameType::kAck, 128U << 10);
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.output.size(), 500'000U);
}

TEST_F(HolderTest, InputBeyondTheWindowIsRefused) {
  Plan("printf ready; exec sleep 1000");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  const std::string window(kInputWindow, 'x');
  wire_.Send(FrameType::kInput, 0, window);
  wire_.Send(FrameType::kInput, 0, window);
  EXPECT_TRUE(wire_.ReadToClose());
  EXPECT_TRUE(Runs(child_));
  HolderWire next = Call();
  EXPECT_EQ(next.hello.head.state, HelloHead::kRunning);
}

TEST_F(HolderTest, InputIsTakenAsItIsRead) {
  Plan("printf ready; head -c 100000 | tail -c 3; exit");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  const std::string input = Pattern(100'000);
  for (std::size_t at = 0; at < input.size(); at += 10'000) {
    wire_.Send(FrameType::kInput, 0, input.substr(at, 10'000));
    ASSERT_TRUE(wire_.Until([&] { return wire_.exited || wire_.input_taken == at + 10'000; }));
  }
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.output, "ready" + input.substr(99'997));
}

// --- peers that misbehave ------------------------------------------------------------------------

TEST_F(HolderTest, WaitingItLeavesAtTheFirstNonsense) {
  wire_.SendRaw(std::string(100, '\xee'));
  EXPECT_TRUE(wire_.ReadToClose());
  EXPECT_TRUE(Eventually([this] { return Ended(); }));
  EXPECT_FALSE(std::filesystem::exists(socket_path_));
}

TEST_F(HolderTest, WaitingItLeavesWithItsServer) {
  wire_.SendRaw("\1\2\3");  // not even a header
  wire_.Close();
  EXPECT_TRUE(Eventually([this] { return Ended(); }));
}

TEST_F(HolderTest, RunningItGoesOnWithoutWhoTalksNonsense) {
  FrameHeader cut;
  cut.type = FrameType::kInput;
  cut.size = 1000;
  FrameHeader big = cut;
  big.size = kInputWindow + 1;
  FrameHeader wrong_way = cut;
  wrong_way.type = FrameType::kOutput;
  const auto bytes = [](const FrameHeader& header) {
    return std::string(reinterpret_cast<const char*>(&header), sizeof(header));
  };
  Plan("printf ready; exec sleep 1000");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  const std::vector<std::string> nonsense = {std::string(64, '\0'), std::string(64, '\xff'),
                                             bytes(big), bytes(wrong_way),
                                             bytes(cut) + "half a payload"};
  for (const std::string& text : nonsense) {
    wire_.SendRaw(text);
    if (text.size() < 40 && text.back() == 'd') {
      wire_.Close();
    } else {
      EXPECT_TRUE(wire_.ReadToClose());
    }
    EXPECT_TRUE(Runs(child_));
    wire_ = Adopt(0);
    wire_.ack = false;
  }
  // A second plan is no way to get another program.
  wire_.Send(FrameType::kPlan, 1 << 20, PlanFor("exit"));
  EXPECT_TRUE(wire_.ReadToClose());
  EXPECT_TRUE(Runs(child_));
}

TEST_F(HolderTest, RecyclingTooEarlyEndsIt) {
  wire_.credit = wire_.ack = false;
  Plan("head -c 900000 /dev/zero", 1 << 20);
  ASSERT_TRUE(wire_.Until([this] { return wire_.exited; }));
  wire_.Send(FrameType::kRecycle);
  EXPECT_TRUE(wire_.ReadToClose());
  EXPECT_TRUE(Eventually([this] { return Ended(); }));
}

TEST_F(HolderTest, TheLastWordCountsThoughOutputIsUnderWay) {
  for (const char* command : {"exec cat /dev/zero"}) {
    wire_.ack = wire_.credit = false;
    Plan(command);
    // Much is still to be read here when the connection is closed.
    wire_.Send(FrameType::kEnd);
    wire_.Close();
    EXPECT_TRUE(Eventually([this] { return Ended(); }));
    EXPECT_FALSE(Runs(child_));
  }
}

// --- from one server to the next -----------------------------------------------------------------

TEST_F(HolderTest, ASecondConnectionIsTurnedAwayWhileItIsOwned) {
  const auto turned_away = [this] {
    HolderWire other = HolderWire::ConnectTo(socket_path_);
    return other.open() && other.ReadToClose() && !other.Greeted();
  };
  EXPECT_TRUE(turned_away());
  Plan("printf ready; exec sleep 1000");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  EXPECT_TRUE(turned_away());
  EXPECT_TRUE(Runs(child_));
}

TEST_F(HolderTest, WhoOnlyLooksDoesNotOwn) {
  wire_.ack = false;
  Plan("printf ready; exec sleep 1000");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  wire_.Close();
  HolderWire looks = Call();
  EXPECT_EQ(looks.hello.head.state, HelloHead::kRunning);
  EXPECT_EQ(looks.hello.head.child_pid, child_);
  EXPECT_EQ(looks.hello.head.has_exit, 0U);
  EXPECT_EQ(looks.hello.head.first_offset, 0U);
  EXPECT_EQ(looks.hello.head.end_offset, 5U);
  EXPECT_EQ(looks.hello.process_id, "my process");
  EXPECT_TRUE(looks.Quiet()) << "output for one who has not asked";
  HolderWire owner = Adopt(0);
  EXPECT_TRUE(looks.ReadToClose());
  EXPECT_TRUE(owner.UntilOutput("ready"));
}

TEST_F(HolderTest, AdoptedAnywhereTheSameBytesComeAgain) {
  std::mt19937 random(7);  // the same cuts every time
  const std::string file_text = Pattern(3'000'000);
  const ScratchFile file(file_text, std::filesystem::perms::owner_all);
  wire_.ack = false;
  Plan("exec cat " + file.path(), 4 << 20);
  std::string all;
  for (int cut = 0; cut < 20; ++cut) {
    const std::size_t want = 1 + random() % 140'000;
    ASSERT_TRUE(wire_.Until([&] { return wire_.ended || wire_.output.size() >= want; }));
    // What was read beyond some point is thrown away, and asked for again.
    const std::size_t keep = random() % (wire_.output.size() + 1);
    all.resize(static_cast<std::size_t>(wire_.begin));
    all += wire_.output.substr(0, keep);
    ASSERT_TRUE(file_text.compare(0, all.size(), all) == 0) << "cut " << cut;
    if (cut % 3 == 0) wire_.Send(FrameType::kAck, all.size());
    wire_.Close();
    wire_ = Adopt(all.size());
    wire_.ack = false;
    EXPECT_LE(wire_.hello.head.first_offset, all.size());
  }
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_TRUE(all + wire_.output == file_text);
  EXPECT_EQ(wire_.exit_value, 0U);
}

TEST_F(HolderTest, WhatEndedMeanwhileIsThereAtTheAdoption) {
  wire_.ack = false;
  Plan("printf ready; read x; printf done; exit 9");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  wire_.Send(FrameType::kInput, 0, "\n");
  wire_.Close();
  ASSERT_TRUE(Eventually([this] {
    HolderWire looks = HolderWire::ConnectTo(socket_path_);
    return looks.open() && looks.Greeted() && looks.hello.head.has_exit != 0;
  }));
  // Twice: to be told is not to have taken.
  for (int time = 0; time < 2; ++time) {
    wire_ = Adopt(5);
    EXPECT_EQ(wire_.hello.head.state, HelloHead::kEnded);
    EXPECT_EQ(wire_.hello.head.exit_value, 9U);
    wire_.ack = false;
    ASSERT_TRUE(wire_.UntilOver());
    EXPECT_EQ(wire_.output, "done");
    EXPECT_EQ(wire_.exit_value, 9U);
    wire_.Close();
  }
}

TEST_F(HolderTest, WithoutAServerItLeavesInTime) {
  Plan("exec sleep 1000", 1 << 20, 1, 1000);
  wire_.Close();
  EXPECT_TRUE(Eventually([this] { return Ended(); }));
  EXPECT_FALSE(Runs(child_));
  EXPECT_FALSE(std::filesystem::exists(socket_path_));
}

TEST_F(HolderTest, WithoutAServerAnEndedOneLeavesInTime) {
  Plan("exit 3", 1 << 20, 1000, 1);
  ASSERT_TRUE(wire_.UntilOver());
  wire_.Close();
  EXPECT_TRUE(Eventually([this] { return Ended(); }));
}

TEST_F(HolderTest, AnAdoptionStopsTheClock) {
  Plan("printf ready; exec sleep 1000", 1 << 20, 1, 1);
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  wire_.Close();
  wire_ = Adopt(5);
  EXPECT_TRUE(wire_.Quiet(1500));
  EXPECT_TRUE(Runs(child_));
  EXPECT_FALSE(Ended());
}

// --- what it costs -------------------------------------------------------------------------------

// Memory of its own, in kB. Pages of the program itself are shared by all, and count as dirty while
// the file is new.
long PrivateMemory(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string line;
  long sum = 0;
  while (std::getline(file, line)) {
    if (line.rfind("Anonymous:", 0) == 0) sum += std::stol(line.substr(10));
  }
  return sum;
}

TEST_F(HolderTest, AnIdleOneIsSmall) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory is not the holder's";
#endif
  const long waiting = PrivateMemory(pid_);
  EXPECT_GT(waiting, 0);
  EXPECT_LE(waiting, 200);
  Plan("printf ready; exec sleep 1000", 8 << 20);
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  EXPECT_LE(PrivateMemory(pid_), 200);
}

TEST_F(HolderTest, AfterAFloodThePagesGoBack) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory is not the holder's";
#endif
  Plan("head -c 6000000 /dev/zero; printf ready; exec sleep 1000", 8 << 20);
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  EXPECT_TRUE(Eventually([this] { return PrivateMemory(pid_) <= 1300; })) << PrivateMemory(pid_);
}

}  // namespace
}  // namespace paned
