// Time moved by hand: timers fire in Advance(), in the order in which they fall due.
// Threading: one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "server/base/clock.h"

namespace paned {

class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now_; }

  std::unique_ptr<Timer> After(Duration delay, std::function<void()> callback) override {
    const Key key{now_ + std::max(delay, Duration::zero()), ++serial_};
    timers_->emplace(key, std::move(callback));
    return std::make_unique<ManualTimer>(timers_, key);
  }

  // Lets `delay` pass. Timers set meanwhile fire too when they fall due in it.
  void Advance(Duration delay) {
    const TimePoint until = now_ + delay;
    // A timer that sets itself again at once would never end: that is a bug, not a test's wish.
    for (int fired = 0; !timers_->empty() && timers_->begin()->first.first <= until; ++fired) {
      if (fired == kTooMany) {
        ADD_FAILURE() << "timers keep firing without time passing";
        return;
      }
      const auto first = timers_->begin();
      now_ = std::max(now_, first->first.first);
      const std::function<void()> callback = std::move(first->second);
      timers_->erase(first);
      callback();
    }
    now_ = until;
  }

  // Timers that wait.
  std::size_t pending() const { return timers_->size(); }

 private:
  using Key = std::pair<TimePoint, std::uint64_t>;
  using Timers = std::map<Key, std::function<void()>>;
  static constexpr int kTooMany = 100'000;

  class ManualTimer final : public Timer {
   public:
    ManualTimer(std::shared_ptr<Timers> timers, Key key)
        : timers_(std::move(timers)), key_(std::move(key)) {}
    ~ManualTimer() override { timers_->erase(key_); }

   private:
    std::shared_ptr<Timers> timers_;
    Key key_;
  };

  TimePoint now_{std::chrono::hours(1)};
  std::uint64_t serial_ = 0;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
};

}  // namespace paned
