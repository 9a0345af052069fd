#include "server/base/asio_clock.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <utility>

namespace paned {
namespace {

// The callback is shared with the pending wait, so that the timer may be destroyed at any time,
// from within the callback too.
class AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context* io, Duration delay, std::function<void()> callback)
      : timer_(*io, delay), callback_(std::make_shared<Callback>(std::move(callback))) {
    timer_.async_wait([pending = callback_](const asio::error_code& error) {
      if (error || !*pending) return;
      const Callback run = std::exchange(*pending, nullptr);
      run();
    });
  }
  ~AsioTimer() override { *callback_ = nullptr; }

 private:
  using Callback = std::function<void()>;

  asio::steady_timer timer_;
  std::shared_ptr<Callback> callback_;
};

}  // namespace

std::unique_ptr<Timer> AsioClock::After(Duration delay, std::function<void()> callback) {
  return std::make_unique<AsioTimer>(io_, delay, std::move(callback));
}

}  // namespace paned
