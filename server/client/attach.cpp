#include "server/client/attach.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace paned {
namespace {

constexpr std::size_t kMaxShown = 40;
constexpr std::size_t kMaxCandidates = 20;
constexpr std::size_t kSessionShown = 8;

struct Candidate {
  const ListedServer* server;
  const ListedProcess* process;
};
using Candidates = std::vector<Candidate>;

Error Refused(std::string message) {
  Error error;
  error.kind = ErrorKind::kInvalidRequest;
  error.message = std::move(message);
  return error;
}

std::string SessionName(pid_t client_pid) { return "attach-" + std::to_string(client_pid); }

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Names of tmux's panes go into tmux's command line: nothing else may.
bool IsPane(std::string_view text) {
  return text.size() > 1 && text[0] == '%' &&
         text.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
}

std::string ListText(const Candidates& candidates) {
  std::string text;
  for (std::size_t i = 0; i < candidates.size() && i < kMaxCandidates; ++i) {
    const ListedProcess& process = *candidates[i].process;
    text += "\n  " + Printable(process.session.substr(0, kSessionShown)) + "/" +
            Printable(process.id, kMaxShown) + "  " + Printable(process.backend) + "  " +
            Printable(process.argv0, kMaxShown);
  }
  if (candidates.size() > kMaxCandidates) {
    text += "\n  and " + std::to_string(candidates.size() - kMaxCandidates) + " more: see paned ps";
  }
  return text;
}

// Those of `all` that `id` names: an exact match wins over a beginning.
Candidates Matching(const Candidates& all, std::string_view session, std::string_view id) {
  Candidates exact;
  Candidates begun;
  for (const Candidate& candidate : all) {
    if (!StartsWith(candidate.process->session, session)) continue;
    if (candidate.process->id == id) exact.push_back(candidate);
    if (StartsWith(candidate.process->id, id)) begun.push_back(candidate);
  }
  return exact.empty() ? begun : exact;
}

Candidates Matching(const Candidates& all, std::string_view wanted) {
  Candidates matching = Matching(all, {}, wanted);
  const std::size_t slash = wanted.find('/');
  if (!matching.empty() || slash == std::string_view::npos) return matching;
  return Matching(all, wanted.substr(0, slash), wanted.substr(slash + 1));
}

Result<AttachTarget> TargetOf(const Candidate& candidate) {
  const ListedProcess& process = *candidate.process;
  const std::string name = "process " + Printable(process.id, kMaxShown);
  if (process.backend != "tmux") {
    const std::string where =
        process.backend == "pty" ? "a terminal without tmux" : Printable(process.backend);
    return Refused(name + " runs on " + where + ": there is nothing to attach to");
  }
  if (!IsPane(process.pane) || candidate.server->tmux_socket.empty()) {
    return Refused(name + " has no pane (any more): there is nothing to attach to");
  }
  return AttachTarget{candidate.server->tmux_socket, process.pane, process.id, process.argv0};
}

// Where `program` is in PATH; empty when it is not there.
std::string FindInPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view left = path == nullptr ? "/usr/bin:/bin" : path;
  while (!left.empty()) {
    const std::size_t colon = std::min(left.find(':'), left.size());
    std::string file = std::string(left.substr(0, colon)) + "/" + program;
    if (colon > 0 && ::access(file.c_str(), X_OK) == 0) return file;
    left.remove_prefix(std::min(colon + 1, left.size()));
  }
  return {};
}

// The tmux that runs, for the handler below.
volatile sig_atomic_t running_child = 0;

void PassOn(int signal_number) {
  const int number = errno;
  if (running_child > 0) ::kill(running_child, signal_number);
  errno = number;
}

// Whatever ends the person's terminal ends tmux first: the session is still to be removed.
void StayForTheEnd() {
  struct sigaction action = {};
  action.sa_handler = PassOn;
  for (const int number : {SIGHUP, SIGTERM}) ::sigaction(number, &action, nullptr);
  for (const int number : {SIGINT, SIGQUIT}) ::signal(number, SIG_IGN);
}

// Runs tmux to its end; its exit code, or -1 when it cannot be run.
int Run(const std::string& program, std::vector<std::string> command, bool quiet) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGPIPE}) ::signal(number, SIG_DFL);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    const int null = quiet ? ::open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (null >= 0) ::dup2(null, fd);
    }
    ::execv(program.c_str(), argv.data());
    ::_exit(1);
  }
  if (child < 0) return -1;
  running_child = child;
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);
  running_child = 0;
  if (ended != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Fail(const std::string& message, std::ostream* err) {
  *err << "Error: " << message << '\n';
  return 1;
}

}  // namespace

