#include "protocol/fault_text.h"

namespace paned::protocol {
namespace {

// `text` as Rust's debug format quotes it; clients see it in "invalid type: string".
std::string Quote(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\0') {
      out += "\\0";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u{";
      if (byte >= 0x10) out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
      out += '}';
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

std::string Describe(const JsonValue& value) {
  std::string_view text;
  switch (value.type()) {
    case JsonType::kNull:
      return "null";
    case JsonType::kFalse:
      return "boolean `false`";
    case JsonType::kTrue:
      return "boolean `true`";
    case JsonType::kUnsigned:
    case JsonType::kNegative:
    case JsonType::kReal:
      return "number";
    case JsonType::kString:
      value.Get(&text);
      return "string " + Quote(text);
    case JsonType::kArray:
      return "sequence";
    case JsonType::kObject:
      return "map";
  }
  return {};
}

}  // namespace

std::string MissingField(std::string_view name) {
  return "missing field `" + std::string(name) + "`";
}

std::string TypeFault(const JsonValue& value, std::string_view expected) {
  return "invalid type: " + Describe(value) + ", expected " + std::string(expected);
}

std::string IntegerFault(const JsonValue& value, std::string_view expected) {
  switch (value.type()) {
    case JsonType::kUnsigned:
    case JsonType::kNegative:
    case JsonType::kReal:
      return "invalid number";
    default:
      return TypeFault(value, expected);
  }
}

std::string UnknownVariant(std::string_view variant, std::string_view expected) {
  return "unknown variant `" + std::string(variant) + "`, expected " + std::string(expected);
}

}  // namespace paned::protocol
