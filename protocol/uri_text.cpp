#include "protocol/uri_text.h"

#include <cstddef>

namespace paned::protocol {
namespace {

// Value of a hexadecimal digit, or -1.
int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

void AppendEscaped(char byte, std::string* out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out->push_back('%');
  out->push_back(kHex[value >> 4U]);
  out->push_back(kHex[value & 0xFU]);
}

void AppendEncoded(std::string_view text, PathSet set, std::string* out) {
  constexpr std::string_view kUnsafe = " \"#<>?`{}";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool own = set == PathSet::kNativePath && (c == '%' || c == '\\');
    if (byte < 0x20 || byte >= 0x7F || own || kUnsafe.find(c) != std::string_view::npos) {
      AppendEscaped(c, out);
    } else {
      out->push_back(c);
    }
  }
}

void AppendDecoded(std::string_view text, std::string* out) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && text.size() - at > 2) {
      const int high = HexValue(text[at + 1]);
      const int low = HexValue(text[at + 2]);
      if (high >= 0 && low >= 0) {
        out->push_back(static_cast<char>(high * 16 + low));
        at += 2;
        continue;
      }
    }
    out->push_back(text[at]);
  }
}

}  // namespace paned::protocol
