// environmentConfig/read: the configuration of codex on this machine. Source: section 10.3 and
// protocol/README.md. Threading: io thread only; files are read on a worker.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

void BindConfig(const Services* services, Router* router);

}  // namespace paned
