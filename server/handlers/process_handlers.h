// The process/* methods. Source: exec-server protocol, section 7.
// Threading: io thread only.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

void BindProcess(const Services* services, Router* router);

}  // namespace paned
