#include "server/process/deferred_backend.h"

#include <csignal>
#include <string>
#include <utility>
#include <vector>

namespace paned {
namespace {

// What waits for the plan. Shared with the call that brings it, which may find it abandoned.
class Deferred final : public std::enable_shared_from_this<Deferred> {
 public:
  Deferred(Clock* clock, ProcessBackend* backend, const LaunchPlan& plan, BackendEvents* events)
      : clock_(clock),
        backend_(backend),
        events_(events),
        process_id_(plan.process_id),
        tty_(plan.tty),
        input_open_(plan.tty || plan.pipe_stdin) {}

  // The inner process tells of itself from here on.
  void Begin(const LaunchPlan& plan) {
    if (cancelled_) return;
    const auto self = shared_from_this();
    Result<std::unique_ptr<BackendProcess>> started = backend_->Start(plan, events_);
    if (!started.ok()) {
      events_->OnStarted(std::move(started.error()));
      return;
    }
    process_ = std::move(started.value());
    if (!queued_.empty()) process_->WriteInput(std::exchange(queued_, {}));
    if (close_wanted_) process_->CloseInputAfterFlush();
    for (const int signal_number : signals_) process_->SignalGroup(signal_number);
    for (BackendProcess::ScreenDone& done : std::exchange(screens_, {})) {
      process_->ReadScreen(std::move(done));
    }
    if (!process_->Starting()) events_->OnStarted(Done{});
  }

  void WriteInput(std::string bytes) {
    if (InputOpen()) queued_ += bytes;
  }
  std::size_t QueuedInput() const { return queued_.size(); }
  bool InputOpen() const { return input_open_ && !close_wanted_; }
  void CloseInput() { close_wanted_ = true; }

  void Signal(int signal_number) {
    if (signal_number == SIGKILL) {
      Cancel();
    } else {
      signals_.push_back(signal_number);
    }
  }

  void ReadScreen(BackendProcess::ScreenDone done) { screens_.push_back(std::move(done)); }

  BackendProcess* process() const { return process_.get(); }
  bool tty() const { return tty_; }

 private:
  // Later: no event comes from within a call.
  void Cancel() {
    if (std::exchange(cancelled_, true)) return;
    cancel_ = clock_->After(Duration::zero(), [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->events_->OnStarted(Error{ErrorKind::kInvalidRequest,
                                     "process " + self->process_id_ + " start was cancelled",
                                     {},
                                     {},
                                     "it was terminated before it ran"});
    });
  }

  Clock* clock_;
  ProcessBackend* backend_;
  BackendEvents* events_;
  const std::string process_id_;
  const bool tty_;
  const bool input_open_;
  bool close_wanted_ = false;
  bool cancelled_ = false;
  std::string queued_;
  std::vector<int> signals_;
  std::vector<BackendProcess::ScreenDone> screens_;
  std::unique_ptr<Timer> cancel_;
  std::unique_ptr<BackendProcess> process_;
};

class DeferredProcess final : public BackendProcess {
 public:
  explicit DeferredProcess(std::shared_ptr<Deferred> deferred) : deferred_(std::move(deferred)) {}

  bool Starting() const override { return inner() == nullptr || inner()->Starting(); }
  void WriteInput(std::string bytes) override {
    if (inner() != nullptr) {
      inner()->WriteInput(std::move(bytes));
    } else {
      deferred_->WriteInput(std::move(bytes));
    }
  }
  std::size_t QueuedInput() const override {
    return inner() != nullptr ? inner()->QueuedInput() : deferred_->QueuedInput();
  }
  bool InputOpen() const override {
    return inner() != nullptr ? inner()->InputOpen() : deferred_->InputOpen();
  }
  void CloseInputAfterFlush() override {
    if (inner() != nullptr) {
      inner()->CloseInputAfterFlush();
    } else {
      deferred_->CloseInput();
    }
  }
  void SignalGroup(int signal_number) override {
    if (inner() != nullptr) {
      inner()->SignalGroup(signal_number);
    } else {
      deferred_->Signal(signal_number);
    }
  }
  void ResumeOutput() override {
    if (inner() != nullptr) inner()->ResumeOutput();
  }
  bool OutlivesServer() const override { return inner() != nullptr && inner()->OutlivesServer(); }
  void OnDelivered(std::uint64_t bytes) override {
    if (inner() != nullptr) inner()->OnDelivered(bytes);
  }
  void OnEndDelivered() override {
    if (inner() != nullptr) inner()->OnEndDelivered();
  }
  void LeaveRunning() override {
    if (inner() != nullptr) inner()->LeaveRunning();
  }
  void Resize(protocol::TerminalSize size) override {
    if (inner() != nullptr) inner()->Resize(size);
  }
  void ReadScreen(ScreenDone done) override {
    if (inner() != nullptr) {
      inner()->ReadScreen(std::move(done));
    } else {
      deferred_->ReadScreen(std::move(done));
    }
  }
  std::string_view backend_name() const override {
    if (inner() != nullptr) return inner()->backend_name();
    return deferred_->tty() ? "tty" : "pipes";
  }
  std::string pane() const override { return inner() != nullptr ? inner()->pane() : std::string(); }
  pid_t pid() const override { return inner() != nullptr ? inner()->pid() : 0; }

 private:
  BackendProcess* inner() const { return deferred_->process(); }

  std::shared_ptr<Deferred> deferred_;
};

}  // namespace

Result<std::unique_ptr<BackendProcess>> DeferredBackend::Start(const LaunchPlan& plan,
                                                               BackendEvents* events) {
  // Ready at once, it is an ordinary start.
  std::optional<LaunchPlan> prepared;
  auto deferred = std::make_shared<Deferred>(clock_, backend_, plan, events);
  auto within = std::make_shared<bool>(true);
  prepare_(plan, [&prepared, within, weak = std::weak_ptr<Deferred>(deferred)](LaunchPlan ready) {
    if (*within) {
      prepared = std::move(ready);
    } else if (const auto found = weak.lock()) {
      found->Begin(ready);
    }
  });
  *within = false;
  if (prepared) return backend_->Start(*prepared, events);
  return std::unique_ptr<BackendProcess>(std::make_unique<DeferredProcess>(std::move(deferred)));
}

}  // namespace paned
