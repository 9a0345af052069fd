// UUID texts, as far as parameters need them: is this one, and if not, why. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace paned::protocol {

// Returns why `text` is not a UUID (plain, with hyphens, in braces, or after "urn:uuid:").
std::optional<std::string> CheckUuid(std::string_view text);

}  // namespace paned::protocol
