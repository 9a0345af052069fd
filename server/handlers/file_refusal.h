// What makes a file call impossible before any file is touched. Source: exec-server protocol,
// sections 6 and 11. Threading: pure.
#pragma once

#include <optional>

#include "protocol/types.h"
#include "server/base/result.h"

namespace paned {

// A path or a sandbox that cannot be served, as the reference's -32600 or our refusal.
std::optional<Error> RefuseFileCall(const protocol::Path& path, const protocol::Sandbox& sandbox);

}  // namespace paned
