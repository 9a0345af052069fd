// Base64 as the wire wants it: standard alphabet, padding required, no white space, no stray bits.
// AVX2 where the machine has it, a scalar loop elsewhere. Source: RFC 4648 section 4. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace paned::protocol {

// Length of the base64 text of `size` raw bytes.
constexpr std::size_t Base64Length(std::size_t size) { return (size + 2) / 3 * 4; }

// Appends the base64 text of `raw`.
void AppendBase64(std::string_view raw, std::string* out);

// Decodes `text` into `out` (replaced). On bad input returns the reference's text, e.g.
// "Invalid symbol 37, offset 0.", "Invalid padding", "Invalid last symbol 108, offset 2.";
// `out` is then unspecified.
std::optional<std::string> DecodeBase64(std::string_view text, std::string* out);

}  // namespace paned::protocol
