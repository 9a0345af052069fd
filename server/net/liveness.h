// Decides whether a peer is still there: pings it at an interval, gives it up after a silence, and
// answers probes. It exists because the reference never acts on a missing pong.
// Threading: io thread only.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "server/base/clock.h"

namespace paned {

class Liveness {
 public:
  struct Hooks {
    std::function<void()> ping;
    // When the peer last gave a sign of life.
    std::function<TimePoint()> last_sign;
    // The silence has lasted too long; the last call of all.
    std::function<void()> on_silent;
  };

  Liveness(Clock* clock, Duration ping_interval, Duration patience, Hooks hooks);
  Liveness(const Liveness&) = delete;
  Liveness& operator=(const Liveness&) = delete;
  ~Liveness();

  // Pings now; `done` comes once, in a call of its own.
  void Probe(Duration patience, std::function<void(bool alive)> done);
  // The peer has just sent something.
  void NoteSign();
  // The connection has ended: every open probe is answered now, with false.
  void Stop();

 private:
  struct Pending {
    TimePoint since;
    std::function<void(bool)> done;
    bool alive = false;  // a sign has come: the timer now only carries the call
    std::unique_ptr<Timer> timer;
  };
  using Probes = std::list<Pending>;

  void Arm();
  void OnTimer();
  void Finish(Probes::iterator probe);

  Clock* clock_;
  Duration ping_interval_;
  Duration patience_;
  Hooks hooks_;
  TimePoint next_ping_;
  std::unique_ptr<Timer> timer_;
  Probes probes_;
};

}  // namespace paned
