// Holders that wait for processes, so that a start costs one message. The first start fills it;
// from then on as many wait as asked for, and those whose process is over come back.
// Threading: io thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "server/base/clock.h"
#include "tmux/holder_launcher.h"

namespace paned {

class HolderPool {
 public:
  using LogLine = std::function<void(std::string_view level, const std::string& line)>;
  // Given a seat, or why there is none.
  using Taker = std::function<void(Result<Seat>)>;

  // `fallback`: where holders come from when `launcher` fails; may be null.
  HolderPool(asio::io_context* io, Clock* clock, std::size_t size, HolderLauncher* launcher,
             HolderLauncher* fallback, LogLine log);
  HolderPool(const HolderPool&) = delete;
  HolderPool& operator=(const HolderPool&) = delete;
  ~HolderPool();

  // `taker` is called once, now or later: with an error when no seat has come for anybody for 15 s.
  // A seat that nobody wants any more goes to Return().
  void Take(Taker taker);
  // A seat whose process is over, or never began. It waits again, or ends.
  void Return(Seat seat);
  // Waiting holders end, and no new ones are launched.
  void Stop();

  std::size_t waiting() const { return waiting_.size(); }
  // The launcher has turned out to be of no use: from now on the fallback is the launcher. What it
  // has launched goes on.
  void UseFallback();
  // Where holders normally come from.
  std::string_view name() const { return launcher_->name(); }
  // Calls `call` from the loop.
  void Later(std::function<void()> call);

 private:
  class Waiting;
  struct Demand {
    Taker taker;
    TimePoint since;
    std::unique_ptr<Timer> timeout;
  };

  void Watch(std::list<Demand>::iterator demand);
  bool ForgetEnded();
  void Replenish();
  void Launch(HolderLauncher* launcher);
  void OnLaunched(HolderLauncher* launcher, Result<Seat> seat);
  void Admit(Seat seat);
  void Drop(Seat seat);
  void Serve();
  void FailOldest(const Error& error);
  void TrimLater();
  void OnReady(Waiting* waiting);
  void OnGone(Waiting* waiting);

  asio::io_context* io_;
  Clock* clock_;
  const std::size_t size_;
  HolderLauncher* launcher_;
  HolderLauncher* fallback_;
  LogLine log_;
  std::list<Demand> demands_;
  TimePoint last_served_;                          // when a demand last got its seat
  std::list<std::shared_ptr<Waiting>> waiting_;    // oldest first
  std::list<std::shared_ptr<Waiting>> recycling_;  // have still to say hello again
  std::size_t launching_ = 0;
  bool stopped_ = false;
  std::unique_ptr<Timer> trim_timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace paned
