// paned/resize and paned/screen: what codex's protocol lacks for processes on a terminal.
// Threading: io thread only.
#pragma once

#include "server/rpc/router.h"

namespace paned {

void BindTerminal(Router* router);

}  // namespace paned
