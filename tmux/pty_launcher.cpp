#include "tmux/pty_launcher.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <utility>

#include "server/base/os_error.h"
#include "server/base/pidfd.h"
#include "server/base/spawn_actions.h"

namespace paned {
namespace {

Error LaunchError(int error_number) {
  return {ErrorKind::kInternal,
          "a terminal's holder cannot be started: " + OsErrorText(error_number)};
}

}  // namespace

PtyLauncher::PtyLauncher(asio::io_context* io, std::string program, std::string directory,
                         Adopt adopt)
    : io_(io),
      program_(std::move(program)),
      directory_(std::move(directory)),
      adopt_(std::move(adopt)) {}

PtyLauncher::~PtyLauncher() = default;

// A session of its own, so that it outlives the server's terminal; descriptor 3 is the connection.
Result<UniqueFd> PtyLauncher::Spawn() {
  std::array<int, 2> ends = {};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return LaunchError(errno);
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  SpawnActions actions;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) actions.OpenNull(fd, O_RDWR);
  actions.Duplicate(theirs.get(), STDERR_FILENO + 1);
  actions.CloseFrom(STDERR_FILENO + 2);
  const std::vector<std::string> argv = {"paned-holder", directory_.empty() ? "-" : directory_,
                                         "-"};
  pid_t pid = -1;
  const int failed = actions.Run(program_, Pointers(argv).data(), Pointers({}).data(), &pid);
  if (failed != 0) return LaunchError(failed);
  UniqueFd pidfd = OpenPidfd(pid);
  if (!pidfd.valid()) {  // no descriptor is left: nobody would learn of its end
    const int reason = errno;
    ::kill(pid, SIGKILL);
    ReapNow(pid);
    return LaunchError(reason);
  }
  adopt_(std::move(pidfd));
  return ours;
}

void PtyLauncher::Launch(LaunchDone done) {
  Result<UniqueFd> spawned = Spawn();
  if (!spawned.ok()) {
    asio::post(*io_, [done = std::move(done), error = spawned.error()] { done(error); });
    return;
  }
  HelloListener::Await(
      &greeting_, std::make_shared<HolderLink>(io_, std::move(spawned.value())),
      [this, done = std::move(done)](std::shared_ptr<HolderLink> link,
                                     const HelloListener::Said* said) {
        if (said == nullptr) {
          done(Error{ErrorKind::kInternal, "a terminal's holder ended before it was ready"});
          return;
        }
        done(Seat{std::move(link), this, {}, {}, said->socket_path, 0});
      });
}

void PtyLauncher::ReadScreen(const Seat& /*seat*/, BackendProcess::ScreenDone done) {
  asio::post(*io_, [done = std::move(done)] {
    done(Error{ErrorKind::kInvalidRequest,
               "the process runs without tmux: there is no screen to read",
               {},
               {},
               "start paned with --tty-backend=tmux"});
  });
}

}  // namespace paned
