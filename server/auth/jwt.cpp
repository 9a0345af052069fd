#include "server/auth/jwt.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "protocol/base64.h"
#include "protocol/json_reader.h"
#include "server/auth/digest.h"

namespace paned {
namespace {

using protocol::JsonDocument;
using protocol::JsonItem;
using protocol::JsonValue;

constexpr std::string_view kInvalid = "invalid websocket jwt";

struct JwtParts {
  std::string_view signing_input;  // header.claims
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
};

std::optional<JwtParts> Split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || token.find('.', first + 1) != last) return std::nullopt;
  return JwtParts{token.substr(0, last), token.substr(0, first),
                  token.substr(first + 1, last - first - 1), token.substr(last + 1)};
}

// RFC 4648 section 5 without padding and without stray bits.
bool DecodeBase64Url(std::string_view text, std::string* out) {
  if (text.find_first_of("+/=") != std::string_view::npos) return false;
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return !protocol::DecodeBase64(standard, out).has_value();
}

// The member, when it is there and not null.
std::optional<JsonValue> Given(const JsonValue& object, std::string_view name) {
  std::optional<JsonValue> value = object.Find(name);
  if (value && value->IsNull()) value.reset();
  return value;
}

bool IsString(const JsonValue& value) {
  std::string_view ignored;
  return value.Get(&ignored);
}

bool AreStringsIfGiven(const JsonValue& object, std::initializer_list<std::string_view> names) {
  return std::all_of(names.begin(), names.end(), [&](std::string_view name) {
    const std::optional<JsonValue> value = Given(object, name);
    return !value || IsString(*value);
  });
}

bool AllStrings(const JsonValue& array) {
  for (const JsonItem item : array.Items()) {
    if (!IsString(item.value)) return false;
  }
  return array.IsArray();
}

bool IsHs256(const JsonValue& header) {
  std::string_view algorithm;
  const std::optional<JsonValue> given = header.Find("alg");
  const std::optional<JsonValue> chain = Given(header, "x5c");
  return given && given->Get(&algorithm) && algorithm == "HS256" &&
         (!chain || AllStrings(*chain)) &&
         !Given(header, "jwk") &&  // a key of the token's own has no place with a shared secret
         AreStringsIfGiven(header, {"typ", "cty", "jku", "kid", "x5u", "x5t", "x5t#S256"});
}

bool IsSigned(const JwtParts& parts, const std::string& secret) {
  std::string mac;
  Digest sent;
  if (!DecodeBase64Url(parts.signature, &mac) || mac.size() != sent.size()) return false;
  std::copy(mac.begin(), mac.end(), sent.begin());
  return EqualInConstantTime(sent, HmacSha256(secret, parts.signing_input));
}

// What the claims say, once their types are right.
struct Claims {
  std::int64_t expires = 0;
  std::optional<std::int64_t> not_before;
  std::optional<std::string_view> issuer;
  std::optional<JsonValue> audience;  // a string, or an array of strings
};

std::optional<Claims> ReadClaims(const JsonValue& root) {
  Claims claims;
  const std::optional<JsonValue> expires = root.Find("exp");
  if (!expires || !expires->Get(&claims.expires)) return std::nullopt;
  if (const auto not_before = Given(root, "nbf")) {
    if (!not_before->Get(&claims.not_before.emplace())) return std::nullopt;
  }
  if (!AreStringsIfGiven(root, {"iss", "sub"})) return std::nullopt;
  if (const auto issuer = Given(root, "iss")) issuer->Get(&claims.issuer.emplace());
  claims.audience = Given(root, "aud");
  if (claims.audience && !IsString(*claims.audience) && !AllStrings(*claims.audience)) {
    return std::nullopt;
  }
  return claims;
}

bool Names(const JsonValue& audience, std::string_view wanted) {
  std::string_view one;
  if (audience.Get(&one)) return one == wanted;
  for (const JsonItem item : audience.Items()) {
    if (item.value.Get(&one) && one == wanted) return true;
  }
  return false;
}

std::optional<std::string_view> FindClaimFault(const Claims& claims, const JwtRules& rules,
                                               std::int64_t now) {
  if (claims.expires < now - rules.max_clock_skew) return "expired websocket jwt";
  const std::int64_t latest =
      now > INT64_MAX - rules.max_clock_skew ? INT64_MAX : now + rules.max_clock_skew;
  if (claims.not_before && *claims.not_before > latest) return "websocket jwt is not valid yet";
  if (rules.issuer && claims.issuer != *rules.issuer) return "websocket jwt issuer mismatch";
  if (rules.audience && !(claims.audience && Names(*claims.audience, *rules.audience))) {
    return "websocket jwt audience mismatch";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> FindJwtFault(std::string_view token, const JwtRules& rules,
                                             std::int64_t now) {
  const std::optional<JwtParts> parts = Split(token);
  std::string text;
  JsonDocument header;
  const bool trusted = parts && DecodeBase64Url(parts->header, &text) &&
                       !header.Parse(text.data(), text.size()) && IsHs256(header.root()) &&
                       IsSigned(*parts, rules.secret);
  if (!trusted) return kInvalid;
  std::string claims_text;
  JsonDocument claims_json;
  if (!DecodeBase64Url(parts->claims, &claims_text) ||
      claims_json.Parse(claims_text.data(), claims_text.size())) {
    return kInvalid;
  }
  const std::optional<Claims> claims = ReadClaims(claims_json.root());
  return claims ? FindClaimFault(*claims, rules, now) : kInvalid;
}

}  // namespace paned
