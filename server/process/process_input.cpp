// Process: what is written to it, its terminal, and how it is ended.
#include <csignal>
#include <utility>

#include "server/process/process.h"

namespace paned {
namespace {

// How long a program whose input was closed may take to end by itself, and how long it may go
// without taking any of the input that is still queued (go-bridge rule R7).
constexpr Duration kInputPatience = std::chrono::seconds(1);
constexpr Duration kTermPatience = std::chrono::seconds(2);

Error StdinFailed(std::string hint) {
  return {ErrorKind::kInternal, "failed to write to process stdin", {}, {}, std::move(hint)};
}

}  // namespace

// --- input ---------------------------------------------------------------------------------------

void Process::Write(std::string bytes, const std::optional<std::string>& write_id, WriteDone done) {
  if (!has_input_) {
    done(protocol::WriteStatus::kStdinClosed);
    return;
  }
  if (write_id && write_ids_.count(*write_id) > 0) {
    done(protocol::WriteStatus::kAccepted);
    return;
  }
  if (exited()) {
    done(StdinFailed("the process has exited"));
    return;
  }
  if (!backend_->InputOpen() && ending_ != Ending::kNone) {
    done(protocol::WriteStatus::kStdinClosed);
    return;
  }
  if (write_id) RememberWriteId(*write_id);
  input_queued_ += bytes.size();
  backend_->WriteInput(std::move(bytes));
  waiting_writes_.push_back({input_queued_, std::move(done)});
  SettleWaitingWrites();
}

std::uint64_t Process::TakenInput() const { return input_queued_ - backend_->QueuedInput(); }

void Process::SettleWaitingWrites() {
  // What still waits at the exit fails, though the backend has nothing queued any more.
  if (exited()) {
    FailWaitingWrites("the process exited before it took the input");
    return;
  }
  while (!waiting_writes_.empty()) {
    WaitingWrite& oldest = waiting_writes_.front();
    if (oldest.end > TakenInput() + limits_.max_queued_input) return;
    const WriteDone done = std::move(oldest.done);
    waiting_writes_.pop_front();
    done(protocol::WriteStatus::kAccepted);
  }
}

// Their input has nowhere to go any more.
void Process::FailWaitingWrites(const char* why) {
  while (!waiting_writes_.empty()) {
    const WriteDone done = std::move(waiting_writes_.front().done);
    waiting_writes_.pop_front();
    done(StdinFailed(why));
  }
}

void Process::OnInputProgress() {
  SettleWaitingWrites();
  if (ending_ == Ending::kFlushing && !exited()) WatchFlush();
}

void Process::RememberWriteId(const std::string& write_id) {
  write_ids_.insert(write_id);
  write_id_order_.push_back(write_id);
  if (write_id_order_.size() > limits_.remembered_write_ids) {
    write_ids_.erase(write_id_order_.front());
    write_id_order_.pop_front();
  }
}

// --- the terminal --------------------------------------------------------------------------------

std::optional<Error> Process::NoTerminal() const {
  if (!tty_) {
    return Error{ErrorKind::kInvalidRequest,
                 "process " + id_ + " has no terminal",
                 {},
                 {},
                 "start it with tty: true"};
  }
  if (exited()) return Error{ErrorKind::kInvalidRequest, "process " + id_ + " has exited"};
  return std::nullopt;
}

Status Process::Resize(protocol::TerminalSize size) {
  if (auto none = NoTerminal()) return std::move(*none);
  if (starting()) {
    size_wanted_ = size;
  } else {
    backend_->Resize(size);
  }
  return Done{};
}

void Process::ReadScreen(BackendProcess::ScreenDone done) {
  if (auto none = NoTerminal()) {
    done(std::move(*none));
  } else if (starting()) {
    done(Error{ErrorKind::kInvalidRequest, "process " + id_ + " is starting"});
  } else {
    backend_->ReadScreen(std::move(done));
  }
}

// --- ending --------------------------------------------------------------------------------------

void Process::Interrupt() {
  if (!exited()) backend_->SignalGroup(SIGINT);
}

// The input of a terminal cannot be closed: its programs hear of the end by the hang-up. One that
// has not even started is not treated gently.
bool Process::Terminate() {
  if (exited()) return false;
  if (profile_ == nullptr || !profile_->gentle_terminate) {
    backend_->SignalGroup(SIGKILL);
  } else if (ending_ == Ending::kNone) {
    if (!tty_ && backend_->InputOpen()) {
      ending_ = Ending::kFlushing;
      backend_->CloseInputAfterFlush();
      WatchFlush();
    } else {
      End(kTermPatience);
    }
  }
  return true;
}

void Process::WatchFlush() {
  ending_timer_ = clock_->After(kInputPatience, [this] { End(kTermPatience); });
}

void Process::End(Duration patience) {
  if (exited()) return;
  ending_ = Ending::kTerminated;
  if (starting()) {
    backend_->SignalGroup(SIGKILL);
    return;
  }
  if (tty_) backend_->SignalGroup(SIGHUP);  // shells on a terminal do not heed TERM
  backend_->SignalGroup(SIGTERM);
  ending_timer_ = clock_->After(patience, [this] {
    if (!exited()) backend_->SignalGroup(SIGKILL);
  });
}

}  // namespace paned
