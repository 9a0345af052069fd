// AsioClock: calls come once, in time, never from within After(), and not after the timer's end.
#include "server/base/asio_clock.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <string>

namespace paned {
namespace {

using std::chrono::milliseconds;

class AsioClockTest : public ::testing::Test {
 protected:
  asio::io_context io_;
  AsioClock clock_{&io_};
};

TEST_F(AsioClockTest, CallsOnceAndNotFromWithin) {
  int calls = 0;
  const auto timer = clock_.After(Duration::zero(), [&] { ++calls; });
  EXPECT_EQ(calls, 0);
  io_.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(AsioClockTest, NotBeforeItsTimeAndInOrder) {
  const TimePoint begin = clock_.Now();
  std::string order;
  const auto late = clock_.After(milliseconds(20), [&] { order += 'b'; });
  const auto early = clock_.After(milliseconds(5), [&] { order += 'a'; });
  io_.run();
  EXPECT_EQ(order, "ab");
  EXPECT_GE(clock_.Now() - begin, milliseconds(20));
}

TEST_F(AsioClockTest, DestroyingItCancels) {
  bool called = false;
  auto timer = clock_.After(milliseconds(1), [&] { called = true; });
  timer.reset();
  io_.run();
  EXPECT_FALSE(called);
}

TEST_F(AsioClockTest, ACallbackMayDestroyItsOwnTimer) {
  int calls = 0;
  std::unique_ptr<Timer> timer;
  const auto kept = std::make_shared<int>(7);
  timer = clock_.After(Duration::zero(), [&calls, &timer, kept] {
    timer.reset();
    calls += *kept;  // what it captured is still there
  });
  io_.run();
  EXPECT_EQ(calls, 7);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(AsioClockTest, ACallbackMayReplaceItsOwnTimer) {
  int calls = 0;
  std::unique_ptr<Timer> timer;
  std::function<void()> again = [&] {
    if (++calls < 5) timer = clock_.After(Duration::zero(), again);
  };
  timer = clock_.After(Duration::zero(), again);
  io_.run();
  EXPECT_EQ(calls, 5);
}

TEST_F(AsioClockTest, ACallbackMayCancelAnotherThatIsDue) {
  // Both are due when the loop runs; whichever comes first cancels the other.
  int calls = 0;
  std::unique_ptr<Timer> one;
  std::unique_ptr<Timer> two;
  one = clock_.After(Duration::zero(), [&] {
    ++calls;
    two.reset();
  });
  two = clock_.After(Duration::zero(), [&] {
    ++calls;
    one.reset();
  });
  io_.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(AsioClockTest, DestroyingItAfterTheCallIsHarmless) {
  auto timer = clock_.After(Duration::zero(), [] {});
  io_.run();
  timer.reset();
  io_.restart();
  EXPECT_EQ(io_.poll(), 0U);
}

}  // namespace
}  // namespace paned
