// WorkerPool: where work and its answer run, how much at once, and what its end does.
#include "server/base/worker_pool.h"

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <future>
#include <stdexcept>
#include <string>

namespace paned {
namespace {

class WorkerPoolTest : public ::testing::Test {
 protected:
  // Runs the loop until `done` is true.
  template <class Done>
  bool RunUntil(Done done) {
    const auto guard = asio::make_work_guard(io_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    io_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) io_.run_one_until(deadline);
    return done();
  }

  asio::io_context io_;
};

TEST_F(WorkerPoolTest, WorksElsewhereAndAnswersHere) {
  WorkerPool pool(&io_, 2);
  const auto here = std::this_thread::get_id();
  std::thread::id worker;
  std::thread::id answerer;
  std::string answer;
  pool.Run<std::string>(
      [&] {
        worker = std::this_thread::get_id();
        return std::string("result");
      },
      [&](std::string result) {
        answerer = std::this_thread::get_id();
        answer = std::move(result);
      });
  EXPECT_EQ(answer, "");  // never from within Run()
  ASSERT_TRUE(RunUntil([&] { return !answer.empty(); }));
  EXPECT_EQ(answer, "result");
  EXPECT_NE(worker, here);
  EXPECT_EQ(answerer, here);
}

TEST_F(WorkerPoolTest, AsManyAtOnceAsAllowedAndNoMore) {
  constexpr int kThreads = 3;
  WorkerPool pool(&io_, kThreads);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::mutex mutex;
  std::condition_variable changed;
  int under_way = 0;
  int most = 0;
  int done = 0;
  for (int n = 0; n < 10; ++n) {
    pool.Run<int>(
        [&, open] {
          {
            const std::lock_guard<std::mutex> lock(mutex);
            most = std::max(most, ++under_way);
            changed.notify_all();
          }
          open.wait();
          const std::lock_guard<std::mutex> lock(mutex);
          --under_way;
          return 0;
        },
        [&](int) { ++done; });
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return most == kThreads; }));
  }
  gate.set_value();
  EXPECT_TRUE(RunUntil([&] { return done == 10; }));
  EXPECT_EQ(most, kThreads);
}

TEST_F(WorkerPoolTest, ABlockedCallDoesNotStopTheOthers) {
  WorkerPool pool(&io_, 2);
  std::promise<void> gate;
  std::future<void> open = gate.get_future();
  int blocked = 0;
  int others = 0;
  pool.Run<int>(
      [&] {
        open.wait();
        return 0;
      },
      [&](int) { ++blocked; });
  for (int n = 0; n < 50; ++n) {
    pool.Run<int>([] { return 0; }, [&](int) { ++others; });
  }
  EXPECT_TRUE(RunUntil([&] { return others == 50; }));
  EXPECT_EQ(blocked, 0);
  gate.set_value();
  EXPECT_TRUE(RunUntil([&] { return blocked == 1; }));
}

TEST_F(WorkerPoolTest, OneThreadKeepsTheOrder) {
  WorkerPool pool(&io_, 1);
  std::string order;
  for (const char c : {'a', 'b', 'c', 'd'}) {
    pool.Run<char>([c] { return c; }, [&](char done) { order += done; });
  }
  EXPECT_TRUE(RunUntil([&] { return order.size() == 4; }));
  EXPECT_EQ(order, "abcd");
}

// What the callbacks keep is let go of on the io thread, also when the work failed.
TEST_F(WorkerPoolTest, WorkThatThrowsFailsAlone) {
  WorkerPool pool(&io_, 1);
  bool answered = false;
  std::thread::id released_on;
  const std::shared_ptr<void> kept(nullptr,
                                   [&](void*) { released_on = std::this_thread::get_id(); });
  std::weak_ptr<void> watch;
  {
    auto mine = std::make_shared<std::shared_ptr<void>>(kept);
    watch = mine;
    pool.Run<int>([]() -> int { throw std::bad_alloc(); },
                  [&answered, mine = std::move(mine)](int) { answered = true; });
  }
  EXPECT_TRUE(RunUntil([&] { return watch.expired(); }));
  EXPECT_FALSE(answered);
  bool next = false;
  pool.Run<int>([] { return 0; }, [&](int) { next = true; });
  EXPECT_TRUE(RunUntil([&] { return next; }));
}

TEST_F(WorkerPoolTest, AfterTheEndNobodyIsCalled) {
  int answers = 0;
  int worked = 0;
  std::promise<void> started;
  std::promise<void> gate;
  std::future<void> open = gate.get_future();
  {
    WorkerPool pool(&io_, 1);
    pool.Run<int>(
        [&] {
          ++worked;
          started.set_value();
          open.wait();
          return 0;
        },
        [&](int) { ++answers; });
    // Queued behind it; dropped when the pool ends, and lets go of what it keeps.
    const auto kept = std::make_shared<std::promise<void>>(std::move(gate));
    const std::shared_ptr<void> opens(nullptr, [kept](void*) { kept->set_value(); });
    pool.Run<int>(
        [&worked] {
          ++worked;
          return 0;
        },
        [&answers, opens](int) { ++answers; });
    started.get_future().wait();
  }
  io_.restart();
  io_.poll();
  EXPECT_EQ(answers, 0);
  EXPECT_EQ(worked, 1);
}

}  // namespace
}  // namespace paned
