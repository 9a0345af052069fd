// Processes on pipes: stdin, stdout and stderr as the parent's non-blocking ends, the exit by
// pidfd. Threading: io thread only.
#pragma once

#include <memory>

#include "server/process/backend.h"
#include "server/process/reaper.h"

namespace asio {
class io_context;
}

namespace paned {

class PipeBackend final : public ProcessBackend {
 public:
  PipeBackend(asio::io_context* io, Reaper* reaper) : io_(io), reaper_(reaper) {}

  Result<std::unique_ptr<BackendProcess>> Start(const LaunchPlan& plan,
                                                BackendEvents* events) override;

 private:
  asio::io_context* io_;
  Reaper* reaper_;
};

}  // namespace paned
