// Time, as the domain sees it: one interface for now and later, so that tests move time by hand.
// Threading: io thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace paned {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

// A pending call. Destroying it cancels the call.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() = default;
};

// Production: AsioClock. Tests: ManualClock (tests/support).
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  virtual TimePoint Now() const = 0;
  // Calls `callback` once, on the io thread, when `delay` has passed; never from within After().
  [[nodiscard]] virtual std::unique_ptr<Timer> After(Duration delay,
                                                     std::function<void()> callback) = 0;
};

}  // namespace paned
