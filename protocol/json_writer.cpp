#include "protocol/json_writer.h"

#include <array>
#include <charconv>
#include <cstddef>

#include "protocol/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace paned::protocol {
namespace {

// Printable ASCII that stands for itself inside quotes.
bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

// Length of the plain run at the front of `text`.
std::size_t PlainRun(std::string_view text) {
  std::size_t at = 0;
#ifdef __SSE2__
  for (; text.size() - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    // As signed bytes, controls and everything from 0x80 up are below 0x20.
    const __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    if (_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash))) != 0) break;
  }
#endif
  while (at < text.size() && IsPlain(text[at])) ++at;
  return at;
}

void AppendEscape(char c, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kShort = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (std::size_t i = 0; i < kShort.size(); i += 2) {
    if (kShort[i] == c) {
      out->push_back('\\');
      out->push_back(kShort[i + 1]);
      return;
    }
  }
  const auto byte = static_cast<unsigned char>(c);
  out->append("\\u00");
  out->push_back(kHex[byte >> 4U]);
  out->push_back(kHex[byte & 0xFU]);
}

template <class Integer>
void AppendInteger(Integer number, std::string* out) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out->append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  while (true) {
    const std::size_t plain = PlainRun(text);
    out->append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Sequence next = NextUtf8(text);
    if (!next.valid) {
      out->append("\xEF\xBF\xBD");
    } else if (next.size == 1) {
      AppendEscape(text.front(), out);
    } else {
      out->append(text.data(), next.size);
    }
    text.remove_prefix(next.size);
  }
  out->push_back('"');
}

void AppendJsonNumber(std::uint64_t number, std::string* out) { AppendInteger(number, out); }

void AppendJsonNumber(std::int64_t number, std::string* out) { AppendInteger(number, out); }

}  // namespace paned::protocol
