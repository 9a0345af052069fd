#include "tmux/holder_pool.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

namespace paned {
namespace {

// tmux makes its windows one after another: more at once would only wait there.
constexpr std::size_t kLaunchingAtOnce = 8;
// Holders that wait beyond the pool's size, for a moment: a busy server needs them again at once.
constexpr std::size_t kLeastRoom = 32;
constexpr Duration kTrimAfter = std::chrono::seconds(10);
constexpr Duration kTakePatience = std::chrono::seconds(15);

}  // namespace

// Watches a holder that waits, or that is about to.
class HolderPool::Waiting final : public HolderListener {
 public:
  Waiting(HolderPool* pool, Seat held) : seat(std::move(held)), pool_(pool) {}

  void OnFrame(const FrameHeader& header, std::string_view payload) override {
    Hello hello;
    if (header.type != FrameType::kHello || !ParseHello(payload, &hello) ||
        hello.head.state != HelloHead::kWaiting) {
      return;  // the last words of the process before
    }
    seat.socket_path = hello.socket_path;
    pool_->OnReady(this);
  }
  OutputSpace PrepareOutput() override { return {discarded_, sizeof(discarded_)}; }
  void CommitOutput(std::size_t /*size*/) override {}
  void OnLinkClosed() override { pool_->OnGone(this); }

  Seat seat;

