// initialize: a session, new or resumed, for a connection. Source: section 4.
// Threading: io thread only.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

void BindInitialize(const Services* services, Router* router);

}  // namespace paned
