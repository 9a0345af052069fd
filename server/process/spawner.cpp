#include "server/process/spawner.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "server/base/pidfd.h"
#include "server/base/spawn_actions.h"
#include "server/process/program_lookup.h"

namespace paned {
namespace {

// Two ends of a pipe; the parent's is non-blocking, the child's is left as programs expect it.
struct PipePair {
  UniqueFd parent;
  UniqueFd child;
};

Result<PipePair> MakePipe(bool parent_reads) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return StartError(errno, {},
                      "the server is out of file descriptors; raise its limit (ulimit -n)");
  }
  PipePair pair;
  pair.parent = UniqueFd(fds[parent_reads ? 0 : 1]);
  pair.child = UniqueFd(fds[parent_reads ? 1 : 0]);
  ::fcntl(pair.parent.get(), F_SETFL, O_NONBLOCK | (parent_reads ? O_RDONLY : O_WRONLY));
  return pair;
}

Result<pid_t> SpawnFirst(const LaunchPlan& plan, const SpawnActions& actions) {
  std::vector<std::string> arguments = plan.argv;
  if (plan.arg0) arguments.front() = *plan.arg0;
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(plan.env);
  int reason = 0;
  for (const std::string& candidate : ProgramCandidates(plan)) {
    pid_t pid = -1;
    const int failed = actions.Run(candidate, argv.data(), envp.data(), &pid);
    if (failed == 0) return pid;
    // As execvp(3): a candidate that may not be run does not end the search, but is remembered.
    if (failed == EACCES || (failed == ENOTDIR && reason == 0)) reason = failed;
    if (failed != EACCES && failed != ENOENT && failed != ENOTDIR) {
      return ExplainStartFailure(failed, plan);
    }
  }
  return ExplainStartFailure(reason, plan);
}

}  // namespace

Result<SpawnedChild> Spawn(const LaunchPlan& plan) {
  if (auto refusal = RefusePlan(plan)) return std::move(*refusal);
  Result<PipePair> output = MakePipe(/*parent_reads=*/true);
  if (!output.ok()) return std::move(output.error());
  Result<PipePair> error_output = MakePipe(/*parent_reads=*/true);
  if (!error_output.ok()) return std::move(error_output.error());
  PipePair input;
  if (plan.pipe_stdin) {
    Result<PipePair> made = MakePipe(/*parent_reads=*/false);
    if (!made.ok()) return std::move(made.error());
    input = std::move(made.value());
  }
  SpawnActions actions;
  if (input.child.valid()) {
    actions.Duplicate(input.child.get(), STDIN_FILENO);
  } else {
    actions.OpenNull(STDIN_FILENO, O_RDONLY);
  }
  actions.Duplicate(output.value().child.get(), STDOUT_FILENO);
  actions.Duplicate(error_output.value().child.get(), STDERR_FILENO);
  actions.CloseFrom(STDERR_FILENO + 1);
  actions.Directory(plan.cwd);
  Result<pid_t> pid = SpawnFirst(plan, actions);
  if (!pid.ok()) return std::move(pid.error());

  SpawnedChild child;
  child.pid = pid.value();
  // The child cannot be reaped by anyone else, so its pid is still its own.
  child.pidfd = OpenPidfd(child.pid);
  if (!child.pidfd.valid()) {
    const int reason = errno;
    ::kill(-child.pid, SIGKILL);
    ReapNow(child.pid);
    return StartError(reason, {}, "no pidfd for the new process; raise the descriptor limit");
  }
  child.input = std::move(input.parent);
  child.output = std::move(output.value().parent);
  child.error_output = std::move(error_output.value().parent);
  return child;
}

}  // namespace paned
