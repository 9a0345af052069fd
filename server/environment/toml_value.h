// A TOML document's values in the order of its file, free of the parser that made them, and the
// part of them that a client asked for.
// Source: TOML 1.0. Threading: values; pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace paned {

struct TomlValue {
  enum class Kind { kString, kInteger, kFloat, kBoolean, kDateTime, kArray, kTable };
  Kind kind = Kind::kTable;
  std::string key;   // its name in the table that holds it; empty in an array and at the top
  std::string text;  // a string's content; any other scalar as TOML writes it
  std::vector<TomlValue> children;  // elements of an array, members of a table
};

// Keys from the top of a document down.
using TomlPath = std::vector<std::string>;

// The member of a table; null when there is none and when `table` is no table.
const TomlValue* FindMember(const TomlValue& table, std::string_view key);

// What of `table` lies on `paths`, which must be sorted: a value that a path names or ends at is
// taken whole, a table on the way keeps what the paths name in it, also when that is nothing.
TomlValue Project(const TomlValue& table, const std::vector<TomlPath>& paths);

}  // namespace paned
