#include "server/init.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <optional>

namespace paned {
namespace {

constexpr std::array<int, 6> kPassedOn = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

// In the new process, with every signal blocked: SIGTTOU does not stop it for taking the terminal.
void BecomeServer(pid_t init, const sigset_t& mask) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != init) ::_exit(1);  // it died before it could be asked for
  const bool has_terminal = ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
  ::setpgid(0, 0);
  if (has_terminal) {
    ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
    ::signal(SIGTSTP, SIG_IGN);  // there is no shell that could continue it
  }
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

// Reaps whoever has ended. The exit code of the server, if it is among them.
std::optional<int> ReapEnded(pid_t server) {
  int status = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid == server) return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return std::nullopt;
}

int StayAsInit(pid_t server) {
  ::prctl(PR_SET_NAME, "paned-init");
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  for (const int number : kPassedOn) ::sigaddset(&awaited, number);
  while (true) {
    const int number = ::sigwaitinfo(&awaited, nullptr);
    if (number == SIGCHLD) {
      if (const std::optional<int> code = ReapEnded(server)) return *code;
    } else if (number > 0) {
      ::kill(server, number);
    }
  }
}

}  // namespace

int RunUnderInit(const std::function<int()>& serve) {
  // Blocked before the fork: no signal is lost between it and the first wait.
  sigset_t all;
  sigset_t mask;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &mask);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t init = ::getpid();
  const pid_t server = ::fork();
  if (server > 0) return StayAsInit(server);
  if (server < 0) {
    std::cerr << "Error: --init: cannot fork: " << std::strerror(errno) << '\n';
    return 1;
  }
  BecomeServer(init, mask);
  return serve();
}

}  // namespace paned
