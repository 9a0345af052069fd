// The fs/* methods: every call on a worker thread, none waits for another. Source: section 8.
// Threading: io thread only.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

void BindFs(const Services* services, Router* router);

}  // namespace paned
