// Child processes by descriptor instead of by signal: no SIGCHLD, no waitpid(-1), so no exit status
// is ever taken from whoever is entitled to it. Threading: stateless.
#pragma once

#include <sys/types.h>

#include <optional>

#include "server/base/unique_fd.h"

namespace paned {

// A descriptor that becomes readable when the process ends; invalid with errno set on failure.
UniqueFd OpenPidfd(pid_t pid);

// How a child ended.
struct ChildExit {
  bool signaled = false;
  int code = 0;  // exit code, or signal number
};

// Reaps the ended child behind `pidfd` without waiting. Nothing: it still runs, or its status is
// not to be had (`*lost` is then true).
std::optional<ChildExit> Reap(const UniqueFd& pidfd, bool* lost);

// Waits for a child that was just killed, and reaps it.
void ReapNow(pid_t pid);

}  // namespace paned
