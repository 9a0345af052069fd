// environment/info and environment/status. Source: section 10.
// Threading: io thread only.
#pragma once

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

// What this machine is, as initialize and environment/info tell it.
protocol::EnvironmentInfo DescribeEnvironment(const std::string& cwd);

void BindEnvironment(const Services* services, Router* router);

}  // namespace paned
