// Output that has been sent to a session's client but perhaps not taken by it: it still counts as
// undelivered. Asks the transport now and then, not for every chunk, and passes on what it hears.
// Threading: io thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "server/process/process.h"

namespace paned {

class Deliveries {
 public:
  using Taken = std::function<void(const std::string& process_id, const SentOutput& sent)>;
  using Confirm = std::function<void(std::function<void()> taken)>;

  // Asked at the latest after this much output, or this long after the first unasked byte.
  static constexpr std::size_t kAskAfterBytes = std::size_t{256} << 10;
  static constexpr Duration kAskAfter = std::chrono::milliseconds(500);

  Deliveries(Clock* clock, Taken taken) : clock_(clock), taken_(std::move(taken)) {}
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  // A client is attached; `confirm` asks its transport.
  void Open(Confirm confirm);
  // It is gone: what it has not confirmed it may not have.
  void Close();

  void Note(const std::string& process_id, const SentOutput& sent);
  // Asks at once, because somebody waits for it.
  void ConfirmNow();

 private:
  // Per process and way the highest seq sent.
  using Batch = std::map<std::pair<std::string, SentOutput::By>, SentOutput>;

  Clock* clock_;
  Taken taken_;
  Confirm confirm_;
  Batch unasked_;
  std::size_t unasked_bytes_ = 0;
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<char> open_;  // of the attached client; answers of an earlier one find it gone
};

}  // namespace paned
