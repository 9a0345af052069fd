// Numbered pings sent in order with the data: a pong says that its ping, and so everything before
// it, has been taken by the peer. Threading: io thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <utility>

namespace paned {

class PingMarkers {
 public:
  // The payload of the next ping; `taken` is called when its pong comes.
  std::string Next(std::function<void()> taken) {
    pending_.emplace_back(++last_, std::move(taken));
    return std::to_string(last_);
  }

  // A pong of ours, or any other (an unasked one is allowed by RFC 6455 section 5.5.3).
  void OnPong(const std::string& payload) {
    if (pending_.empty() || payload.empty() || payload.size() > kMaxDigits ||
        payload.find_first_not_of("0123456789") != std::string::npos) {
      return;
    }
    const std::uint64_t number = std::stoull(payload);
    if (number > last_) return;
    answered_ = true;
    // A peer may answer only the latest of several pings (section 5.5.3).
    while (!pending_.empty() && pending_.front().first <= number) {
      const std::function<void()> taken = std::move(pending_.front().second);
      pending_.pop_front();
      taken();
    }
  }

  // Whether the peer has ever answered one.
  bool answered() const { return answered_; }
  // The connection is gone: nobody is told any more.
  void Clear() { pending_.clear(); }

 private:
  static constexpr std::size_t kMaxDigits = 19;

  std::uint64_t last_ = 0;
  bool answered_ = false;
  std::list<std::pair<std::uint64_t, std::function<void()>>> pending_;
};

}  // namespace paned
