#include "tests/e2e/text.h"

#include <array>

namespace paned::testing {
namespace {

constexpr char kSymbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned char kNone = 255;

std::array<unsigned char, 256> MakeValues() {
  std::array<unsigned char, 256> values;
  values.fill(kNone);
  for (unsigned char i = 0; i < 64; ++i) values[static_cast<unsigned char>(kSymbols[i])] = i;
  return values;
}

std::string More(const std::string& more) { return more.empty() ? "}" : "," + more + "}"; }

}  // namespace

std::string Quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string QuoteAll(const std::vector<std::string>& texts) {
  std::string quoted = "[";
  for (const std::string& text : texts) {
    if (quoted.size() > 1) quoted += ',';
    quoted += Quote(text);
  }
  return quoted + ']';
}

std::string ToBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool padding = i + k > bytes.size();
      text += padding ? '=' : kSymbols[group >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

std::string FromBase64(std::string_view text) {
  static const std::array<unsigned char, 256> values = MakeValues();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  unsigned group = 0;
  int bits = 0;
  for (const char c : text) {
    const unsigned value = values[static_cast<unsigned char>(c)];
    if (value == kNone) break;
    group = group << 6 | value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(group >> bits & 255);
  }
  return bytes;
}

std::vector<std::string> Sh(const std::string& script) { return {"/bin/sh", "-c", script}; }

std::string StartParams(const std::string& id, const std::vector<std::string>& argv,
                        const std::string& more) {
  return "{\"processId\":" + Quote(id) + ",\"argv\":" + QuoteAll(argv) + More(more);
}

std::string ReadParams(const std::string& id, std::uint64_t after_seq, std::uint64_t wait_ms,
                       const std::string& more) {
  return "{\"processId\":" + Quote(id) + ",\"afterSeq\":" + std::to_string(after_seq) +
         ",\"waitMs\":" + std::to_string(wait_ms) + More(more);
}

std::string WriteParams(const std::string& id, std::string_view bytes,
                        const std::string& write_id) {
  return "{\"processId\":" + Quote(id) + ",\"chunk\":\"" + ToBase64(bytes) + "\"" +
         More(write_id.empty() ? "" : "\"writeId\":" + Quote(write_id));
}

std::string IdParams(const std::string& id) { return "{\"processId\":" + Quote(id) + "}"; }

std::string PathParams(const std::string& path, const std::string& more) {
  return "{\"path\":" + Quote(path) + More(more);
}

}  // namespace paned::testing
