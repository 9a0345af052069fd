#include "tmux/terminal_backend.h"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "server/process/program_lookup.h"
#include "tmux/holder_child.h"

namespace paned {
namespace {

// What a Process holds: destroying it ends the child, whatever operations are still under way.
class HolderProcess final : public BackendProcess {
 public:
  explicit HolderProcess(std::shared_ptr<HolderChild> child) : child_(std::move(child)) {}
  ~HolderProcess() override { child_->Abandon(); }

  bool Starting() const override { return child_->starting(); }
  void WriteInput(std::string bytes) override { child_->WriteInput(bytes); }
  std::size_t QueuedInput() const override { return child_->queued_input(); }
  bool InputOpen() const override { return child_->input_open(); }
  // A terminal's input has no end of its own.
  void CloseInputAfterFlush() override {}
  void SignalGroup(int signal_number) override { child_->Signal(signal_number); }
  void ResumeOutput() override { child_->ResumeOutput(); }
  bool OutlivesServer() const override { return true; }
  void OnDelivered(std::uint64_t bytes) override { child_->OnDelivered(bytes); }
  void OnEndDelivered() override { child_->OnEndDelivered(); }
  void LeaveRunning() override { child_->LeaveRunning(); }
  void Resize(protocol::TerminalSize size) override { child_->Resize(size); }
  void ReadScreen(ScreenDone done) override { child_->ReadScreen(std::move(done)); }
  std::string_view backend_name() const override { return child_->backend_name(); }
  std::string pane() const override { return child_->pane(); }
  pid_t pid() const override { return child_->pid(); }

 private:
  std::shared_ptr<HolderChild> child_;
};

// Too large for any execve(2), which says so with this text.
bool TooLarge(const LaunchPlan& plan) {
  std::size_t size = 0;
  for (const std::string& text : plan.argv) size += text.size() + 1;
  for (const std::string& text : plan.env) size += text.size() + 1;
  return size > kMaxPlan / 2;
}

}  // namespace

Result<std::unique_ptr<BackendProcess>> TerminalBackend::Start(const LaunchPlan& plan,
                                                               BackendEvents* events) {
  if (auto refusal = RefusePlan(plan)) return std::move(*refusal);
  if (TooLarge(plan)) return ExplainStartFailure(E2BIG, plan);
  // What is plain to see needs no holder.
  struct stat status = {};
  if (::stat(plan.cwd.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return ExplainStartFailure(ENOENT, plan);
  }
  const std::vector<std::string> candidates = ProgramCandidates(plan);
  if (candidates.empty()) return ExplainStartFailure(ENOENT, plan);
  auto child = std::make_shared<HolderChild>(clock_, pool_, options_, events, plan, candidates);
  child->Begin();
  return std::unique_ptr<BackendProcess>(std::make_unique<HolderProcess>(std::move(child)));
}

}  // namespace paned
