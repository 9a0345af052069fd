#include "tmux/holder_child.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "server/process/program_lookup.h"

namespace paned {
namespace {

// A pane gets its name when its process has lived this long: nobody could read it before.
constexpr Duration kLabelAfter = std::chrono::milliseconds(30);

std::string Encode(const LaunchPlan& plan, const std::vector<std::string>& candidates,
                   const TerminalOptions& options) {
  PlanHead head;
  head.rows = plan.size.rows;
  head.cols = plan.size.cols;
  head.candidates = static_cast<std::uint32_t>(candidates.size());
  head.arguments = static_cast<std::uint32_t>(plan.argv.size());
  head.variables = static_cast<std::uint32_t>(plan.env.size());
  head.running_ttl_s = static_cast<std::uint32_t>(options.running_ttl.count());
  head.ended_ttl_s = static_cast<std::uint32_t>(options.ended_ttl.count());
  std::string payload(reinterpret_cast<const char*>(&head), sizeof(head));
  const auto put = [&payload](const std::string& text) {
    payload += text;
    payload += '\0';
  };
  // The id is for people here, and may be anything on the wire.
  put(plan.process_id.substr(0, plan.process_id.find('\0')));
  put(plan.cwd);
  for (const std::string& candidate : candidates) put(candidate);
  put(plan.arg0 ? *plan.arg0 : plan.argv.front());
  std::for_each(plan.argv.begin() + 1, plan.argv.end(), put);
  std::for_each(plan.env.begin(), plan.env.end(), put);
  return payload;
}

std::string LabelOf(const LaunchPlan& plan) {
  const std::string& program = plan.argv.front();
  return plan.process_id + " " + program.substr(program.rfind('/') + 1);
}

std::uint64_t Packed(protocol::TerminalSize size) {
  return std::uint64_t{size.rows} << 16 | size.cols;
}

// The holder died, and with it the terminal: the kernel has hung up the program. What ignores that
// is killed, if the pid is still that of a session leader of ours.
void KillOrphan(pid_t pid) {
  if (pid > 1 && ::getsid(pid) == pid) ::kill(-pid, SIGKILL);
}

}  // namespace

HolderChild::HolderChild(Clock* clock, HolderPool* pool, const TerminalOptions& options,
                         BackendEvents* events, const LaunchPlan& plan,
                         const std::vector<std::string>& candidates)
    : clock_(clock),
      pool_(pool),
      options_(options),
      events_(events),
      label_(LabelOf(plan)),
      plan_(Encode(plan, candidates, options)),
      planned_size_(plan.size),
      name_(pool->name()) {
  blamed_.argv = {plan.argv.front()};
  blamed_.cwd = plan.cwd;
}

void HolderChild::Begin() {
  pool_->Take([weak = weak_from_this(), pool = pool_](Result<Seat> seat) {
    const auto self = weak.lock();
    if (seat.ok() && self && self->events_ != nullptr) {
      self->OnSeat(std::move(seat.value()));
    } else if (seat.ok()) {
      pool->Return(std::move(seat.value()));
    } else if (self && self->events_ != nullptr) {
      self->OnStartFailed(std::move(seat.error()));
    }
  });
}

void HolderChild::OnSeat(Seat seat) {
  seat_ = std::move(seat);
  name_ = seat_->launcher->name();
  HolderLink& link = *seat_->link;
  link.Listen(weak_from_this());
  link.Send(FrameType::kPlan, options_.ring_bytes, plan_);
  plan_.clear();
  plan_.shrink_to_fit();
  if (early_size_) {
    Resize(*early_size_);
  } else {
    FitPane(planned_size_);
  }
  for (const int signal_number : early_signals_) Signal(signal_number);
  FlushInput();
}

void HolderChild::Abandon() {
  events_ = nullptr;
  label_timer_.reset();
  if (!seat_) return;
  Seat seat = std::move(*seat_);
  seat_.reset();
  if (leave_running_) {
    seat.link->Close();
  } else if (exited_ && output_ended_) {
    pool_->Return(std::move(seat));
  } else {
    seat.link->Send(FrameType::kEnd, 0);
    seat.link->Close();
  }
}

// --- events --------------------------------------------------------------------------------------

void HolderChild::OnFrame(const FrameHeader& header, std::string_view /*payload*/) {
  if (events_ == nullptr) return;
  switch (header.type) {
    case FrameType::kStarted:
      return OnStarted(static_cast<pid_t>(header.value));
    case FrameType::kStartFailed:
      return OnStartFailed(ExplainStartFailure(static_cast<int>(header.value), blamed_));
    case FrameType::kInputTaken:
      input_taken_ = std::clamp(header.value, input_taken_, input_sent_);
      FlushInput();
      return events_->OnInputProgress();
    case FrameType::kExited: {
      const auto code = static_cast<int>(header.value & (kSignalDeath - 1));
      return OnExited({(header.value & kSignalDeath) != 0 ? 128 + code : code, {}});
    }
    case FrameType::kOutputEnd:
      return OnOutputEnd();
    default:
      return;
  }
}

void HolderChild::OnStarted(pid_t pid) {
  if (!std::exchange(starting_, false)) return;
  pid_ = pid;
  label_timer_ = clock_->After(kLabelAfter, [this] {
    label_timer_.reset();
    if (seat_ && !exited_) seat_->launcher->Label(*seat_, label_);
  });
  events_->OnStarted(Done{});
}

void HolderChild::OnStartFailed(Error error) {
  if (!std::exchange(starting_, false)) return;
  exited_ = output_ended_ = true;
  if (seat_) pool_->Return(std::move(*seat_));
  seat_.reset();
  events_->OnStarted(std::move(error));
}

void HolderChild::OnExited(ExitStatus status) {
  if (std::exchange(exited_, true)) return;
  label_timer_.reset();
  input_.clear();
  input_at_ = 0;
  input_taken_ = input_sent_;
  events_->OnExited(std::move(status));
}

void HolderChild::OnOutputEnd() {
  if (std::exchange(output_ended_, true)) return;
  events_->OnOutputEnd();
}

OutputSpace HolderChild::PrepareOutput() {
  return events_ == nullptr ? OutputSpace{} : events_->PrepareOutput();
}

void HolderChild::CommitOutput(std::size_t size) {
  if (events_ != nullptr) events_->CommitOutput(OutputStream::kPty, size);
}

// Never a made-up exit code: whoever knew it is gone.
void HolderChild::OnLinkClosed() {
  if (events_ == nullptr) return;
  seat_.reset();
  if (starting_) {
    OnStartFailed({ErrorKind::kInternal,
                   "the terminal's holder ended before the program was started",
                   {},
                   {},
                   "it was killed, or tmux was; starting again makes a new one"});
    return;
  }
  if (!exited_) {
    KillOrphan(pid_);
    OnExited({-1, "the exit status was lost: the holder of the process's terminal was killed"});
  }
  if (events_ != nullptr) OnOutputEnd();
}

// --- what the server asks for --------------------------------------------------------------------

void HolderChild::WriteInput(std::string_view bytes) {
  if (exited_) return;
  input_ += bytes;
  if (seat_) FlushInput();
}

void HolderChild::FlushInput() {
  while (seat_ && input_at_ < input_.size() && in_flight() < kInputWindow) {
    const std::size_t size = std::min(input_.size() - input_at_, kInputWindow - in_flight());
    seat_->link->Send(FrameType::kInput, 0, std::string_view(input_).substr(input_at_, size));
    input_at_ += size;
    input_sent_ += size;
  }
  if (input_at_ < input_.size()) return;
  input_.clear();
  input_at_ = 0;
}

void HolderChild::Signal(int signal_number) {
  if (exited_) return;
  if (seat_) {
    seat_->link->Send(FrameType::kSignal, static_cast<std::uint64_t>(signal_number));
  } else if (std::find(early_signals_.begin(), early_signals_.end(), signal_number) ==
             early_signals_.end()) {
    early_signals_.push_back(signal_number);
  }
}

void HolderChild::ResumeOutput() {
  if (seat_) seat_->link->ResumeOutput();
}

void HolderChild::OnDelivered(std::uint64_t bytes) {
  if (seat_) seat_->link->Send(FrameType::kAck, bytes);
}

void HolderChild::OnEndDelivered() {
  if (!seat_ || !exited_ || !output_ended_) return;
  pool_->Return(std::move(*seat_));
  seat_.reset();
}

void HolderChild::Resize(protocol::TerminalSize size) {
  if (!seat_) {
    early_size_ = size;
    return;
  }
  seat_->link->Send(FrameType::kResize, Packed(size));
  FitPane(size);
}

// The pane's size, which may still be that of the process before.
void HolderChild::FitPane(protocol::TerminalSize size) {
  if (Packed(seat_->size) == Packed(size)) return;
  seat_->size = size;
  seat_->launcher->Resize(*seat_, size);
}

void HolderChild::ReadScreen(BackendProcess::ScreenDone done) {
  if (!seat_) {
    pool_->Later([weak = weak_from_this(), done = std::move(done)] {
      const auto self = weak.lock();
      if (!self || self->events_ == nullptr) return;
      done(Error{ErrorKind::kInvalidRequest, "the process has no screen now"});
    });
    return;
  }
  seat_->launcher->ReadScreen(*seat_,
                              [weak = weak_from_this(), done = std::move(done)](auto screen) {
                                const auto self = weak.lock();
                                if (self && self->events_ != nullptr) done(std::move(screen));
                              });
}

}  // namespace paned
