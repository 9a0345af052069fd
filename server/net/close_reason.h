// Cuts a Close frame's reason to what fits. Threading: pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace paned {

// At most 123 bytes (RFC 6455 section 5.5), cut between characters of the UTF-8 text.
inline std::string CloseReason(std::string_view text) {
  constexpr std::size_t kMaxBytes = 123;
  if (text.size() <= kMaxBytes) return std::string(text);
  std::size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

}  // namespace paned
