// What a program gets from its parent beside arguments and environment: signals that are blocked or
// ignored, closed standard streams, a umask. None of it is taken on trust. (Children get defaults
// from SpawnActions.)
// Threading: from main(), before any thread exists.
#pragma once

namespace paned {

// - No signal is blocked, and none ignored: an ignored SIGCHLD would lose every exit code, a
// blocked
//   SIGTERM keep the server alive. But SIGHUP stays ignored when it was: that is nohup(1).
// - SIGPIPE and SIGXFSZ are ignored: a write that cannot be done is an error, not the end.
// - Descriptors 0, 1 and 2 are open; a pipe of ours on one of them would become some child's
// stream.
// - The umask takes nothing from the owner, or our own directories would be closed to us.
void PutInheritedRight();

}  // namespace paned
