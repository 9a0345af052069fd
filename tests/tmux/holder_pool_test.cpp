// The pool of waiting holders, with a launcher that does as the test says and time moved by hand.
#include "tmux/holder_pool.h"

#include <asio/post.hpp>
#include <deque>
#include <list>
#include <optional>

#include "tests/support/manual_clock.h"
#include "tests/tmux/holder_wire.h"
#include "tmux/holder_link.h"

namespace paned {
namespace {

using std::chrono::seconds;

class FakeLauncher final : public HolderLauncher {
 public:
  explicit FakeLauncher(asio::io_context* io, std::string name) : io_(io), name_(std::move(name)) {}

  void Launch(LaunchDone done) override { asked.push_back(std::move(done)); }
  bool MayRecycle(const Seat& /*seat*/) const override { return may_recycle; }
  bool Shown(const Seat& /*seat*/) const override { return true; }
  void Label(const Seat& seat, std::string_view text) override {
    labels.push_back(seat.socket_path + "=" + std::string(text));
  }
  void Resize(const Seat& /*seat*/, protocol::TerminalSize /*size*/) override {}
  void ReadScreen(const Seat& /*seat*/, BackendProcess::ScreenDone /*done*/) override {}
  std::string_view name() const override { return name_; }

  // The oldest launch comes to this. The other end of the new holder's connection.
  HolderWire* Succeed() {
    std::array<int, 2> ends = {};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    holders.emplace_back(UniqueFd(ends[1]));
    Seat seat;
    seat.link = std::make_shared<HolderLink>(io_, UniqueFd(ends[0]));
    seat.link->Start();
    seat.launcher = this;
    seat.socket_path = name_ + std::to_string(holders.size());
    Next()(std::move(seat));
    return &holders.back();
  }
  void Fail(const std::string& why) { Next()(Error{ErrorKind::kInternal, why}); }

  std::deque<LaunchDone> asked;
  std::list<HolderWire> holders;
  std::vector<std::string> labels;
  bool may_recycle = true;

 private:
  LaunchDone Next() {
    EXPECT_FALSE(asked.empty());
    LaunchDone done = std::move(asked.front());
    asked.pop_front();
    return done;
  }

  asio::io_context* io_;
  std::string name_;
};

class HolderPoolTest : public ::testing::Test {
 protected:
  struct Taken {
    std::optional<Seat> seat;
    std::string error;
    int calls = 0;
  };

  HolderPool* Make(std::size_t size, HolderLauncher* fallback = nullptr) {
    pool_ = std::make_unique<HolderPool>(
        &io_, &clock_, size, &launcher_, fallback,
        [this](std::string_view, const std::string& line) { log_ += line + '\n'; });
    return pool_.get();
  }
  std::shared_ptr<Taken> Take() {
    auto taken = std::make_shared<Taken>();
    pool_->Take([taken](Result<Seat> seat) {
      ++taken->calls;
      if (seat.ok()) {
        taken->seat = std::move(seat.value());
      } else {
        taken->error = seat.error().message;
      }
    });
    return taken;
  }
  void RunDue() {
    io_.restart();
    io_.poll();
  }
  // What a holder is told next.
  static FrameType Told(HolderWire* holder) {
    HolderWire::Frame frame;
    return holder->ReadAny(&frame) ? frame.header.type : FrameType{};
  }
  void SayHello(HolderWire* holder, const std::string& socket_path) {
    const HelloHead head;
    holder->Send(FrameType::kHello, kChannelVersion,
                 std::string(reinterpret_cast<const char*>(&head), sizeof(head)) +
                     Joined({"", socket_path, ""}));
    RunDue();
  }

