// fs/watchMissing: says once when something that was not there has appeared.
// Source: protocol/README.md, "fs/watchMissing, measured". Threading: io thread only.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

void BindWatch(const Services* services, Router* router);

}  // namespace paned
