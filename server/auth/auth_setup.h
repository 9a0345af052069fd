// From the flags of --ws-auth to the policy: which go together, and what the files hold. Texts are
// the reference's. Source: exec-server protocol, section 1.5, and measured.
// Threading: at the start, before anything is served; reading a file may block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/auth/bearer_auth.h"
#include "server/base/result.h"

namespace paned {

enum class WsAuthMode { kCapabilityToken, kSignedBearerToken };

// The flags as given. A relative path is one of the working directory.
struct WsAuthFlags {
  std::optional<WsAuthMode> mode;
  std::optional<std::string> token_file;
  std::optional<std::string> token_sha256;
  std::optional<std::string> shared_secret_file;
  std::optional<std::string> issuer;
  std::optional<std::string> audience;
  std::optional<std::uint64_t> max_clock_skew;  // seconds
  // Of the token in CODEX_EXEC_SERVER_CONNECTION_TOKEN: what counts when neither a file nor a
  // digest is named.
  std::optional<Digest> environment_token;
};

// Without white space (Unicode's) at both ends.
std::string_view TrimText(std::string_view text);

// The policy; nothing when the flags ask for none. Files are read now and never again; around their
// text white space does not count. Fails on flags that do not fit together (with `stdio`: on any
// policy), on files that cannot be read, are empty, above 1 MiB or not UTF-8, and on a secret below
// 32 bytes. No message contains what a file holds.
Result<std::optional<BearerAuth>> SetUpAuth(const WsAuthFlags& flags, bool stdio);

}  // namespace paned
