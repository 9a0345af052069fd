// Processes on terminals: each runs under a holder, in a tmux pane or bare, as the pool's launcher
// has it. Threading: io thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "server/base/clock.h"
#include "server/process/backend.h"
#include "tmux/holder_pool.h"

namespace paned {

struct TerminalOptions {
  // Output a holder keeps until it was delivered; more holds the process back.
  std::size_t ring_bytes = std::size_t{8} << 20;
  // How long a holder goes on without a server: while its process runs, and after.
  std::chrono::seconds running_ttl = std::chrono::hours(24);
  std::chrono::seconds ended_ttl = std::chrono::minutes(10);
};

class TerminalBackend final : public ProcessBackend {
 public:
  // Both outlive the backend and its processes.
  TerminalBackend(Clock* clock, HolderPool* pool, const TerminalOptions& options)
      : clock_(clock), pool_(pool), options_(options) {}

  Result<std::unique_ptr<BackendProcess>> Start(const LaunchPlan& plan,
                                                BackendEvents* events) override;

 private:
  Clock* clock_;
  HolderPool* pool_;
  const TerminalOptions options_;
};

}  // namespace paned
