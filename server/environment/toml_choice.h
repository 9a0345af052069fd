// Reading the few members whose meaning this server needs, with the reference's texts for what they
// may not be. Source: measured; protocol/README.md. Threading: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/environment/toml_value.h"

namespace paned {

// "invalid type: integer `5`, expected WANTED" with the place "in `WHERE`" on a line of its own.
Error WrongType(const TomlValue& value, std::string_view wanted, const std::string& where);

// `why` with its place, as above.
Error FaultAt(std::string why, const std::string& where);

// A choice among `names`: its name as text, or as the one key of a table (NAME = {}). `expected` is
// how the list of names is told ("`a` or `b`", "one of `a`, `b`, `c`").
struct Choice {
  std::string name;
  const TomlValue* payload = nullptr;  // what stands behind the key; null for text
};
Result<Choice> ReadChoice(const TomlValue& value, const std::vector<std::string_view>& names,
                          const std::string& expected, const std::string& where);

// As ReadChoice for a payload that has nothing in it.
Status RequireEmptyPayload(const Choice& choice, const std::string& where);

}  // namespace paned
