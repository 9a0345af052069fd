#include "server/net/liveness.h"

#include <algorithm>
#include <utility>

namespace paned {

Liveness::Liveness(Clock* clock, Duration ping_interval, Duration patience, Hooks hooks)
    : clock_(clock),
      ping_interval_(ping_interval),
      patience_(patience),
      hooks_(std::move(hooks)),
      next_ping_(clock->Now() + ping_interval) {
  Arm();
}

Liveness::~Liveness() = default;

void Liveness::Arm() {
  const TimePoint due = std::min(next_ping_, hooks_.last_sign() + patience_);
  timer_ = clock_->After(std::max(due - clock_->Now(), Duration::zero()), [this] { OnTimer(); });
}

void Liveness::OnTimer() {
  const TimePoint now = clock_->Now();
  if (now >= hooks_.last_sign() + patience_) {
    hooks_.on_silent();
    return;
  }
  if (now >= next_ping_) {
    next_ping_ = now + ping_interval_;
    hooks_.ping();
  }
  Arm();
}

void Liveness::Probe(Duration patience, std::function<void(bool alive)> done) {
  Pending& probe = probes_.emplace_back();
  const auto at = std::prev(probes_.end());
  probe.since = clock_->Now();
  probe.done = std::move(done);
  probe.timer = clock_->After(patience, [this, at] {
    at->alive = at->alive || hooks_.last_sign() > at->since;
    Finish(at);
  });
  hooks_.ping();
}

void Liveness::NoteSign() {
  for (auto probe = probes_.begin(); probe != probes_.end(); ++probe) {
    if (probe->alive) continue;
    probe->alive = true;
    probe->timer = clock_->After(Duration::zero(), [this, probe] { Finish(probe); });
  }
}

void Liveness::Stop() {
  timer_.reset();
  while (!probes_.empty()) Finish(probes_.begin());
}

// May run inside the probe's own timer: taking the probe out first lets `done` do as it likes.
void Liveness::Finish(Probes::iterator probe) {
  Probes finished;
  finished.splice(finished.begin(), probes_, probe);
  finished.front().done(finished.front().alive);
}

}  // namespace paned
