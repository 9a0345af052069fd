#include "server/environment/toml_choice.h"

#include <algorithm>
#include <utility>

namespace paned {
namespace {

using Kind = TomlValue::Kind;

std::string Describe(const TomlValue& value) {
  switch (value.kind) {
    case Kind::kString:
    case Kind::kDateTime:
      return "string \"" + value.text + '"';
    case Kind::kInteger:
      return "integer `" + value.text + '`';
    case Kind::kFloat:
      return "floating point `" + value.text + '`';
    case Kind::kBoolean:
      return "boolean `" + value.text + '`';
    case Kind::kArray:
      return "sequence";
    case Kind::kTable:
      break;
  }
  return "map";
}

std::string_view NameOfKind(Kind kind) {
  switch (kind) {
    case Kind::kString:
      return "string";
    case Kind::kInteger:
      return "integer";
    case Kind::kFloat:
      return "float";
    case Kind::kBoolean:
      return "boolean";
    case Kind::kDateTime:
      return "datetime";
    case Kind::kArray:
      return "array";
    case Kind::kTable:
      break;
  }
  return "table";
}

}  // namespace

Error FaultAt(std::string why, const std::string& where) {
  return {ErrorKind::kInternal, std::move(why) + "\nin `" + where + "`\n"};
}

Error WrongType(const TomlValue& value, std::string_view wanted, const std::string& where) {
  return FaultAt("invalid type: " + Describe(value) + ", expected " + std::string(wanted), where);
}

Result<Choice> ReadChoice(const TomlValue& value, const std::vector<std::string_view>& names,
                          const std::string& expected, const std::string& where) {
  Choice choice;
  if (value.kind == Kind::kString) {
    choice.name = value.text;
  } else if (value.kind != Kind::kTable) {
    return FaultAt("invalid type: unit variant, expected string only", where);
  } else if (value.children.size() != 1) {
    return FaultAt(
        "wanted exactly 1 element, found " + std::to_string(value.children.size()) + " elements",
        where);
  } else {
    choice = {value.children.front().key, &value.children.front()};
  }
  if (std::find(names.begin(), names.end(), choice.name) == names.end()) {
    return FaultAt("unknown variant `" + choice.name + "`, expected " + expected, where);
  }
  return choice;
}

Status RequireEmptyPayload(const Choice& choice, const std::string& where) {
  if (choice.payload == nullptr || choice.payload->kind == Kind::kTable) return Done{};
  return FaultAt("expected table, found " + std::string(NameOfKind(choice.payload->kind)), where);
}

}  // namespace paned
