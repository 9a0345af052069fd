#include "server/auth/auth_setup.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "protocol/utf8.h"
#include "server/base/os_error.h"
#include "server/base/unique_fd.h"

namespace paned {
namespace {

constexpr std::size_t kMostSecretBytes = 1 << 20;
constexpr std::size_t kLeastSigningBytes = 32;

// Whatever else Unicode calls white space, in UTF-8.
constexpr std::array<std::string_view, 19> kWideSpaces = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
constexpr std::string_view kSpaces = " \t\n\v\f\r";

Error Refuse(std::string message) { return {ErrorKind::kInvalidParams, std::move(message)}; }

// Bytes of white space at the front of `text`; 0 when there is none.
std::size_t SpaceAtFront(std::string_view text) {
  if (kSpaces.find(text.front()) != std::string_view::npos) return 1;
  for (const std::string_view wide : kWideSpaces) {
    if (text.substr(0, wide.size()) == wide) return wide.size();
  }
  return 0;
}

std::size_t SpaceAtBack(std::string_view text) {
  if (kSpaces.find(text.back()) != std::string_view::npos) return 1;
  for (const std::string_view wide : kWideSpaces) {
    if (text.size() >= wide.size() && text.substr(text.size() - wide.size()) == wide) {
      return wide.size();
    }
  }
  return 0;
}

Error Unreadable(const std::string& path, const std::string& why) {
  return Refuse("failed to read websocket auth secret " + path + ": " + why);
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

// The trimmed text of a file.
Result<std::string> ReadSecret(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return Unreadable(path, OsErrorText(errno));
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  while ((got = ::read(file.get(), buffer.data(), buffer.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unreadable(path, OsErrorText(errno));
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostSecretBytes) return Unreadable(path, "it has more than 1 MiB");
  }
  if (protocol::FindInvalidUtf8(text) != std::string_view::npos) {
    return Unreadable(path, "stream did not contain valid UTF-8");
  }
  const std::string_view secret = TrimText(text);
  if (secret.empty()) return Refuse("websocket auth secret " + path + " must not be empty");
  return std::string(secret);
}

// What is left of a name after trimming; nothing when nothing is.
std::optional<std::string> Trimmed(const std::optional<std::string>& name) {
  const std::string_view text = name ? TrimText(*name) : std::string_view();
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

Result<std::optional<BearerAuth>> SetUpCapabilityToken(const WsAuthFlags& flags) {
  if (flags.shared_secret_file || flags.issuer || flags.audience || flags.max_clock_skew) {
    return Refuse(
        "`--ws-shared-secret-file`, `--ws-issuer`, `--ws-audience`, and "
        "`--ws-max-clock-skew-seconds` require `--ws-auth signed-bearer-token`");
  }
  if (flags.token_file && flags.token_sha256) {
    return Refuse("`--ws-token-file` and `--ws-token-sha256` are mutually exclusive");
  }
  if (flags.token_file) {
    const Result<std::string> token = ReadSecret(AbsolutePath(*flags.token_file));
    if (!token.ok()) return token.error();
    return std::optional(BearerAuth(Sha256(token.value())));
  }
  if (flags.token_sha256) {
    const std::optional<Digest> digest = ParseHexDigest(TrimText(*flags.token_sha256));
    if (!digest) return Refuse("--ws-token-sha256 must be a 64-character hex SHA-256 digest");
    return std::optional(BearerAuth(*digest));
  }
  if (flags.environment_token) return std::optional(BearerAuth(*flags.environment_token));
  Error missing = Refuse(
      "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth capability-token` is "
      "set");
  missing.hint = "The token may also come in CODEX_EXEC_SERVER_CONNECTION_TOKEN.";
  return missing;
}

Result<std::optional<BearerAuth>> SetUpSignedToken(const WsAuthFlags& flags) {
  if (flags.token_file || flags.token_sha256) {
    return Refuse(
        "`--ws-token-file` and `--ws-token-sha256` require `--ws-auth capability-token`, not "
        "`signed-bearer-token`");
  }
  if (!flags.shared_secret_file) {
    return Refuse(
        "`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set");
  }
  JwtRules rules;
  if (flags.max_clock_skew) {
    if (*flags.max_clock_skew > std::uint64_t{INT64_MAX}) {
      return Refuse("websocket auth clock skew must fit in a signed 64-bit integer");
    }
    rules.max_clock_skew = static_cast<std::int64_t>(*flags.max_clock_skew);
  }
  const std::string path = AbsolutePath(*flags.shared_secret_file);
  Result<std::string> secret = ReadSecret(path);
  if (!secret.ok()) return std::move(secret.error());
  if (secret.value().size() < kLeastSigningBytes) {
    return Refuse("signed websocket bearer secret " + path + " must be at least 32 bytes");
  }
  rules.secret = std::move(secret.value());
  rules.issuer = Trimmed(flags.issuer);
  rules.audience = Trimmed(flags.audience);
  return std::optional(BearerAuth(std::move(rules)));
}

}  // namespace

std::string_view TrimText(std::string_view text) {
  while (!text.empty()) {
    const std::size_t space = SpaceAtFront(text);
    if (space == 0) break;
    text.remove_prefix(space);
  }
  while (!text.empty()) {
    const std::size_t space = SpaceAtBack(text);
    if (space == 0) break;
    text.remove_suffix(space);
  }
  return text;
}

Result<std::optional<BearerAuth>> SetUpAuth(const WsAuthFlags& flags, bool stdio) {
  if (!flags.mode) {
    const bool any = flags.token_file || flags.token_sha256 || flags.shared_secret_file ||
                     flags.issuer || flags.audience || flags.max_clock_skew;
    if (!any) return std::optional<BearerAuth>();
    return Refuse(
        "websocket auth flags require `--ws-auth capability-token` or `--ws-auth "
        "signed-bearer-token`");
  }
  Result<std::optional<BearerAuth>> auth = *flags.mode == WsAuthMode::kCapabilityToken
                                               ? SetUpCapabilityToken(flags)
                                               : SetUpSignedToken(flags);
  if (auth.ok() && stdio) return Refuse("WebSocket auth requires a WebSocket listener, not stdio");
  return auth;
}

}  // namespace paned
