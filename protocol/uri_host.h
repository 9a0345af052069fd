// The host of a file: URI. This server serves its own files only, so a host is either "here" (empty
// or localhost), another one, or a fault. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace paned::protocol {

// Reads the text between "//" and the path. `host` is empty for this host, else what to show: in
// lower case, IPv4 as four numbers, characters outside ASCII percent-encoded (not as punycode).
std::optional<std::string> ParseHost(std::string_view authority, std::string* host);

}  // namespace paned::protocol
