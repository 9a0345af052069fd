// SHA-256 and HMAC-SHA-256, and comparing them without telling where they differ. The one place
// that knows the cryptographic library (nettle). Threading: pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace paned {

using Digest = std::array<std::uint8_t, 32>;

// FIPS 180-4.
Digest Sha256(std::string_view bytes);

// RFC 2104 with SHA-256.
Digest HmacSha256(std::string_view key, std::string_view bytes);

// Whether they are equal; takes the same time whatever the answer is and wherever they differ.
bool EqualInConstantTime(const Digest& a, const Digest& b);

// 64 hexadecimal digits of either case; nothing for any other text.
std::optional<Digest> ParseHexDigest(std::string_view text);

}  // namespace paned
