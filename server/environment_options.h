// What `paned serve` takes from its environment instead of its command line. Threading: at the
// start, before there are other threads.
#pragma once

#include "server/base/result.h"
#include "server/options.h"

namespace paned {

// CODEX_EXEC_SERVER_CONNECTION_TOKEN: the capability token; only its digest is kept, and the text
// is wiped from this process's memory, where `ps e` and /proc would show it.
// CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE: true or false; the flag goes first.
// NOTIFY_SOCKET: a service manager waits for word, so SIGHUP means a reload, unless --hup says
// else. The first two are gone from the environment afterwards. Fails on a word that is neither
// true nor false.
Status TakeEnvironment(ServeOptions* options);

}  // namespace paned
