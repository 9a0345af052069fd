#include "protocol/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "protocol/base64_simd.h"

namespace paned::protocol {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoSymbol = 0xFF;

constexpr std::array<std::uint8_t, 256> MakeValues() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNoSymbol;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = MakeValues();

std::uint8_t ValueOf(char symbol) { return kValues[static_cast<unsigned char>(symbol)]; }

// Work goes through a buffer that stays in the first-level cache: each byte of the result is then
// written once, by append, instead of being zeroed by resize first.
constexpr std::size_t kBlockRaw = 6144;
constexpr std::size_t kBlockText = kBlockRaw / 3 * 4;

// Whole groups of three only.
void EncodeGroups(const char* raw, std::size_t groups, char* text) {
  for (; groups != 0; --groups, raw += 3, text += 4) {
    const std::uint32_t bits =
        static_cast<std::uint32_t>(static_cast<unsigned char>(raw[0])) << 16U |
        static_cast<std::uint32_t>(static_cast<unsigned char>(raw[1])) << 8U |
        static_cast<unsigned char>(raw[2]);
    text[0] = kAlphabet[bits >> 18U];
    text[1] = kAlphabet[bits >> 12U & 63U];
    text[2] = kAlphabet[bits >> 6U & 63U];
    text[3] = kAlphabet[bits & 63U];
  }
}

// Decodes quads until one has a byte that is no symbol; returns the symbols done.
std::size_t DecodeQuads(const char* text, std::size_t size, char* raw) {
  std::size_t at = 0;
  for (; at + 4 <= size; at += 4, raw += 3) {
    const std::uint32_t a = ValueOf(text[at]);
    const std::uint32_t b = ValueOf(text[at + 1]);
    const std::uint32_t c = ValueOf(text[at + 2]);
    const std::uint32_t d = ValueOf(text[at + 3]);
    if ((a | b | c | d) == kNoSymbol) break;
    raw[0] = static_cast<char>(a << 2U | b >> 4U);
    raw[1] = static_cast<char>(b << 4U | c >> 2U);
    raw[2] = static_cast<char>(c << 6U | d);
  }
  return at;
}

std::string InvalidSymbol(std::string_view text, std::size_t at) {
  return "Invalid symbol " + std::to_string(static_cast<unsigned char>(text[at])) + ", offset " +
         std::to_string(at) + ".";
}

// The last one to four characters, `from` on: up to two may be padding.
std::optional<std::string> DecodeTail(std::string_view text, std::size_t from, std::string* out) {
  const std::string_view tail = text.substr(from);
  const std::size_t symbols = std::min(tail.find('='), tail.size());
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < symbols; ++i) {
    const std::uint8_t value = ValueOf(tail[i]);
    if (value == kNoSymbol) return InvalidSymbol(text, from + i);
    bits |= static_cast<std::uint32_t>(value) << (18U - 6U * i);
  }
  const bool padded = symbols < tail.size();
  if (padded && (symbols < 2 || tail.find_first_not_of('=', symbols) != std::string_view::npos)) {
    return InvalidSymbol(text, from + symbols);
  }
  if (symbols < 2) return "Invalid input length: " + std::to_string(from + symbols);
  if (tail.size() != 4) return "Invalid padding";
  const std::size_t size = symbols - 1;
  // Bits beyond the last whole byte must be zero, or one byte string would have several texts.
  if ((bits & (0xFFFFFFU >> (8U * size))) != 0) {
    const std::size_t last = symbols - 1;
    return "Invalid last symbol " + std::to_string(static_cast<unsigned char>(tail[last])) +
           ", offset " + std::to_string(from + last) + ".";
  }
  for (std::size_t i = 0; i < size; ++i) out->push_back(static_cast<char>(bits >> (16U - 8U * i)));
  return std::nullopt;
}

}  // namespace

void AppendBase64(std::string_view raw, std::string* out) {
  out->reserve(out->size() + Base64Length(raw.size()));
  std::array<char, kBlockText> block;
  while (raw.size() >= 3) {
    const std::size_t whole = std::min(raw.size() / 3 * 3, kBlockRaw);
    const std::size_t done = EncodeBase64Simd(raw.data(), whole, block.data());
    EncodeGroups(raw.data() + done, (whole - done) / 3, block.data() + done / 3 * 4);
    out->append(block.data(), whole / 3 * 4);
    raw.remove_prefix(whole);
  }
  if (raw.empty()) return;
  const char last[3] = {raw[0], raw.size() == 2 ? raw[1] : '\0', '\0'};
  EncodeGroups(last, 1, block.data());
  out->append(block.data(), raw.size() + 1).append(3 - raw.size(), '=');
}

std::optional<std::string> DecodeBase64(std::string_view text, std::string* out) {
  out->clear();
  if (text.empty()) return std::nullopt;
  const std::size_t rest = text.size() % 4;
  // A single character over is looked at first: it may be the real culprit of a wrong length.
  if (rest == 1 && text.back() != '=' && ValueOf(text.back()) == kNoSymbol) {
    return InvalidSymbol(text, text.size() - 1);
  }
  // The last quad may hold padding; all before it must be symbols.
  const std::size_t whole = text.size() - (rest == 0 ? 4 : rest);
  out->reserve(whole / 4 * 3 + 3);
  std::array<char, kBlockRaw + kBase64SimdSlack> block;
  for (std::size_t from = 0; from < whole;) {
    const std::size_t size = std::min(whole - from, kBlockText);
    std::size_t done = DecodeBase64Simd(text.data() + from, size, block.data());
    done += DecodeQuads(text.data() + from + done, size - done, block.data() + done / 4 * 3);
    if (done != size) {
      std::size_t bad = from + done;
      while (ValueOf(text[bad]) != kNoSymbol) ++bad;
      return InvalidSymbol(text, bad);
    }
    out->append(block.data(), size / 4 * 3);
    from += size;
  }
  return DecodeTail(text, whole, out);
}

}  // namespace paned::protocol
