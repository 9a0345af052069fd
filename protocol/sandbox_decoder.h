// Reads `sandbox` objects down to one question: may the server run this without a sandbox?
// Source: exec-server protocol, section 11. Pure.
#pragma once

#include "protocol/error.h"
#include "protocol/json_reader.h"
#include "protocol/types.h"

namespace paned::protocol {

// Fills `out`. On a fault returns false with the text and the member's path in `error`. Members
// that do not decide (cwd, workspace roots, path entries) are not looked at: clients write them in
// several dialects.
bool DecodeSandbox(const JsonValue& value, Sandbox* out, RpcError* error);

}  // namespace paned::protocol
