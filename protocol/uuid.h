// UUID texts, as far as parameters need them: is this one, and if not, why. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace paned::protocol {

// Returns why `text` is not a UUID (32 digits, or with hyphens, then
// also in braces or after "urn:uuid:").
std::optional<std::string> CheckUuid(std::string_view text);

}  // namespace paned::protocol
