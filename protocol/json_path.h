// Where in the parameters a fault is: RpcError.path, put together from the inside out while a
// failed decode returns ("[2]", "exclude[2]", "envPolicy.exclude[2]"). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/error.h"
#include "protocol/fault_text.h"

namespace paned::protocol {

inline void PrependMember(std::string_view name, RpcError* error) {
  const bool deeper = !error->path.empty() && error->path.front() != '[';
  error->path.insert(0, std::string(name) + (deeper ? "." : ""));
}

inline void PrependElement(std::size_t index, RpcError* error) {
  const bool deeper = !error->path.empty() && error->path.front() != '[';
  error->path.insert(0, "[" + std::to_string(index) + "]" + (deeper ? "." : ""));
}

// A required member is not there. Always false.
inline bool FailMissing(std::string_view name, RpcError* error) {
  error->message = MissingField(name);
  error->path = name;
  return false;
}

}  // namespace paned::protocol
