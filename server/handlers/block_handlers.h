// fs/open, fs/readBlock, fs/writeBlock and fs/close: files that stay open between calls, read and
// written block by block. Source: exec-server protocol, section 8.9. Threading: io thread only.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

void BindBlocks(const Services* services, Router* router);

}  // namespace paned
