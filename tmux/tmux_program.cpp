#include "tmux/tmux_program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "server/base/os_error.h"
#include "server/base/pidfd.h"
#include "server/base/spawn_actions.h"

namespace paned {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";
constexpr std::string_view kRemedy =
    "install it (apt install tmux), or start paned with --tty-backend=pty";
constexpr std::chrono::seconds kProbePatience{2};

Error TmuxError(std::string text) {
  return {ErrorKind::kInternal, std::move(text), {}, {}, std::string(kRemedy)};
}

std::string OwnPath() {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
  return path != nullptr && *path != '\0' ? path : std::string(kDefaultPath);
}

// The file that execvp(3) would run; empty: there is none.
std::string FindProgram(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    return ::access(program.c_str(), X_OK) == 0 ? program : std::string();
  }
  const std::string path = OwnPath();
  std::string_view rest = path;
  while (true) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, colon)) + "/" + program;
    if (candidate.front() == '/' && candidate.size() > 1 &&
        ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
    if (colon == std::string_view::npos) return {};
    rest.remove_prefix(colon + 1);
  }
}

std::vector<std::string> Environment() {
  std::vector<std::string> env = {"PATH=" + OwnPath(), "LANG=C.UTF-8", "TERM=screen",
                                  "SHELL=/bin/sh"};
  for (const char* name : {"HOME", "USER"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr) env.push_back(std::string(name) + "=" + value);
  }
  return env;
}

int RunDetached(const std::string& file, const std::vector<std::string>& argv, int channel,
                int error_output, pid_t* pid) {
  SpawnActions actions;
  actions.Duplicate(channel, STDIN_FILENO);
  actions.Duplicate(channel, STDOUT_FILENO);
  actions.Duplicate(error_output, STDERR_FILENO);
  actions.CloseFrom(STDERR_FILENO + 1);
  actions.Directory("/");
  const std::vector<std::string> env = Environment();
  return actions.Run(file, Pointers(argv).data(), Pointers(env).data(), pid);
}

// "3.3a" of "3.3a", "next-3.4" or "openbsd-7.1".
bool ParseNumbers(std::string_view version, unsigned* major, unsigned* minor) {
  const auto number = [&version](unsigned* value) {
    const std::size_t size = std::min(version.find_first_not_of("0123456789"), version.size());
    if (size == 0 || size > 4) return false;
    *value = 0;
    for (const char c : version.substr(0, size)) *value = *value * 10 + unsigned(c - '0');
    version.remove_prefix(size);
    return true;
  };
  if (!number(major) || version.empty() || version.front() != '.') return false;
  version.remove_prefix(1);
  return number(minor);
}

}  // namespace

Result<std::string> ParseTmuxVersion(std::string_view text) {
  constexpr std::string_view kName = "tmux ";
  constexpr std::string_view kNext = "next-";
  constexpr std::string_view kOpenBsd = "openbsd-";
  text = text.substr(0, text.find_first_of("\r\n"));
  std::string_view version =
      text.substr(0, kName.size()) == kName ? text.substr(kName.size()) : std::string_view();
  const std::string shown(version);
  if (version == "master") return shown;
  unsigned least_major = 3;
  unsigned least_minor = 2;
  if (version.substr(0, kNext.size()) == kNext) {
    version.remove_prefix(kNext.size());
  } else if (version.substr(0, kOpenBsd.size()) == kOpenBsd) {  // OpenBSD 6.9 has tmux 3.2
    version.remove_prefix(kOpenBsd.size());
    least_major = 6;
    least_minor = 9;
  }
  unsigned major = 0;
  unsigned minor = 0;
  if (!ParseNumbers(version, &major, &minor)) {
    return TmuxError("tmux does not say which version it is; 3.2 or newer is needed");
  }
  if (major < least_major || (major == least_major && minor < least_minor)) {
    return TmuxError("tmux " + shown + " is too old; 3.2 or newer is needed");
  }
  return shown;
}

Result<std::string> ProbeTmux(const std::string& program) {
  Result<TmuxChild> child = SpawnTmux(program, {"-V"});
  if (!child.ok()) return std::move(child.error());
  const auto deadline = std::chrono::steady_clock::now() + kProbePatience;
  std::string output;
  bool ended = false;
  while (!ended && output.size() < 4096) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd polled = {child.value().channel.get(), POLLIN, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready == 0) break;
    std::array<char, 512> buffer = {};
    const ssize_t got = ::recv(child.value().channel.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) output.append(buffer.data(), static_cast<std::size_t>(got));
    ended = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
  }
  SignalBehind(child.value().pidfd.get(), SIGKILL);
  ReapNow(child.value().pid);
  if (!ended) return TmuxError("tmux -V does not come to an end");
  return ParseTmuxVersion(output);
}

Result<TmuxChild> SpawnTmux(const std::string& program, const std::vector<std::string>& arguments) {
  const std::string file = FindProgram(program);
  if (file.empty()) {
    const bool path = program.find('/') != std::string::npos;
    return TmuxError(path ? "there is no program " + program : program + " is not found in PATH");
  }
  std::array<int, 2> sockets = {};
  std::array<int, 2> pipes = {};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return TmuxError("tmux cannot be started: " + OsErrorText(errno));
  }
  TmuxChild child;
  child.channel = UniqueFd(sockets[0]);
  const UniqueFd channel(sockets[1]);
  if (::pipe2(pipes.data(), O_CLOEXEC) != 0) {
    return TmuxError("tmux cannot be started: " + OsErrorText(errno));
  }
  child.error_output = UniqueFd(pipes[0]);
  const UniqueFd error_output(pipes[1]);
  ::fcntl(child.channel.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  ::fcntl(child.error_output.get(), F_SETFL, O_RDONLY | O_NONBLOCK);
  std::vector<std::string> argv = {"tmux"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const int failed = RunDetached(file, argv, channel.get(), error_output.get(), &child.pid);
  if (failed != 0) return TmuxError(file + " cannot be started: " + OsErrorText(failed));
  child.pidfd = OpenPidfd(child.pid);
  if (!child.pidfd.valid()) {
    const int reason = errno;
    ::kill(child.pid, SIGKILL);
    ReapNow(child.pid);
    return TmuxError("no pidfd for tmux: " + OsErrorText(reason));
  }
  return child;
}

void ReapLater(asio::io_context* io, UniqueFd pidfd, std::function<void()> ended) {
  const auto waiting = std::make_shared<asio::posix::stream_descriptor>(*io, pidfd.Release());
  waiting->async_wait(asio::posix::stream_descriptor::wait_read,
                      [io, waiting, ended = std::move(ended)](const asio::error_code& error) {
                        if (error) return;
                        UniqueFd child(waiting->release());
                        bool lost = false;
                        // A wait may complete too early.
                        if (!Reap(child, &lost) && !lost) {
                          ReapLater(io, std::move(child), ended);
                        } else if (ended) {
                          ended();
                        }
                      });
}

UniqueFd ListeningServer(const std::string& socket_path, pid_t* pid) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) return {};
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (!probe.valid() ||
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) {
    return {};
  }
  UniqueFd pidfd = OpenPidfd(peer.pid);
  // A child that it has just forked may hold its socket a moment longer than the server itself.
  if (!pidfd.valid() || HasEnded(pidfd.get())) return {};
  *pid = peer.pid;
  return pidfd;
}

bool HasEnded(int pidfd) {
  pollfd polled = {pidfd, POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

void SignalBehind(int pidfd, int signal_number) {
  ::syscall(SYS_pidfd_send_signal, pidfd, signal_number, nullptr, 0);
}

}  // namespace paned
