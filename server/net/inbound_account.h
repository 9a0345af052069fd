// Counts the inbound messages of a connection that are still being dealt with, so that a peer that
// pipelines without end is read no faster than it is served.
// Threading: Release may be called on any thread (a worker may hold a message last), the rest on
// the io thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>

namespace paned {

class InboundAccount {
 public:
  // `on_drained` is called, on the releasing thread, once after each Full() that said true, when
  // the level has fallen below the low mark.
  InboundAccount(std::size_t high, std::size_t low, std::function<void()> on_drained)
      : high_(high), low_(low), on_drained_(std::move(on_drained)) {}

  void Add(std::size_t bytes) { alive_ += bytes; }
  void Release(std::size_t bytes) {
    if ((alive_ -= bytes) < low_ && awaited_.exchange(false)) on_drained_();
  }

  // Whether reading should wait: from above the high mark until below the low one.
  bool Full() {
    if (alive_ <= (full_ ? low_ : high_)) {
      full_ = false;
      awaited_ = false;
      return false;
    }
    full_ = true;
    awaited_ = true;
    // What was released in between has not seen the flag.
    if (alive_ < low_ && awaited_.exchange(false)) full_ = false;
    return full_;
  }

  // The connection is gone: nobody waits any more.
  void Forget() { awaited_ = false; }

 private:
  const std::size_t high_;
  const std::size_t low_;
  const std::function<void()> on_drained_;
  std::atomic<std::size_t> alive_ = 0;
  std::atomic<bool> awaited_ = false;
  bool full_ = false;
};

}  // namespace paned
