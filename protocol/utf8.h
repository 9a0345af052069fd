// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
// Input is checked whole before it is parsed; output is repaired while it is written. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace paned::protocol {

// Offset of the first byte that is not part of valid UTF-8; npos when all of `text` is valid.
std::size_t FindInvalidUtf8(std::string_view text);

// The sequence at the front of `text` (not empty): its length, and whether it is one character. Of
// a broken one, `size` is the part to be replaced by one U+FFFD.
struct Utf8Sequence {
  std::size_t size;
  bool valid;
};
Utf8Sequence NextUtf8(std::string_view text);

}  // namespace paned::protocol
