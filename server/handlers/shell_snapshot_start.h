// process/start with `shellSnapshot`: what is refused, and how the plan of a start gets its
// snapshot. Source: exec-server protocol, section 7.1; protocol/README.md, "Shell snapshots".
// Threading: io thread only.
#pragma once

#include <optional>

#include "protocol/error.h"
#include "protocol/types.h"
#include "server/handlers/services.h"
#include "server/process/deferred_backend.h"

namespace paned {

// A scope that is no good. Checked whatever the command is.
std::optional<protocol::RpcError> RefuseSnapshotScope(const protocol::StartParams& params);

// A shell whose state cannot be taken, for a command that would need it.
std::optional<protocol::RpcError> RefuseSnapshotShell(const protocol::StartParams& params);

// Nothing when the start has nothing to wait for. Else the plan becomes one that restores a
// snapshot of `session`, or stays what it is when none can be taken. To be asked before the members
// of `params` are moved away.
std::optional<DeferredBackend::Prepare> PrepareSnapshot(const Services& services, Session* session,
                                                        const protocol::StartParams& params);

// As the reference: programs on a terminal like to know the shell; TERM they do without.
void AddShell(const std::string& login_shell, std::vector<std::string>* env);

}  // namespace paned
