// The flags that codex's own exec-server has too, under its names: --ws-auth and its companions,
// --concurrent-requests. Threading: pure.
#pragma once

#include <string>
#include <string_view>

#include "server/base/result.h"
#include "server/options.h"

namespace paned {

bool IsReferenceFlag(std::string_view name);

// Takes the value of one of them. Texts about numbers are the reference's.
Status TakeReferenceFlag(std::string_view name, const std::string& value, ServeOptions* options);

}  // namespace paned
