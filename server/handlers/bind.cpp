#include "server/handlers/bind.h"

#include "server/handlers/block_handlers.h"
#include "server/handlers/config_handlers.h"
#include "server/handlers/environment_handlers.h"
#include "server/handlers/fs_handlers.h"
#include "server/handlers/http_handlers.h"
#include "server/handlers/initialize_handler.h"
#include "server/handlers/process_handlers.h"
#include "server/handlers/terminal_handlers.h"
#include "server/handlers/watch_handlers.h"

namespace paned {

void BindHandlers(const Services* services, Router* router) {
  BindInitialize(services, router);
  BindProcess(services, router);
  BindTerminal(router);
  BindFs(services, router);
  BindBlocks(services, router);
  BindHttp(services, router);
  BindWatch(services, router);
  BindEnvironment(services, router);
  BindConfig(services, router);
}

}  // namespace paned
