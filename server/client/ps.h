// `paned ps`: what all servers of this user run. Threading: one thread.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "server/client/listing_client.h"

namespace paned {

struct PsOptions {
  bool json = false;
  std::string runtime_dir;  // empty: the default ones
};

// Returns the exit code: 1 when there is no running server, whether it runs anything or not.
int RunPs(const PsOptions& options, const char* xdg_runtime_dir, std::ostream* out,
          std::ostream* err);

// The listing as a table, headings only when nothing runs.
std::string TableText(const ListedServer& server);
// "7s", "12m", "5h", "3d".
std::string AgeText(std::uint64_t age_ms);

}  // namespace paned
