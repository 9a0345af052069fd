// JSON out: appends values to a string. Text of any origin comes out as valid JSON: bytes that are
// not UTF-8 leave as U+FFFD. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace paned::protocol {

// `text` with quotes, escaped and repaired.
void AppendJsonString(std::string_view text, std::string* out);

void AppendJsonNumber(std::uint64_t number, std::string* out);
void AppendJsonNumber(std::int64_t number, std::string* out);

inline void AppendJsonBool(bool value, std::string* out) {
  out->append(value ? std::string_view("true") : std::string_view("false"));
}

}  // namespace paned::protocol
