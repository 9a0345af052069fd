// THE OUTPUT RULE: which output counts as delivered, and so may make room for new output; what is
// undelivered holds the process back instead. One small state machine per process, the same for
// every client:
//
//   attached  polled  a chunk is delivered when ...
//   no        -       never: what a cut connection swallowed must still be there for the resume
//   yes       no      it was pushed since the attach, or a read returned it since then
//   yes       yes     a read returned it since the attach, or a read's cursor passed it
//
// Pushed and returned both mean: taken by the client, as far as its transport can tell. What still
// lies in socket buffers is lost when the connection is cut, and must be there for the resume.
//
//   event                    effect
//   attach (start, resume)   nothing is delivered yet; a resume grants one read that does not make
//                            the process polled (the recovery read of codex >= 0.144)
//   a push was taken         delivered, while not polled
//   process/read             delivered up to its cursor; without a granted read left, polled from
//                            now on
//   a read's reply was taken delivered up to its last chunk
//   detach                   nothing is delivered any more
//
//   abandon                  undelivered output may go too, until the next delivery, read, attach
//                            or detach: the process was held back with a client attached, and
//                            nobody took anything for kAbandonedAfter
//
//   --when-full=hold never abandons; --when-full=evict never holds a process back.
//
// Threading: io thread only.
#pragma once

#include <chrono>
#include <cstdint>

#include "server/base/clock.h"

namespace paned {

enum class WhenFull { kTimed, kHold, kEvict };

inline constexpr Duration kAbandonedAfter = std::chrono::seconds(60);

class OutputRule {
 public:
  explicit OutputRule(WhenFull when_full) : when_full_(when_full) {}

  // `next_seq`: the seq of the first event that will be pushed to the new connection.
  void OnAttach(std::uint64_t next_seq, bool resumed);
  void OnDetach();
  void OnPushTaken(std::uint64_t seq, TimePoint now);
  // A read with cursor `after_seq` is answered.
  void OnRead(std::uint64_t after_seq, TimePoint now);
  // The last chunk of a read's reply was `last_seq`.
  void OnReplyTaken(std::uint64_t last_seq, TimePoint now);
  // The process is held back since `held_since`. Nothing happens unless it is really abandoned.
  void OnAbandonTimer(TimePoint held_since, TimePoint now);

  bool attached() const { return attached_; }
  bool polled() const { return polled_; }
  bool Delivered(std::uint64_t seq) const;
  // The end of the unbroken run of delivered seqs that begins with `seq`; `seq` - 1 when not even
  // that one is.
  std::uint64_t DeliveredThrough(std::uint64_t seq) const;
  // Whether undelivered output may go as well.
  bool MayEvictUndelivered() const { return when_full_ == WhenFull::kEvict || abandoned_; }
  // Whether chunk `seq`, the oldest, may go when room is needed.
  bool MayEvict(std::uint64_t seq) const { return MayEvictUndelivered() || Delivered(seq); }
  // Whether waiting may end in abandonment, and when at the earliest.
  bool AbandonPossible() const { return attached_ && when_full_ == WhenFull::kTimed; }
  TimePoint AbandonedAt(TimePoint held_since) const;

 private:
  const WhenFull when_full_;
  bool attached_ = false;
  bool polled_ = false;
  bool recovery_read_left_ = false;
  bool abandoned_ = false;
  std::uint64_t read_to_ = 0;      // delivered by reads, up to here
  std::uint64_t pushed_from_ = 1;  // delivered by pushes: pushed_from_ .. pushed_to_
  std::uint64_t pushed_to_ = 0;
  TimePoint last_taken_{};  // the last of any of the three
};

}  // namespace paned
