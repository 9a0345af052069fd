#include "server/auth/bearer_auth.h"

#include <algorithm>

namespace paned {
namespace {

constexpr std::string_view kScheme = "bearer";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsText(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The token of "Bearer TOKEN"; empty when it is anything else.
std::string_view BearerToken(std::string_view authorization) {
  const std::string_view value = Trim(authorization);
  const std::size_t blank = value.find(' ');
  if (blank != kScheme.size() || !IsText(value)) return {};
  const bool named = std::equal(kScheme.begin(), kScheme.end(), value.begin(),
                                [](char a, char b) { return a == Lower(b); });
  return named ? Trim(value.substr(blank)) : std::string_view();
}

}  // namespace

std::optional<std::string_view> BearerAuth::Refusal(std::optional<std::string_view> authorization,
                                                    std::int64_t now) const {
  if (!authorization) return "missing websocket bearer token";
  const std::string_view token = BearerToken(*authorization);
  if (token.empty()) return "invalid authorization header";
  if (const auto* rules = std::get_if<JwtRules>(&rule_)) return FindJwtFault(token, *rules, now);
  if (EqualInConstantTime(Sha256(token), std::get<Digest>(rule_))) return std::nullopt;
  return "invalid websocket bearer token";
}

}  // namespace paned
