// Values to TOML text, byte for byte as the reference's own writer lays it out.
// Source: measured; protocol/README.md. Threading: pure function.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "server/environment/toml_value.h"

namespace paned {

// The document of a table; nothing when it would have more than `limit` bytes. Scalars stand before
// tables, tables under headers of their own, arrays and what they hold on one line.
std::optional<std::string> WriteToml(const TomlValue& table, std::size_t limit);

}  // namespace paned
