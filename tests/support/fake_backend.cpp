#include "tests/support/fake_backend.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace paned {

// What the server holds of a child.
class FakeProcess final : public BackendProcess {
 public:
  explicit FakeProcess(std::shared_ptr<FakeChild> child) : child_(std::move(child)) {}
  ~FakeProcess() override {
    child_->events_ = nullptr;
    child_->screens_.clear();
  }

  bool Starting() const override { return child_->starting_; }
  void WriteInput(std::string bytes) override {
    if (child_->input_open_) child_->input_ += bytes;
  }
  std::size_t QueuedInput() const override { return child_->input_.size(); }
  bool InputOpen() const override { return child_->input_open_ && !child_->close_requested_; }
  void CloseInputAfterFlush() override {
    child_->close_requested_ = true;
    child_->MaybeCloseInput();
  }
  void SignalGroup(int signal_number) override {
    if (child_->exited_) return;
    (child_->starting_ ? child_->waiting_signals_ : child_->signals_).push_back(signal_number);
  }
  void ResumeOutput() override {
    ++child_->resumes_;
    child_->paused_ = false;
  }

  bool OutlivesServer() const override { return child_->plan_.tty; }
  void OnDelivered(std::uint64_t bytes) override { child_->delivered_.push_back(bytes); }
  void OnEndDelivered() override { ++child_->ends_delivered_; }
  void LeaveRunning() override { child_->left_running_ = true; }
  void Resize(protocol::TerminalSize size) override {
    ASSERT_FALSE(child_->starting_) << "a terminal that is not there yet has no size";
    child_->sizes_.push_back(std::to_string(size.rows) + 'x' + std::to_string(size.cols));
  }
  void ReadScreen(ScreenDone done) override { child_->screens_.push_back(std::move(done)); }
  std::string_view backend_name() const override { return child_->plan_.tty ? "tmux" : "pipes"; }
  std::string pane() const override { return child_->plan_.tty ? "%7" : ""; }
  pid_t pid() const override { return child_->starting_ ? 0 : 4711; }

 private:
  std::shared_ptr<FakeChild> child_;
};

FakeChild::FakeChild(LaunchPlan plan, BackendEvents* events, bool starting)
    : plan_(std::move(plan)),
      events_(events),
      starting_(starting),
      input_open_(plan_.pipe_stdin || plan_.tty) {}

void FakeChild::Started() {
  ASSERT_TRUE(std::exchange(starting_, false)) << "a child starts twice";
  if (events_ == nullptr) return;
  signals_ = std::move(waiting_signals_);
  events_->OnStarted(Done{});
}

void FakeChild::FailStart(Error error) {
  ASSERT_TRUE(std::exchange(starting_, false)) << "a child starts twice";
  exited_ = true;
  if (events_ != nullptr) events_->OnStarted(std::move(error));
}

void FakeChild::ShowScreen(Result<protocol::ScreenResult> screen) {
  ASSERT_FALSE(screens_.empty()) << "nobody asks for the screen";
  const BackendProcess::ScreenDone done = std::move(screens_.front());
  screens_.pop_front();
  done(std::move(screen));
}

void FakeChild::Print(std::string_view bytes, OutputStream stream) {
  ASSERT_FALSE(starting_) << "a child prints before it runs";
  ASSERT_FALSE(end_wanted_) << "a child that has closed its output prints";
  pipe_.emplace_back(stream, bytes);
  Turn();
}

void FakeChild::Turn() {
  while (events_ != nullptr && !paused_ && !pipe_.empty()) {
    // Paused first, as with pipes: asking for room may itself make room and resume.
    paused_ = true;
    const OutputSpace space = events_->PrepareOutput();
    if (space.size == 0) return;
    paused_ = false;
    auto& [stream, bytes] = pipe_.front();
    const std::size_t size = std::min(space.size, bytes.size());
    bytes.copy(space.data, size);
    bytes.erase(0, size);
    const OutputStream from = stream;
    if (bytes.empty()) pipe_.pop_front();
    events_->CommitOutput(from, size);
  }
  if (events_ != nullptr && !paused_ && end_wanted_ && !std::exchange(end_told_, true)) {
    events_->OnOutputEnd();
  }
}

void FakeChild::EndOutput() {
  end_wanted_ = true;
  Turn();
}

void FakeChild::Exit(ExitStatus status) {
  ASSERT_FALSE(starting_) << "a child exits before it runs";
  ASSERT_FALSE(std::exchange(exited_, true)) << "a child exits twice";
  input_.clear();
  input_open_ = false;
  if (events_ != nullptr) events_->OnExited(std::move(status));
}

std::string FakeChild::TakeInput(std::size_t size) {
  std::string taken = input_.substr(0, size);
  input_.erase(0, size);
  MaybeCloseInput();
  if (events_ != nullptr) events_->OnInputProgress();
  return taken;
}

void FakeChild::CloseStdin() {
  input_.clear();
  input_open_ = false;
  if (events_ != nullptr) events_->OnInputProgress();
}

void FakeChild::MaybeCloseInput() {
  if (close_requested_ && input_.empty()) input_open_ = false;
}

std::size_t FakeChild::in_pipe() const {
  std::size_t size = 0;
  for (const auto& [stream, bytes] : pipe_) size += bytes.size();
  return size;
}

Result<std::unique_ptr<BackendProcess>> FakeBackend::Start(const LaunchPlan& plan,
                                                           BackendEvents* events) {
  if (failure_) {
    Error error = std::move(*failure_);
    failure_.reset();
    return error;
  }
  const bool starting = std::exchange(start_later_, false);
  children_.push_back(std::make_shared<FakeChild>(plan, events, starting));
  return std::unique_ptr<BackendProcess>(std::make_unique<FakeProcess>(children_.back()));
}

void FakeBackend::TurnAll() {
  for (const auto& child : children_) child->Turn();
}

}  // namespace paned
