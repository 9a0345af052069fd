// TOML text to values. The one file that knows the library (toml++) is toml_parser.cpp.
// Source: TOML 1.0, and of 1.1 what the library takes. Threading: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "server/environment/toml_value.h"

namespace paned {

// Where a text is no TOML, counted from 1, and why, in the library's words.
struct TomlFault {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string why;
};

// The whole document; arrays and tables may nest 80 deep, as in the reference. `text` must be UTF-8
// (a byte order mark is passed over).
std::variant<TomlValue, TomlFault> ParseToml(std::string_view text);

// A number as the reference writes it: shortest digits that read back the same, never an exponent,
// always a fraction; "nan" and "inf" by name.
std::string FormatTomlFloat(double number);

}  // namespace paned
