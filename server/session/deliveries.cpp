#include "server/session/deliveries.h"

#include <algorithm>

namespace paned {

void Deliveries::Open(Confirm confirm) {
  confirm_ = std::move(confirm);
  open_ = std::make_shared<char>();
}

void Deliveries::Close() {
  open_.reset();
  timer_.reset();
  unasked_.clear();
  unasked_bytes_ = 0;
  confirm_ = nullptr;
}

void Deliveries::Note(const std::string& process_id, const SentOutput& sent) {
  SentOutput& noted = unasked_[{process_id, sent.by}];
  noted.by = sent.by;
  noted.seq = std::max(noted.seq, sent.seq);
  noted.end = noted.end || sent.end;
  unasked_bytes_ += sent.bytes;
  if (unasked_bytes_ >= kAskAfterBytes) {
    ConfirmNow();
  } else if (!timer_) {
    timer_ = clock_->After(kAskAfter, [this] { ConfirmNow(); });
  }
}

void Deliveries::ConfirmNow() {
  timer_.reset();
  if (unasked_.empty()) return;
  unasked_bytes_ = 0;
  confirm_([this, still_open = std::weak_ptr<char>(open_), batch = std::exchange(unasked_, {})] {
    if (still_open.expired()) return;
    for (const auto& [key, sent] : batch) taken_(key.first, sent);
  });
}

}  // namespace paned
