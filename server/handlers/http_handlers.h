// http/request: checks what a client asks for, in the reference's order. Source: section 9.
// Threading: io thread only.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

void BindHttp(const Services* services, Router* router);

}  // namespace paned