Result<AttachTarget> ChooseTarget(const Listings& listings, const std::string& wanted) {
  Candidates all;
  for (const ListedServer& server : listings.servers) {
    for (const ListedProcess& process : server.processes) all.push_back({&server, &process});
  }
  Candidates shown;
  std::copy_if(all.begin(), all.end(), std::back_inserter(shown),
               [](const Candidate& candidate) { return IsPane(candidate.process->pane); });
  if (wanted.empty()) {
    if (shown.size() == 1) return TargetOf(shown.front());
    if (shown.empty())
      return Refused("no process runs in a tmux pane: there is nothing to attach to");
    return Refused("several processes run in tmux panes; say which one:" + ListText(shown));
  }
  const Candidates matching = Matching(all, wanted);
  const std::string quoted = "`" + Printable(wanted, kMaxShown) + "`";
  if (matching.size() == 1) return TargetOf(matching.front());
  if (matching.size() > 1) {
    return Refused("several processes are meant by " + quoted +
                   "; say which one:" + ListText(matching));
  }
  if (shown.empty()) return Refused("there is no process " + quoted + ", and none with a pane");
  return Refused("there is no process " + quoted + "; those with a pane are:" + ListText(shown));
}

std::vector<std::string> AttachCommand(const AttachTarget& target, bool write, pid_t client_pid) {
  const std::string name = SessionName(client_pid);
  const std::string session = "=" + name + ":";
  const std::vector<std::vector<std::string>> steps = {
      // A session begins with a window of its own, whose place the process's one takes. tmux runs
      // all of this in one go: no step sees a window that has ended meanwhile.
      {"new-session", "-d", "-E", "-s", name, "-x", "80", "-y", "24", "true"},
      // Not destroy-unattached: with it, tmux (up to 3.6 at least) crashes, and all panes with it,
      // when another of its clients happens to leave just when this one detaches.
      {"set-option", "-w", "-t", session, "remain-on-exit", "off"},
      {"link-window", "-k", "-s", target.pane, "-t", session + "^"},
      // tmux's own keys could make windows and reach others, the read-only ones included.
      {"set-option", "-t", session, "prefix", "None"},
      {"set-option", "-t", session, "prefix2", "None"},
      {"set-option", "-t", session, "key-table", "paned-attach"},
      {"bind-key", "-T", "paned-attach", "C-b", "switch-client", "-T", "paned-prefix"},
      {"bind-key", "-T", "paned-prefix", "d", "detach-client"},
      {"bind-key", "-T", "paned-prefix", "C-b", "send-keys", "C-b"},
      // Keys that arrive together, as over a slow line, are keys all the same.
      {"set-option", "-t", session, "assume-paste-time", "0"},
      {"set-option", "-t", session, "status", "off"},
      {"set-option", "-t", session, "mouse", "off"},
      {"set-option", "-t", session, "detach-on-destroy", "on"},
      {"attach-session", "-E", "-f", write ? "ignore-size" : "ignore-size,read-only", "-t",
       session},
  };
  std::vector<std::string> command = {"tmux", "-u", "-S", target.tmux_socket};
  for (const std::vector<std::string>& step : steps) {
    if (&step != &steps.front()) command.emplace_back(";");
    command.insert(command.end(), step.begin(), step.end());
  }
  return command;
}

std::vector<std::string> EndCommand(const AttachTarget& target, pid_t client_pid) {
  return {"tmux", "-S", target.tmux_socket, "kill-session", "-t", "=" + SessionName(client_pid)};
}

std::string AttachedText(const AttachTarget& target, bool write, bool nested) {
  return std::string("attached ") + (write ? "for writing" : "read-only") + " to " +
         Printable(target.id, kMaxShown) + " (" + Printable(target.argv0, kMaxShown) +
         "); detach with " +
         (nested ? "C-b C-b d (you are inside tmux, which takes the first C-b)" : "C-b d");
}

int RunAttach(const AttachOptions& options, const char* xdg_runtime_dir, std::ostream* out,
              std::ostream* err) {
  const Listings listings = ListServers(options.runtime_dir, xdg_runtime_dir);
  for (const std::string& fault : listings.faults) *err << "Error: " << Printable(fault) << '\n';
  if (listings.servers.empty()) {
    if (listings.faults.empty()) *err << "Error: " << NothingFoundText(listings) << '\n';
    return 1;
  }
  const Result<AttachTarget> chosen = ChooseTarget(listings, options.process);
  if (!chosen.ok()) return Fail(chosen.error().message, err);
  if (::isatty(STDIN_FILENO) == 0) {
    return Fail("standard input is not a terminal: run paned attach in one", err);
  }
  const std::string tmux = FindInPath("tmux");
  if (tmux.empty()) return Fail("there is no tmux in PATH: install it", err);

  // Within another tmux, tmux would refuse to attach; the outer one takes the first C-b.
  const bool nested = std::getenv("TMUX") != nullptr;
  ::unsetenv("TMUX");
  ::unsetenv("TMUX_PANE");
  const AttachTarget& target = chosen.value();
  *out << AttachedText(target, options.write, nested) << std::endl;
  StayForTheEnd();
  const int code = Run(tmux, AttachCommand(target, options.write, ::getpid()), false);
  Run(tmux, EndCommand(target, ::getpid()), true);
  if (code < 0) return Fail("cannot run " + tmux, err);
  return code;
}

}  // namespace paned
