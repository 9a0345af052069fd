// Who may open a WebSocket connection: the policy behind --ws-auth, asked once per upgrade.
// Source: exec-server protocol, section 1.5, and measured. Threading: pure, read-only once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "server/auth/digest.h"
#include "server/auth/jwt.h"

namespace paned {

class BearerAuth {
 public:
  // Lets in whoever brings the token of this SHA-256 digest.
  explicit BearerAuth(const Digest& token) : rule_(token) {}
  // Lets in whoever brings a token signed by these rules.
  explicit BearerAuth(JwtRules rules) : rule_(std::move(rules)) {}

  // Why a request is refused (the text of its 401); nothing when it may come in. `authorization` is
  // the value of that header, if there is one; `now` is in seconds of Unix time.
  std::optional<std::string_view> Refusal(std::optional<std::string_view> authorization,
                                          std::int64_t now) const;

 private:
  std::variant<Digest, JwtRules> rule_;
};

}  // namespace paned
