#include "protocol/base64_simd.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PANED_AVX2 __attribute__((target("avx2")))
#endif

namespace paned::protocol {

#ifdef PANED_AVX2
namespace {

const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;

// 24 bytes, 12 in the front of each lane, to 32 six-bit values in order.
PANED_AVX2 inline __m256i Spread(__m256i raw) {
  // Each group of three becomes four bytes b a c b, so that a 16-bit multiplication can shift both
  // halves by their own amount.
  const __m256i groups = _mm256_shuffle_epi8(
      raw, _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,  //
                            1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  const __m256i right = _mm256_mulhi_epu16(_mm256_and_si256(groups, _mm256_set1_epi32(0x0FC0FC00)),
                                           _mm256_set1_epi32(0x04000040));
  const __m256i left = _mm256_mullo_epi16(_mm256_and_si256(groups, _mm256_set1_epi32(0x003F03F0)),
                                          _mm256_set1_epi32(0x01000010));
  return _mm256_or_si256(right, left);
}

// Six-bit values to symbols: each range of the alphabet has one offset.
PANED_AVX2 inline __m256i ToSymbols(__m256i values) {
  // 13 for A-Z, 0 for a-z, 1 to 10 for the digits, 11 for '+', 12 for '/'.
  __m256i range = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
  const __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
  range = _mm256_or_si256(range, _mm256_and_si256(upper, _mm256_set1_epi8(13)));
  const __m256i offsets =
      _mm256_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0, 71, -4, -4,
                       -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  return _mm256_add_epi8(values, _mm256_shuffle_epi8(offsets, range));
}

PANED_AVX2 std::size_t EncodeAvx2(const char* raw, std::size_t size, char* text) {
  std::size_t at = 0;
  // Two overlapping loads of 16: the second ends at byte 28.
  for (; size - at >= 28; at += 24, text += 32) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(raw + at));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(raw + at + 12));
    const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(text), ToSymbols(Spread(both)));
  }
  return at;
}

// A byte is a symbol when the sets of its two halves have no bit in common.
PANED_AVX2 std::size_t DecodeAvx2(const char* text, std::size_t size, char* raw) {
  const __m256i low_sets =
      _mm256_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B,
                       0x1B, 0x1B, 0x1A, 0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                       0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
  const __m256i high_sets =
      _mm256_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10,
                       0x10, 0x10, 0x10, 0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10,
                       0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  // By the upper half of a symbol; '/' shares its half with '+' and takes the slot before.
  const __m256i offsets =
      _mm256_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0,  //
                       0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i pack = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,  //
                                        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m256i half = _mm256_set1_epi8(0x2F);
  std::size_t at = 0;
  for (; size - at >= 32; at += 32, raw += 24) {
    const __m256i symbols = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at));
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi32(symbols, 4), half);
    const __m256i lower = _mm256_and_si256(symbols, half);
    if (_mm256_testz_si256(_mm256_shuffle_epi8(high_sets, upper),
                           _mm256_shuffle_epi8(low_sets, lower)) == 0) {
      break;
    }
    const __m256i slash = _mm256_cmpeq_epi8(symbols, half);
    const __m256i offset = _mm256_shuffle_epi8(offsets, _mm256_add_epi8(slash, upper));
    const __m256i values = _mm256_add_epi8(symbols, offset);
    // Pairs to 12 bits, pairs of pairs to 24, then the bytes in order.
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i quads = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i bytes = _mm256_shuffle_epi8(quads, pack);
    const __m256i joined =
        _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(raw), joined);
  }
  return at;
}

}  // namespace
#endif

std::size_t EncodeBase64Simd([[maybe_unused]] const char* raw, [[maybe_unused]] std::size_t size,
                             [[maybe_unused]] char* text) {
#ifdef PANED_AVX2
  if (kHasAvx2) return EncodeAvx2(raw, size, text);
#endif
  return 0;
}

std::size_t DecodeBase64Simd([[maybe_unused]] const char* text, [[maybe_unused]] std::size_t size,
                             [[maybe_unused]] char* raw) {
#ifdef PANED_AVX2
  if (kHasAvx2) return DecodeAvx2(text, size, raw);
#endif
  return 0;
}

}  // namespace paned::protocol
