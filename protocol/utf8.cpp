#include "protocol/utf8.h"

#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace paned::protocol {
namespace {

// Length of the run of ASCII that begins at `from`, rounded down to whole blocks.
std::size_t AsciiBlocks(std::string_view text, std::size_t from) {
  std::size_t at = from;
#ifdef __SSE2__
  while (text.size() - at >= 32) {
    const auto* block = reinterpret_cast<const __m128i*>(text.data() + at);
    const __m128i both = _mm_or_si128(_mm_loadu_si128(block), _mm_loadu_si128(block + 1));
    if (_mm_movemask_epi8(both) != 0) break;
    at += 32;
  }
#endif
  while (text.size() - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    if ((word & 0x8080808080808080U) != 0) break;
    at += 8;
  }
  return at - from;
}

}  // namespace

Utf8Sequence NextUtf8(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  std::size_t length = 0;
  // The second byte's range is what excludes overlong forms, surrogates and too large values.
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (std::size_t at = 1; at < length; ++at) {
    if (at == text.size() || byte(at) < low || byte(at) > high) return {at, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

std::size_t FindInvalidUtf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      const std::size_t skipped = AsciiBlocks(text, at);
      at += skipped != 0 ? skipped : 1;
      continue;
    }
    const Utf8Sequence next = NextUtf8(text.substr(at));
    if (!next.valid) return at;
    at += next.size;
  }
  return std::string_view::npos;
}

}  // namespace paned::protocol
