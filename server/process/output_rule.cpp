#include "server/process/output_rule.h"

#include <algorithm>

namespace paned {

void OutputRule::OnAttach(std::uint64_t next_seq, bool resumed) {
  attached_ = true;
  abandoned_ = false;
  recovery_read_left_ = resumed;
  read_to_ = 0;
  pushed_from_ = next_seq;
  pushed_to_ = next_seq - 1;
}

void OutputRule::OnDetach() {
  attached_ = false;
  abandoned_ = false;
}

void OutputRule::OnPushTaken(std::uint64_t seq, TimePoint now) {
  pushed_to_ = std::max(pushed_to_, seq);
  if (polled_) return;  // only reads deliver
  abandoned_ = false;
  last_taken_ = now;
}

void OutputRule::OnRead(std::uint64_t after_seq, TimePoint now) {
  abandoned_ = false;
  if (recovery_read_left_ && !polled_) {
    recovery_read_left_ = false;
  } else {
    polled_ = true;
  }
  read_to_ = std::max(read_to_, after_seq);
  last_taken_ = now;
}

void OutputRule::OnReplyTaken(std::uint64_t last_seq, TimePoint now) {
  abandoned_ = false;
  read_to_ = std::max(read_to_, last_seq);
  last_taken_ = now;
}

void OutputRule::OnAbandonTimer(TimePoint held_since, TimePoint now) {
  if (AbandonPossible() && now >= AbandonedAt(held_since)) abandoned_ = true;
}

TimePoint OutputRule::AbandonedAt(TimePoint held_since) const {
  return std::max(held_since, last_taken_) + kAbandonedAfter;
}

bool OutputRule::Delivered(std::uint64_t seq) const {
  if (!attached_) return false;
  if (seq <= read_to_) return true;
  return !polled_ && pushed_from_ <= seq && seq <= pushed_to_;
}

std::uint64_t OutputRule::DeliveredThrough(std::uint64_t seq) const {
  std::uint64_t last = seq - 1;
  if (!attached_) return last;
  last = std::max(last, read_to_);
  if (!polled_ && pushed_from_ <= last + 1) last = std::max(last, pushed_to_);
  return last;
}

}  // namespace paned
