// The AVX2 part of base64: as many whole groups as it can, the rest is left to the scalar loop.
// Does nothing on machines without AVX2. Pure.
#pragma once

#include <cstddef>

namespace paned::protocol {

// What decoding may write beyond the bytes it counts.
inline constexpr std::size_t kBase64SimdSlack = 8;

// Encodes a front part of `raw`; returns its size, a multiple of three.
std::size_t EncodeBase64Simd(const char* raw, std::size_t size, char* text);

// Decodes a front part of `text`, ending before the first block with a byte that is no symbol;
// returns its size, a multiple of four.
std::size_t DecodeBase64Simd(const char* text, std::size_t size, char* raw);

}  // namespace paned::protocol
