// What the handlers work with, handed in by main: nothing here is owned.
// Threading: io thread only.
#pragma once

#include <string>

#include "server/base/log.h"
#include "server/base/worker_pool.h"
#include "server/environment/absolute_path.h"
#include "server/fs/missing_watcher.h"
#include "server/http/http_client.h"
#include "server/process/backend.h"
#include "server/process/client_profile.h"
#include "server/process/environment.h"
#include "server/session/session_registry.h"

namespace paned {

struct Services {
  SessionRegistry* sessions = nullptr;
  ProcessBackend* pipes = nullptr;
  ProcessBackend* terminals = nullptr;  // null: tty processes cannot be run
  std::string terminals_hint;           // why not, and what to do about it
  WorkerPool* workers = nullptr;
  HttpClient* http = nullptr;
  MissingWatcher* missing_watcher = nullptr;
  Log* log = nullptr;
  const ClientProfile* forced_profile = nullptr;  // --profile; null: by clientName
  EnvironmentMap inheritable;                     // what a child may inherit of the server's own
  std::string cwd;                                // of children whose request names none
  ServerDirectories directories;                  // home, codex's own, the temporary one
  std::string login_shell;                        // SHELL of children on a tty; as environment_info
  std::string environment_info;                   // ready JSON, the same for all
};

}  // namespace paned
