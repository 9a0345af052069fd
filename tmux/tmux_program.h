// The tmux program: where it is, which version it is, and how it is started so that nothing of the
// server leaks into it: no descriptors, no environment, no signals of its terminal.
// Threading: stateless.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/base/unique_fd.h"

namespace asio {
class io_context;
}

namespace paned {

// The version in what `tmux -V` printed ("3.3a"), when paned can work with it.
Result<std::string> ParseTmuxVersion(std::string_view text);

// Runs `tmux -V` and waits for it, a few ms, two seconds at most. The error ends with the remedy.
Result<std::string> ProbeTmux(const std::string& program);

// The parent's ends: non-blocking, close-on-exec.
struct TmuxChild {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd channel;       // a socket: the child's stdin and stdout
  UniqueFd error_output;  // the child's stderr
};

// Starts `program` (looked up in PATH) in a session of its own, in `/`, with a minimal environment:
// a tmux server that it starts hands it to all its windows.
Result<TmuxChild> SpawnTmux(const std::string& program, const std::vector<std::string>& arguments);

// Reaps a child when it ends, whenever that is, and then calls `ended`, if there is one.
void ReapLater(asio::io_context* io, UniqueFd pidfd, std::function<void()> ended = {});

// The tmux server that listens on the socket, as the kernel tells: neither its answer nor its good
// health is needed. Invalid: none does.
UniqueFd ListeningServer(const std::string& socket_path, pid_t* pid);

// Whether the process behind the pidfd has ended.
bool HasEnded(int pidfd);

// Signals the process behind the pidfd, and no other.
void SignalBehind(int pidfd, int signal_number);

}  // namespace paned
