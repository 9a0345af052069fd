// A process under a holder, as its backend holds it: from the wait for a seat to the seat's return.
// Pending operations hold it weakly.
// Threading: io thread only.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/process/backend.h"
#include "tmux/holder_launcher.h"
#include "tmux/holder_pool.h"
#include "tmux/terminal_backend.h"

namespace paned {

class HolderChild final : public HolderListener, public std::enable_shared_from_this<HolderChild> {
 public:
  HolderChild(Clock* clock, HolderPool* pool, const TerminalOptions& options, BackendEvents* events,
              const LaunchPlan& plan, const std::vector<std::string>& candidates);

  // Asks for a seat, and goes on by itself.
  void Begin();
  // No event comes any more. What runs is killed, unless it was left running.
  void Abandon();

  bool starting() const { return starting_; }
  void WriteInput(std::string_view bytes);
  std::size_t queued_input() const { return input_.size() - input_at_ + in_flight(); }
  bool input_open() const { return !exited_; }
  void Signal(int signal_number);
  void ResumeOutput();
  void OnDelivered(std::uint64_t bytes);
  void OnEndDelivered();
  void LeaveRunning() { leave_running_ = true; }
  void Resize(protocol::TerminalSize size);
  void ReadScreen(BackendProcess::ScreenDone done);
  std::string_view backend_name() const { return name_; }
  std::string pane() const {
    return seat_ && seat_->launcher->Shown(*seat_) ? seat_->pane : std::string();
  }
  pid_t pid() const { return pid_; }

  // HolderListener
  void OnFrame(const FrameHeader& header, std::string_view payload) override;
  OutputSpace PrepareOutput() override;
  void CommitOutput(std::size_t size) override;
  void OnLinkClosed() override;

 private:
  std::size_t in_flight() const { return static_cast<std::size_t>(input_sent_ - input_taken_); }
  void OnSeat(Seat seat);
  void OnStarted(pid_t pid);
  void OnStartFailed(Error error);
  void OnExited(ExitStatus status);
  void OnOutputEnd();
  void FlushInput();
  void FitPane(protocol::TerminalSize size);

  Clock* clock_;
  HolderPool* pool_;
  const TerminalOptions options_;
  BackendEvents* events_;  // null once abandoned
  LaunchPlan blamed_;      // what a failed start is explained by: program and directory
  std::string label_;
  std::string plan_;  // encoded, until it was sent
  const protocol::TerminalSize planned_size_;
  std::optional<Seat> seat_;
  std::string_view name_;  // of the seat's launcher; of the usual one before
  std::unique_ptr<Timer> label_timer_;

  bool starting_ = true;
  bool exited_ = false;
  bool output_ended_ = false;
  bool leave_running_ = false;
  pid_t pid_ = 0;

  std::string input_;  // not sent yet
  std::size_t input_at_ = 0;
  std::uint64_t input_sent_ = 0;
  std::uint64_t input_taken_ = 0;
  // What was asked for before there was a seat.
  std::vector<int> early_signals_;
  std::optional<protocol::TerminalSize> early_size_;
};

}  // namespace paned