 private:
  HolderPool* pool_;
  char discarded_[256] = {};
};

HolderPool::HolderPool(asio::io_context* io, Clock* clock, std::size_t size,
                       HolderLauncher* launcher, HolderLauncher* fallback, LogLine log)
    : io_(io),
      clock_(clock),
      size_(size),
      launcher_(launcher),
      fallback_(fallback),
      log_(std::move(log)) {}

HolderPool::~HolderPool() { Stop(); }

void HolderPool::Stop() {
  stopped_ = true;
  demands_.clear();
  for (auto* seats : {&waiting_, &recycling_}) {
    while (!seats->empty()) {
      const std::shared_ptr<Waiting> gone = seats->front();
      seats->pop_front();
      Drop(std::move(gone->seat));
    }
  }
}

// The newest of those that wait may have been killed a moment ago: whoever took one of them would
// fail to start, although others wait or can be made. Whether one is left.
bool HolderPool::ForgetEnded() {
  while (!waiting_.empty() && waiting_.back()->seat.link->HasEnded()) {
    const std::shared_ptr<Waiting> gone = waiting_.back();
    waiting_.pop_back();
    gone->seat.link->Close();
  }
  return !waiting_.empty();
}

void HolderPool::Take(Taker taker) {
  if (!ForgetEnded()) {
    const auto demand = demands_.emplace(demands_.end());
    demand->taker = std::move(taker);
    demand->since = clock_->Now();
    Watch(demand);
    Replenish();
    return;
  }
  // The newest: its pages are warm.
  Seat seat = std::move(waiting_.back()->seat);
  waiting_.pop_back();
  taker(std::move(seat));
  Replenish();
}

// A long queue that moves is no reason to give up: each that is served gives the others more time.
void HolderPool::Watch(std::list<Demand>::iterator demand) {
  const Duration left = std::max(demand->since, last_served_) + kTakePatience - clock_->Now();
  demand->timeout = clock_->After(left, [this, demand] {
    const auto fired = std::move(demand->timeout);
    if (clock_->Now() < last_served_ + kTakePatience) return Watch(demand);
    const Taker late = std::move(demand->taker);
    demands_.erase(demand);
    late(Error{ErrorKind::kInternal,
               "no terminal became ready within 15 s",
               {},
               {},
               "the machine is overloaded, or tmux hangs; --tty-backend=pty does without it"});
  });
}

void HolderPool::Return(Seat seat) {
  const std::size_t room = std::max(size_, kLeastRoom);
  if (stopped_ || size_ == 0 || waiting_.size() + recycling_.size() >= room ||
      !seat.launcher->MayRecycle(seat)) {
    Drop(std::move(seat));
    return;
  }
  seat.launcher->Label(seat, {});
  const std::shared_ptr<HolderLink> link = seat.link;
  const auto waiting = std::make_shared<Waiting>(this, std::move(seat));
  link->Listen(waiting);
  link->Send(FrameType::kRecycle, 0);
  link->ResumeOutput();
  recycling_.push_back(waiting);
}

void HolderPool::Drop(Seat seat) {
  if (!seat.link) return;
  seat.link->Send(FrameType::kEnd, 0);
  seat.link->Close();
}

void HolderPool::UseFallback() {
  if (fallback_ != nullptr) launcher_ = std::exchange(fallback_, nullptr);
}

void HolderPool::Later(std::function<void()> call) { asio::post(*io_, std::move(call)); }

void HolderPool::Replenish() {
  if (stopped_) return;
  const std::size_t wanted = demands_.size() + size_;
  while (launching_ < kLaunchingAtOnce &&
         launching_ + waiting_.size() + recycling_.size() < wanted) {
    Launch(launcher_);
  }
}

void HolderPool::Launch(HolderLauncher* launcher) {
  ++launching_;
  launcher->Launch([this, launcher, alive = std::weak_ptr<char>(alive_)](Result<Seat> seat) {
    if (alive.expired()) return;
    OnLaunched(launcher, std::move(seat));
  });
}

void HolderPool::OnLaunched(HolderLauncher* launcher, Result<Seat> seat) {
  --launching_;
  if (seat.ok()) {
    Admit(std::move(seat.value()));
    return;
  }
  log_("warn", std::string("a terminal could not be made (") + std::string(launcher->name()) +
                   "): " + seat.error().message);
  if (launcher == launcher_ && fallback_ != nullptr && !demands_.empty()) {
    Launch(fallback_);
  } else if (!demands_.empty()) {
    FailOldest(seat.error());
  }
}

// Nobody else tries for the oldest taker any more.
void HolderPool::FailOldest(const Error& error) {
  const Taker taker = std::move(demands_.front().taker);
  demands_.pop_front();
  taker(error);
  if (!demands_.empty()) Replenish();
}

void HolderPool::Admit(Seat seat) {
  if (stopped_) {
    Drop(std::move(seat));
    return;
  }
  const std::shared_ptr<HolderLink> link = seat.link;
  waiting_.push_back(std::make_shared<Waiting>(this, std::move(seat)));
  link->Listen(waiting_.back());
  Serve();
}

void HolderPool::Serve() {
  while (!demands_.empty() && ForgetEnded()) {
    const Taker taker = std::move(demands_.front().taker);
    demands_.pop_front();
    Seat seat = std::move(waiting_.back()->seat);
    waiting_.pop_back();
    last_served_ = clock_->Now();
    taker(std::move(seat));
  }
  Replenish();
  if (waiting_.size() > size_) TrimLater();
}

void HolderPool::OnReady(Waiting* waiting) {
  for (auto it = recycling_.begin(); it != recycling_.end(); ++it) {
    if (it->get() != waiting) continue;
    waiting_.splice(waiting_.end(), recycling_, it);
    Serve();
    return;
  }
}

void HolderPool::OnGone(Waiting* waiting) {
  const Seat seat = std::move(waiting->seat);
  const auto is_it = [waiting](const std::shared_ptr<Waiting>& other) {
    return other.get() == waiting;
  };
  waiting_.remove_if(is_it);
  recycling_.remove_if(is_it);
  // Somebody may have counted on it.
  if (!demands_.empty()) Replenish();
}

void HolderPool::TrimLater() {
  if (trim_timer_) return;
  trim_timer_ = clock_->After(kTrimAfter, [this] {
    trim_timer_.reset();
    while (waiting_.size() > size_) {
      Seat seat = std::move(waiting_.front()->seat);
      waiting_.pop_front();
      Drop(std::move(seat));
    }
  });
}

}  // namespace paned
