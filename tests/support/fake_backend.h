// A ProcessBackend whose children are played by the test: they start, print, take input, end and
// die when told, and what was done to them can be looked at. Those on a tty outlive the server. As
// with the real ones no event is delivered from within a call to the backend: after ResumeOutput()
// output moves in the next Turn().
// Threading: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/process/backend.h"

namespace paned {

// One child. Lives as long as the FakeBackend, so that it can be looked at after its end.
class FakeChild {
 public:
  // `starting`: it runs once Started() is called.
  FakeChild(LaunchPlan plan, BackendEvents* events, bool starting);

  // --- what the child does ---
  // The start is over: it runs, and meets the signals that have waited, or there is no child.
  void Started();
  void FailStart(Error error);
  // Writes to an output stream. One call is one chunk when there is room for it. What nobody wants
  // stays in the pipe.
  void Print(std::string_view bytes, OutputStream stream = OutputStream::kStdout);
  // Moves what stands in the pipe, unless output is held; the end of the output comes behind it.
  void Turn();
  // All streams end, behind what was printed.
  void EndOutput();
  // The process ends. As with pipes its input is closed first and what was queued is gone.
  void Exit(int code) { Exit(ExitStatus{code, {}}); }
  void Exit(ExitStatus status);
  // Reads from its stdin.
  std::string TakeInput(std::size_t size);
  // Closes its stdin: what is queued has nowhere to go.
  void CloseStdin();
  // Answers the oldest question for its screen.
  void ShowScreen(Result<protocol::ScreenResult> screen);

  // --- what was done to it ---
  const LaunchPlan& plan() const { return plan_; }
  const std::vector<int>& signals() const { return signals_; }
  const std::string& queued_input() const { return input_; }
  bool input_open() const { return input_open_; }
  bool close_requested() const { return close_requested_; }
  bool held() const { return paused_; }
  int resumes() const { return resumes_; }
  // Bytes that were printed and not taken.
  std::size_t in_pipe() const;
  bool destroyed() const { return events_ == nullptr; }
  // Every OnDelivered(), in order, and how often OnEndDelivered() was called.
  const std::vector<std::uint64_t>& delivered() const { return delivered_; }
  int ends_delivered() const { return ends_delivered_; }
  // Sizes set, as "ROWSxCOLS".
  const std::vector<std::string>& sizes() const { return sizes_; }
  std::size_t screens_asked() const { return screens_.size(); }
  bool left_running() const { return left_running_; }

 private:
  friend class FakeProcess;

  void MaybeCloseInput();

  LaunchPlan plan_;
  BackendEvents* events_;
  std::deque<std::pair<OutputStream, std::string>> pipe_;
  bool paused_ = false;
  int resumes_ = 0;
  bool end_wanted_ = false;
  bool end_told_ = false;
  bool starting_;
  bool exited_ = false;
  std::string input_;
  bool input_open_;
  bool close_requested_ = false;
  std::vector<int> signals_;
  std::vector<int> waiting_signals_;
  std::vector<std::uint64_t> delivered_;
  int ends_delivered_ = 0;
  std::vector<std::string> sizes_;
  std::deque<BackendProcess::ScreenDone> screens_;
  bool left_running_ = false;
};

class FakeBackend final : public ProcessBackend {
 public:
  Result<std::unique_ptr<BackendProcess>> Start(const LaunchPlan& plan,
                                                BackendEvents* events) override;

  // The next Start() fails with this.
  void FailNext(Error error) { failure_ = std::move(error); }
  // The child of the next Start() takes its time.
  void StartLater() { start_later_ = true; }
  // One turn of every child, oldest first.
  void TurnAll();

  FakeChild& child(std::size_t n) { return *children_.at(n); }
  FakeChild& last() { return *children_.back(); }
  std::size_t started() const { return children_.size(); }

 private:
  std::vector<std::shared_ptr<FakeChild>> children_;
  std::optional<Error> failure_;
  bool start_later_ = false;
};

}  // namespace paned
