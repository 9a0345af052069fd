// A backend for one start whose plan is not ready yet: the process is Starting() until it is, and
// what is asked of it meanwhile waits. Killed meanwhile, it never starts.
// Threading: io thread only.
#pragma once

#include <functional>
#include <memory>

#include "server/base/clock.h"
#include "server/process/backend.h"

namespace paned {

class DeferredBackend final : public ProcessBackend {
 public:
  // Takes the plan, and hands the one to start to `ready` once, now or later or, when nobody waits
  // for it any more, never.
  using Prepare =
      std::function<void(const LaunchPlan& plan, std::function<void(LaunchPlan)> ready)>;

  // `backend` outlives the processes; this need not.
  DeferredBackend(Clock* clock, ProcessBackend* backend, Prepare prepare)
      : clock_(clock), backend_(backend), prepare_(std::move(prepare)) {}

  Result<std::unique_ptr<BackendProcess>> Start(const LaunchPlan& plan,
                                                BackendEvents* events) override;

 private:
  Clock* clock_;
  ProcessBackend* backend_;
  Prepare prepare_;
};

}  // namespace paned
