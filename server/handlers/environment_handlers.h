// environment/info and environment/status. Source: section 10.
// Threading: io thread only.
#pragma once

#include <optional>
#include <string>

#include "server/handlers/services.h"
#include "server/rpc/router.h"

namespace paned {

// What this machine is, as initialize and environment/info tell it. `terminals`: what can be done
// with tty processes; none when they cannot be run.
protocol::EnvironmentInfo DescribeEnvironment(
    const ServerDirectories& directories,
    const std::optional<protocol::PanedCapabilities>& terminals = std::nullopt);

void BindEnvironment(const Services* services, Router* router);

}  // namespace paned
