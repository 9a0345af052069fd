#include "server/process/spawner.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "server/base/os_error.h"
#include "server/base/pidfd.h"

namespace paned {
namespace {

// Where a name is searched when the child's environment has no PATH.
constexpr std::string_view kDefaultPath = "/usr/local/bin:/bin:/usr/bin";

Error StartError(int error_number, std::string path, std::string hint = {}) {
  return {ErrorKind::kInternal, OsErrorText(error_number), std::move(path), {}, std::move(hint)};
}

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

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

// posix_spawn's two argument objects, initialised and destroyed as one.
class SpawnActions {
 public:
  SpawnActions() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  void Streams(const UniqueFd& input, const UniqueFd& output, const UniqueFd& error_output) {
    if (input.valid()) {
      ::posix_spawn_file_actions_adddup2(&actions_, input.get(), STDIN_FILENO);
    } else {
      ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, output.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, error_output.get(), STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  void Directory(const std::string& cwd) {
    ::posix_spawn_file_actions_addchdir_np(&actions_, cwd.c_str());
  }
  int Run(const std::string& program, char* const* argv, char* const* envp, pid_t* pid) const {
    return ::posix_spawn(pid, program.c_str(), &actions_, &attributes_, argv, envp);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::string_view SearchPath(const std::vector<std::string>& env) {
  for (const std::string& entry : env) {
    if (entry.compare(0, 5, "PATH=") == 0) return std::string_view(entry).substr(5);
  }
  return kDefaultPath;
}

// What to try, in order: the name itself when it has a slash, else one candidate per PATH entry.
std::vector<std::string> Candidates(const LaunchPlan& plan) {
  const std::string& name = plan.argv.front();
  if (name.find('/') != std::string::npos) return {name};
  std::vector<std::string> candidates;
  std::string_view rest = SearchPath(plan.env);
  while (true) {
    const std::size_t colon = rest.find(':');
    std::string entry(rest.substr(0, colon));
    candidates.push_back(entry.empty() ? "./" + name : entry + "/" + name);
    if (colon == std::string_view::npos) return candidates;
    rest.remove_prefix(colon + 1);
  }
}

// A look before the leap: a spawn that fails costs far more than a stat. Relative candidates count
// from the child's directory.
bool Exists(const std::string& candidate, const std::string& cwd) {
  struct stat status = {};
  const std::string path = candidate.front() == '/' ? candidate : cwd + "/" + candidate;
  return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Which of the two is missing: the directory or the program?
Error Explain(int error_number, const LaunchPlan& plan) {
  struct stat status = {};
  if (::stat(plan.cwd.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return StartError(error_number, plan.cwd,
                      "the working directory is missing or not a directory");
  }
  const char* hint = "";
  if (error_number == ENOENT) hint = "the program is not there, nor in the child's PATH";
  if (error_number == EACCES) hint = "the program is not an executable file";
  if (error_number == ENOEXEC) hint = "the file is no binary and has no #! line";
  if (error_number == E2BIG) hint = "argv and env together are larger than the system takes";
  return StartError(error_number, plan.argv.front(), hint);
}

Result<pid_t> SpawnFirst(const LaunchPlan& plan, const SpawnActions& actions) {
  std::vector<std::string> arguments = plan.argv;
  if (plan.arg0) arguments.front() = *plan.arg0;
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(plan.env);
  const bool searched = plan.argv.front().find('/') == std::string::npos;
  int reason = ENOENT;
  for (const std::string& candidate : Candidates(plan)) {
    if (searched && !Exists(candidate, plan.cwd)) continue;
    pid_t pid = -1;
    const int failed = actions.Run(candidate, argv.data(), envp.data(), &pid);
    if (failed == 0) return pid;
    // As execvp(3): a candidate that may not be run does not end the search, but is remembered.
    if (failed == EACCES) reason = EACCES;
    if (failed != EACCES && failed != ENOENT && failed != ENOTDIR) return Explain(failed, plan);
    if (failed == ENOTDIR && !searched) reason = ENOTDIR;
  }
  struct stat status = {};
  if (::stat(plan.cwd.c_str(), &status) != 0) {
    reason = errno;
  } else if (!S_ISDIR(status.st_mode)) {
    reason = ENOTDIR;
  }
  return Explain(reason, plan);
}

}  // namespace

Result<SpawnedChild> Spawn(const LaunchPlan& plan) {
  if (plan.argv.front().empty()) {
    return Error{ErrorKind::kInternal, "missing program for pipe spawn"};
  }
  if (std::any_of(plan.argv.begin(), plan.argv.end(), HasNul) ||
      (plan.arg0 && HasNul(*plan.arg0))) {
    return Error{ErrorKind::kInternal, "nul byte found in provided data"};
  }
  if (std::any_of(plan.env.begin(), plan.env.end(), HasNul)) {
    return Error{ErrorKind::kInternal, "data provided contains a nul byte"};
  }
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
  actions.Streams(input.child, output.value().child, error_output.value().child);
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
