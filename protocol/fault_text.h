// The texts of decoding faults, in the reference's words (section 3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "protocol/json_reader.h"

namespace paned::protocol {

// "missing field `NAME`".
std::string MissingField(std::string_view name);

// "invalid type: null, expected a string".
std::string TypeFault(const JsonValue& value, std::string_view expected);

// For what should be an integer: "invalid number" for numbers that are none or do not fit.
std::string IntegerFault(const JsonValue& value, std::string_view expected);

// "unknown variant `x`, expected ..."; `expected` as it stands in the text.
std::string UnknownVariant(std::string_view variant, std::string_view expected);

}  // namespace paned::protocol
