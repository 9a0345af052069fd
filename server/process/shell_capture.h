// Runs a collector once and keeps what it prints, within limits of time and size: the user's files
// may sleep, read, flood, fork and fail. Destroying it kills what still runs.
// Threading: io thread only; nothing waits.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/base/clock.h"
#include "server/process/backend.h"

namespace paned {

class ShellCapture final : public BackendEvents {
 public:
  // All of it, when the shell ended with 0 in time.
  using Done = std::function<void(std::optional<std::string> output)>;

  // As the reference's.
  static constexpr Duration kPatience = std::chrono::seconds(10);
  static constexpr std::size_t kMaxOutput = std::size_t{4} << 20;

  // `end`: what the output ends with. Behind it nothing is waited for: what the user's files have
  // started may hold the pipes for ever. `done` is called once, later, and may destroy the capture.
  ShellCapture(Clock* clock, ProcessBackend* backend, const LaunchPlan& plan, std::string end,
               Done done);

  // BackendEvents
  void OnStarted(Status status) override;
  OutputSpace PrepareOutput() override;
  void CommitOutput(OutputStream stream, std::size_t size) override;
  void OnOutputEnd() override;
  void OnExited(ExitStatus status) override;
  void OnInputProgress() override {}

 private:
  void FinishIfOver();
  void FinishSoon(bool good);

  Clock* clock_;
  const std::string end_;
  Done done_;
  std::string output_;  // `filled_` bytes, and room
  std::size_t filled_ = 0;
  bool ended_ = false;
  std::optional<int> exit_code_;
  bool finishing_ = false;
  std::unique_ptr<Timer> patience_;
  std::unique_ptr<Timer> finish_;
  // Last: no event comes after its destruction.
  std::unique_ptr<BackendProcess> process_;
};

}  // namespace paned
