#include "server/environment/toml_parser.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 1
#define TOML_MAX_NESTED_VALUES 80
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

namespace paned {
namespace {

using Kind = TomlValue::Kind;

template <class... Number>
std::string Print(const char* format, Number... number) {
  std::array<char, 64> text = {};
  const int size = std::snprintf(text.data(), text.size(), format, number...);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string Format(const toml::date& date) {
  return Print("%04u-%02u-%02u", unsigned{date.year}, unsigned{date.month}, unsigned{date.day});
}

std::string Format(const toml::time& time) {
  std::string text =
      Print("%02u:%02u:%02u", unsigned{time.hour}, unsigned{time.minute}, unsigned{time.second});
  if (time.nanosecond == 0) return text;
  text += Print(".%09u", unsigned{time.nanosecond});
  return text.erase(text.find_last_not_of('0') + 1);
}

std::string Format(const toml::date_time& moment) {
  std::string text = Format(moment.date) + 'T' + Format(moment.time);
  if (!moment.offset) return text;
  const int minutes = moment.offset->minutes;
  if (minutes == 0) return text + 'Z';
  const unsigned distance = static_cast<unsigned>(minutes < 0 ? -minutes : minutes);
  return text + (minutes < 0 ? '-' : '+') + Print("%02u:%02u", distance / 60, distance % 60);
}

TomlValue Scalar(Kind kind, std::string text) { return {kind, {}, std::move(text), {}}; }

TomlValue Convert(const toml::node& node);

// toml++ sorts by name; the file's order is in the positions of the keys.
TomlValue ConvertTable(const toml::table& table) {
  std::vector<std::pair<const toml::key*, const toml::node*>> members;
  members.reserve(table.size());
  for (const auto& [key, node] : table) members.emplace_back(&key, &node);
  std::sort(members.begin(), members.end(), [](const auto& left, const auto& right) {
    return left.first->source().begin < right.first->source().begin;
  });
  TomlValue value;
  value.children.reserve(members.size());
  for (const auto& [key, node] : members) {
    value.children.push_back(Convert(*node));
    value.children.back().key = key->str();
  }
  return value;
}

TomlValue Convert(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return ConvertTable(*node.as_table());
    case toml::node_type::array: {
      TomlValue value = Scalar(Kind::kArray, {});
      for (const toml::node& element : *node.as_array()) value.children.push_back(Convert(element));
      return value;
    }
    case toml::node_type::string:
      return Scalar(Kind::kString, node.as_string()->get());
    case toml::node_type::integer:
      return Scalar(Kind::kInteger, std::to_string(node.as_integer()->get()));
    case toml::node_type::floating_point:
      return Scalar(Kind::kFloat, FormatTomlFloat(node.as_floating_point()->get()));
    case toml::node_type::boolean:
      return Scalar(Kind::kBoolean, node.as_boolean()->get() ? "true" : "false");
    case toml::node_type::date:
      return Scalar(Kind::kDateTime, Format(node.as_date()->get()));
    case toml::node_type::time:
      return Scalar(Kind::kDateTime, Format(node.as_time()->get()));
    case toml::node_type::date_time:
      return Scalar(Kind::kDateTime, Format(node.as_date_time()->get()));
    case toml::node_type::none:
      break;
  }
  return {};
}

}  // namespace

std::variant<TomlValue, TomlFault> ParseToml(std::string_view text) {
  const toml::parse_result parsed = toml::parse(text);
  if (parsed.succeeded()) return ConvertTable(parsed.table());
  const toml::parse_error& error = parsed.error();
  return TomlFault{error.source().begin.line, error.source().begin.column,
                   std::string(error.description())};
}

std::string FormatTomlFloat(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  // "-d.ddde+xx": the digits are the shortest ones, only the point moves.
  std::array<char, 32> buffer = {};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                     std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data()));
  const std::size_t e = text.find('e');
  const char* exponent_digits = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  int exponent = 0;
  std::from_chars(exponent_digits, text.data() + text.size(), exponent);

  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  if (exponent < 0) {
    digits.insert(0, static_cast<std::size_t>(-exponent), '0');
    exponent = 0;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) digits.append(whole + 1 - digits.size(), '0');
  digits.insert(whole, 1, '.');
  return (text.front() == '-' ? "-" : "") + digits;
}

}  // namespace paned
