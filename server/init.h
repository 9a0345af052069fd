// `paned serve --init`: the duties of a container's first process, in a process of their own.
//
// The server must not reap by waitpid(-1), for it could take an exit status from whoever is
// entitled to it; but orphans fall to a container's first process, and only waitpid(-1) rids it of
// them. So the program forks before anything else exists in it: the child is the server, with
// streams, working directory and environment as they were; the parent stays behind as its init:
//
// - TERM, INT, HUP, QUIT, USR1 and USR2 are passed on to the server. It has a process group of its
//   own, and the terminal if there is one, so that Ctrl-C or a signal to the group reaches it once.
// - Orphans are adopted (also where the init is not process 1: it is a subreaper) and reaped.
// - When the server ends, the init ends at once with its exit code, 128+n for a death by signal n,
//   and waits for nobody. Of process 1 the kernel then kills whatever is left in the container,
//   tmux included; elsewhere what is left goes to the next subreaper.
// - When the init dies, the server gets SIGTERM.
//
// Threading: from main(), before any thread or Asio exists.
#pragma once

#include <functional>

namespace paned {

// The exit code of the program, in either process; the child's is what `serve` returns.
int RunUnderInit(const std::function<int()>& serve);

}  // namespace paned
