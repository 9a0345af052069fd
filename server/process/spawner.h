// Starts a program straight from its argv: posix_spawn, a session of its own, exact environment,
// nothing inherited but three descriptors. Every pipe-backed process begins here.
// Threading: stateless; io thread (posix_spawn holds the caller for about a millisecond).
#pragma once

#include <sys/types.h>

#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "server/process/backend.h"

namespace paned {

// The parent's ends: non-blocking, close-on-exec.
struct SpawnedChild {
  pid_t pid = -1;  // also its session and process group; valid until reaped through `pidfd`
  UniqueFd pidfd;
  UniqueFd input;  // invalid when stdin is /dev/null
  UniqueFd output;
  UniqueFd error_output;
};

// Errors are those of process/start (section 7.1): a missing program or directory, no permission, a
// NUL byte, the lot, with the file concerned and a hint.
Result<SpawnedChild> Spawn(const LaunchPlan& plan);

}  // namespace paned
