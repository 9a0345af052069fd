#include "tests/support/fake_backend.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace paned {

// What the server holds of a child.
class FakeProcess final : public BackendProcess {
 public:
  explicit FakeProcess(std::shared_ptr<FakeChild> child) : child_(std::move(child)) {}
  ~FakeProcess() override { child_->events_ = nullptr; }

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
    if (!child_->exited_) child_->signals_.push_back(signal_number);
  }
  void ResumeOutput() override {
    ++child_->resumes_;
    child_->paused_ = false;
  }

 private:
  std::shared_ptr<FakeChild> child_;
};

FakeChild::FakeChild(LaunchPlan plan, BackendEvents* events)
    : plan_(std::move(plan)), events_(events), input_open_(plan_.pipe_stdin) {}

void FakeChild::Print(std::string_view bytes, OutputStream stream) {
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
  children_.push_back(std::make_shared<FakeChild>(plan, events));
  return std::unique_ptr<BackendProcess>(std::make_unique<FakeProcess>(children_.back()));
}

void FakeBackend::TurnAll() {
  for (const auto& child : children_) child->Turn();
}

}  // namespace paned