  asio::io_context io_;
  ManualClock clock_;
  FakeLauncher launcher_{&io_, "main"};
  FakeLauncher other_{&io_, "other"};
  std::string log_;
  std::unique_ptr<HolderPool> pool_;
};

TEST_F(HolderPoolTest, NothingIsLaunchedBeforeTheFirstTaker) {
  Make(3);
  RunDue();
  EXPECT_TRUE(launcher_.asked.empty());
  const auto taken = Take();
  EXPECT_EQ(taken->calls, 0);
  EXPECT_EQ(launcher_.asked.size(), 4U);  // one for the taker, three to wait
  launcher_.Succeed();
  EXPECT_EQ(taken->calls, 1);
  ASSERT_TRUE(taken->seat);
  for (int n = 0; n < 3; ++n) launcher_.Succeed();
  EXPECT_EQ(pool_->waiting(), 3U);
  EXPECT_TRUE(launcher_.asked.empty());
  EXPECT_EQ(pool_->name(), "main");
}

TEST_F(HolderPoolTest, OneThatWaitsIsTakenAtOnceAndReplaced) {
  Make(1);
  const auto first = Take();
  launcher_.Succeed();
  launcher_.Succeed();
  ASSERT_EQ(pool_->waiting(), 1U);
  const auto second = Take();
  EXPECT_EQ(second->calls, 1);
  EXPECT_EQ(pool_->waiting(), 0U);
  EXPECT_EQ(launcher_.asked.size(), 1U);
}

TEST_F(HolderPoolTest, TakersAreServedInTheirOrderEightLaunchesAtATime) {
  Make(0);
  std::vector<std::shared_ptr<Taken>> takers;
  for (int n = 0; n < 10; ++n) takers.push_back(Take());
  EXPECT_EQ(launcher_.asked.size(), 8U);
  for (std::size_t n = 0; n < takers.size(); ++n) {
    launcher_.Succeed();
    EXPECT_EQ(takers[n]->calls, 1) << n;
    if (n + 1 < takers.size()) {
      EXPECT_EQ(takers[n + 1]->calls, 0);
    }
  }
  EXPECT_TRUE(launcher_.asked.empty());
}

TEST_F(HolderPoolTest, AFailureFallsBackOrFailsTheOldest) {
  Make(0, &other_);
  const auto first = Take();
  const auto second = Take();
  launcher_.Fail("no tmux");
  EXPECT_EQ(first->calls, 0);
  ASSERT_EQ(other_.asked.size(), 1U);
  other_.Succeed();
  EXPECT_EQ(first->calls, 1);
  ASSERT_TRUE(first->seat);
  EXPECT_EQ(first->seat->launcher, &other_);
  launcher_.Fail("no tmux");
  other_.Fail("no pty");
  EXPECT_EQ(second->error, "no pty");
  EXPECT_NE(log_.find("(main): no tmux"), std::string::npos);
  EXPECT_NE(log_.find("(other): no pty"), std::string::npos);
}

TEST_F(HolderPoolTest, WithoutAFallbackTheTakerHearsWhy) {
  Make(2);
  const auto taken = Take();
  launcher_.Fail("why");
  EXPECT_EQ(taken->error, "why");
  // Those that should only have waited fail without a word to anybody.
  launcher_.Fail("why");
  launcher_.Fail("why");
  EXPECT_TRUE(launcher_.asked.empty());
  // The next taker tries again.
  const auto next = Take();
  EXPECT_EQ(launcher_.asked.size(), 3U);
  launcher_.Succeed();
  EXPECT_EQ(next->calls, 1);
}

TEST_F(HolderPoolTest, PatienceEndsAfterFifteenSeconds) {
  Make(0);
  const auto taken = Take();
  clock_.Advance(seconds(14));
  EXPECT_EQ(taken->calls, 0);
  clock_.Advance(seconds(1));
  EXPECT_EQ(taken->calls, 1);
  EXPECT_EQ(taken->error, "no terminal became ready within 15 s");
  // It comes late: nobody wants it any more, and it is not kept for ever.
  HolderWire* late = launcher_.Succeed();
  EXPECT_EQ(taken->calls, 1);
  EXPECT_EQ(pool_->waiting(), 1U);
  clock_.Advance(seconds(10));
  EXPECT_EQ(pool_->waiting(), 0U);
  EXPECT_EQ(Told(late), FrameType::kEnd);
  EXPECT_TRUE(late->ReadToClose());
}

// Killed all at once, and the loop has not come to it yet.
TEST_F(HolderPoolTest, OnesThatWereKilledAreNotTaken) {
  Make(2);
  const auto first = Take();
  for (int n = 0; n < 3; ++n) launcher_.Succeed();
  ASSERT_EQ(pool_->waiting(), 2U);
  for (HolderWire& holder : launcher_.holders) holder.Close();
  const auto second = Take();
  EXPECT_EQ(second->calls, 0);
  ASSERT_FALSE(launcher_.asked.empty());
  launcher_.Succeed();
  EXPECT_TRUE(second->seat);
}

TEST_F(HolderPoolTest, AQueueThatMovesIsWaitedFor) {
  Make(0);
  std::vector<std::shared_ptr<Taken>> taken;
  for (int n = 0; n < 4; ++n) taken.push_back(Take());
  for (int n = 0; n < 3; ++n) {
    clock_.Advance(seconds(14));
    launcher_.Succeed();
    EXPECT_TRUE(taken[static_cast<std::size_t>(n)]->seat);
  }
  EXPECT_EQ(taken.back()->calls, 0);
  clock_.Advance(seconds(14));
  EXPECT_EQ(taken.back()->calls, 0);
  clock_.Advance(seconds(1));
  EXPECT_EQ(taken.back()->error, "no terminal became ready within 15 s");
}

TEST_F(HolderPoolTest, AReturnedSeatWaitsAgainUnderItsNewPath) {
  Make(1);
  const auto taken = Take();
  HolderWire* holder = launcher_.Succeed();
  launcher_.Succeed();
  pool_->Return(std::move(*taken->seat));
  EXPECT_EQ(Told(holder), FrameType::kRecycle);
  EXPECT_EQ(launcher_.labels, (std::vector<std::string>{"main1="}));
  // Last words of the process before are not taken for a hello.
  holder->Send(FrameType::kInputTaken, 5);
  holder->Send(FrameType::kOutput, 0, "late output");
  RunDue();
  EXPECT_EQ(pool_->waiting(), 1U);
  SayHello(holder, "again");
  EXPECT_EQ(pool_->waiting(), 2U);
  const auto next = Take();
  ASSERT_TRUE(next->seat);
  EXPECT_EQ(next->seat->socket_path, "again") << "the newest first";
}

TEST_F(HolderPoolTest, ASeatThatMayNotBeRecycledEnds) {
  Make(1);
  const auto taken = Take();
  HolderWire* holder = launcher_.Succeed();
  launcher_.may_recycle = false;
  pool_->Return(std::move(*taken->seat));
  EXPECT_EQ(Told(holder), FrameType::kEnd);
  EXPECT_TRUE(holder->ReadToClose());
}

TEST_F(HolderPoolTest, WithoutAPoolNothingIsRecycled) {
  Make(0);
  const auto taken = Take();
  HolderWire* holder = launcher_.Succeed();
  pool_->Return(std::move(*taken->seat));
  EXPECT_EQ(Told(holder), FrameType::kEnd);
}

TEST_F(HolderPoolTest, WhatIsTooManyGoesAfterTenSeconds) {
  Make(1);
  std::vector<std::shared_ptr<Taken>> takers;
  std::vector<HolderWire*> holders;
  for (int n = 0; n < 4; ++n) takers.push_back(Take());
  for (int n = 0; n < 5; ++n) holders.push_back(launcher_.Succeed());
  for (std::size_t n = 0; n < takers.size(); ++n) {
    pool_->Return(std::move(*takers[n]->seat));
    SayHello(holders[n], "again" + std::to_string(n));
  }
  EXPECT_EQ(pool_->waiting(), 5U);
  clock_.Advance(seconds(9));
  EXPECT_EQ(pool_->waiting(), 5U);
  clock_.Advance(seconds(1));
  EXPECT_EQ(pool_->waiting(), 1U);
  const auto left = Take();
  EXPECT_EQ(left->seat->socket_path, "again3") << "the newest stays";
}

TEST_F(HolderPoolTest, AHolderThatDiesWhileItWaitsIsForgotten) {
  Make(1);
  const auto taken = Take();
  launcher_.Succeed();
  HolderWire* waits = launcher_.Succeed();
  ASSERT_EQ(pool_->waiting(), 1U);
  waits->Close();
  RunDue();
  EXPECT_EQ(pool_->waiting(), 0U);
  const auto next = Take();
  EXPECT_EQ(next->calls, 0);
  launcher_.Succeed();
  EXPECT_EQ(next->calls, 1);
}

TEST_F(HolderPoolTest, WhoCountedOnOneThatDiesGetsAnother) {
  Make(1);
  const auto first = Take();
  HolderWire* one = launcher_.Succeed();
  launcher_.Succeed();
  const auto second = Take();
  HolderWire* two = &launcher_.holders.back();
  launcher_.Fail("none to wait");
  // Both come back, and a third taker counts on them.
  pool_->Return(std::move(*first->seat));
  pool_->Return(std::move(*second->seat));
  const auto third = Take();
  EXPECT_EQ(third->calls, 0);
  EXPECT_TRUE(launcher_.asked.empty());
  one->Close();
  two->Close();
  RunDue();
  ASSERT_FALSE(launcher_.asked.empty()) << "nobody tries for the taker";
  launcher_.Succeed();
  EXPECT_EQ(third->calls, 1);
}

TEST_F(HolderPoolTest, StoppingEndsWhatWaitsAndWhatComes) {
  Make(2);
  const auto taken = Take();
  HolderWire* taken_holder = launcher_.Succeed();
  HolderWire* waits = launcher_.Succeed();
  const auto never = Take();
  const auto nor_this = Take();
  pool_->Stop();
  RunDue();
  EXPECT_EQ(pool_->waiting(), 0U);
  if (never->seat) never->seat.reset();
  HolderWire* late = launcher_.Succeed();
  EXPECT_EQ(Told(late), FrameType::kEnd);
  EXPECT_EQ(nor_this->calls, 0);
  pool_->Return(std::move(*taken->seat));
  EXPECT_EQ(Told(taken_holder), FrameType::kEnd);
  EXPECT_TRUE(waits->ReadToClose());
  const std::size_t asked = launcher_.asked.size();
  pool_->Stop();
  EXPECT_EQ(launcher_.asked.size(), asked);
  pool_.reset();
  launcher_.Fail("after the pool's end");
}

}  // namespace
}  // namespace paned
