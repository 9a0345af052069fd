// Output in which every byte knows its place: a lost, doubled or moved byte shows.
// Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace paned::testing {

inline std::uint64_t PatternWord(std::uint64_t index) {
  return (index + 1) * 0x9E3779B97F4A7C15ull;
}

// Bytes `offset` .. `offset + size` of the pattern.
inline std::string Pattern(std::uint64_t offset, std::size_t size) {
  const std::uint64_t first = offset / 8;
  const std::uint64_t words = (offset + size + 7) / 8 - first;
  std::string text(words * 8, '\0');
  for (std::uint64_t i = 0; i < words; ++i) {
    const std::uint64_t word = PatternWord(first + i);
    std::memcpy(text.data() + i * 8, &word, 8);
  }
  return text.substr(offset % 8, size);
}

// FNV-1a, 64 bits.
inline constexpr std::uint64_t kHashSeed = 0xcbf29ce484222325ull;
inline std::uint64_t Hash(std::string_view bytes, std::uint64_t hash = kHashSeed) {
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  return hash;
}

// Takes the pattern piece by piece.
class PatternChecker {
 public:
  // False from the first wrong byte on.
  bool Feed(std::string_view bytes) {
    good_ = good_ && bytes == Pattern(offset_, bytes.size());
    offset_ += bytes.size();
    return good_;
  }
  bool good() const { return good_; }
  std::uint64_t offset() const { return offset_; }

 private:
  bool good_ = true;
  std::uint64_t offset_ = 0;
};

}  // namespace paned::testing
