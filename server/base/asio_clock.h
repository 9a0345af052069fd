// The production Clock: steady time and timers of the io loop. Threading: io thread only.
#pragma once

#include "server/base/clock.h"

namespace asio {
class io_context;
}

namespace paned {

class AsioClock final : public Clock {
 public:
  explicit AsioClock(asio::io_context* io) : io_(io) {}

  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  std::unique_ptr<Timer> After(Duration delay, std::function<void()> callback) override;

 private:
  asio::io_context* io_;
};

}  // namespace paned
