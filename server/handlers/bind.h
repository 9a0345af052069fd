// Binds every method of the wire to its handler. Threading: called once, at the start.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

// `services` outlives the router.
void BindHandlers(const Services* services, Router* router);

}  // namespace paned
