// The error object of the wire: codes, and the extra members that tell cause and remedy.
// Source: exec-server protocol, section 3. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace paned::protocol {

enum class ErrorCode : std::int32_t {
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kInternal = -32603,
  kNotFound = -32004,
  kSessionAttached = -32010,
};

// Leaves as {"code","message"} plus "data" {path, limit, hint} when any of the three is set.
struct RpcError {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string path = {};  // a file, or the JSON path of the parameter that did not decode
  std::optional<std::uint64_t> limit = {};
  std::string hint = {};
};

}  // namespace paned::protocol
