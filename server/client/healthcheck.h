// `paned healthcheck`: asks a server's /readyz whether clients may come, as a container's
// HEALTHCHECK needs it, in an image that has no curl.
// Threading: one thread; blocks, 3 s at most.
#pragma once

#include <string>

#include "server/net/ws_endpoint.h"

namespace paned {

// What to ask. The default is where the image listens.
struct HealthcheckOptions {
  std::string url = "ws://127.0.0.1:8765";
  ListenAddress address = {"127.0.0.1", 8765, {}};
};

// The exit code: 0 when /readyz answers 200; else 1, with one line on stderr that says why.
int Healthcheck(const HealthcheckOptions& options);

}  // namespace paned
