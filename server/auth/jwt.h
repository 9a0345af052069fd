// A signed bearer token: JWT with HS256 alone, its times, issuer and audience.
// Source: RFC 7515 (compact form), RFC 7519; texts and limits: exec-server protocol, section 1.5.
// Threading: pure; the caller says what time it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paned {

struct JwtRules {
  std::string secret;                   // of the HMAC, as bytes
  std::optional<std::string> issuer;    // what `iss` must be
  std::optional<std::string> audience;  // what `aud` must be, or have among its elements
  std::int64_t max_clock_skew = 30;     // seconds by which exp and nbf may be missed; not negative
};

// Why the token is refused, in the reference's words; nothing when it is good at `now` (seconds of
// Unix time, not negative). `exp` is required; a claim or header member of a wrong type is a fault.
// The claims are read only when the signature is right.
std::optional<std::string_view> FindJwtFault(std::string_view token, const JwtRules& rules,
                                             std::int64_t now);

}  // namespace paned
