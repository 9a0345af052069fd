// `paned attach`: a person looks at a process in its tmux pane, and types into it when allowed. The
// person's client gets a tmux session of its own that holds that one window, and keys of its own
// that can do nothing but leave. Threading: one thread.
#pragma once

#include <sys/types.h>

#include <ostream>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/client/listing_client.h"

namespace paned {

struct AttachOptions {
  std::string process;  // an id, the beginning of one, or SESSION/ID; empty: the only one
  bool write = false;
  std::string runtime_dir;  // empty: the default ones
};

// A process with a pane, and where its tmux listens.
struct AttachTarget {
  std::string tmux_socket;
  std::string pane;
  std::string id;
  std::string argv0;
};

// The process meant by `wanted`; errors list what there is.
Result<AttachTarget> ChooseTarget(const Listings& listings, const std::string& wanted);

// tmux's argv. `client_pid` makes the session's name.
std::vector<std::string> AttachCommand(const AttachTarget& target, bool write, pid_t client_pid);

// tmux's argv for removing that session, and nothing else, once its client has left.
std::vector<std::string> EndCommand(const AttachTarget& target, pid_t client_pid);

// What the person is told first. `nested`: within another tmux.
std::string AttachedText(const AttachTarget& target, bool write, bool nested);

// Runs tmux until the person or the process leaves, and removes the session; the exit code.
int RunAttach(const AttachOptions& options, const char* xdg_runtime_dir, std::ostream* out,
              std::ostream* err);

}  // namespace paned
