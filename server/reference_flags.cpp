#include "server/reference_flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace paned {
namespace {

// A whole number as the reference reads it: digits, with one plus sign at most before them.
Result<std::uint64_t> ParseCount(std::string_view text) {
  if (text.empty()) {
    return Error{ErrorKind::kInvalidParams, "cannot parse integer from empty string"};
  }
  if (text.front() == '+') text.remove_prefix(1);
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, count);
  if (stopped != end || stopped == text.data()) {
    return Error{ErrorKind::kInvalidParams, "invalid digit found in string"};
  }
  if (fault != std::errc()) {
    return Error{ErrorKind::kInvalidParams, "number too large to fit in target type"};
  }
  return count;
}

Error BadNumber(const std::string& value, const std::string& flag, const std::string& why) {
  return {ErrorKind::kInvalidParams,
          "invalid value '" + value + "' for '" + flag + "': " + why + "\nTry: paned --help"};
}

Status TakeConcurrentRequests(const std::string& value, ServeOptions* options) {
  constexpr char kFlag[] = "--concurrent-requests <COUNT>";
  const Result<std::uint64_t> count = ParseCount(value);
  if (!count.ok()) return BadNumber(value, kFlag, count.error().message);
  if (count.value() == 0) return BadNumber(value, kFlag, "number would be zero for non-zero type");
  options->concurrent_requests = count.value();
  return Done{};
}

Status TakeClockSkew(const std::string& value, ServeOptions* options) {
  const Result<std::uint64_t> seconds = ParseCount(value);
  if (!seconds.ok()) {
    return BadNumber(value, "--ws-max-clock-skew-seconds <SECONDS>", seconds.error().message);
  }
  options->auth.max_clock_skew = seconds.value();
  return Done{};
}

Status TakeMode(const std::string& value, ServeOptions* options) {
  if (value == "capability-token") {
    options->auth.mode = WsAuthMode::kCapabilityToken;
  } else if (value == "signed-bearer-token") {
    options->auth.mode = WsAuthMode::kSignedBearerToken;
  } else {
    return Error{ErrorKind::kInvalidParams,
                 "--ws-auth wants capability-token or signed-bearer-token, got `" + value +
                     "`\nTry: paned --help"};
  }
  return Done{};
}

template <std::optional<std::string> WsAuthFlags::*target>
Status TakeText(const std::string& value, ServeOptions* options) {
  options->auth.*target = value;
  return Done{};
}

template <std::optional<std::string> WsAuthFlags::*target>
Status TakePath(const std::string& value, ServeOptions* options) {
  if (!value.empty()) return TakeText<target>(value, options);
  return Error{ErrorKind::kInvalidParams, "the path of a secret is empty\nTry: paned --help"};
}

struct ReferenceFlag {
  std::string_view name;
  Status (*take)(const std::string& value, ServeOptions* options);
};

constexpr std::array<ReferenceFlag, 8> kFlags = {{
    {"--concurrent-requests", TakeConcurrentRequests},
    {"--ws-auth", TakeMode},
    {"--ws-token-file", TakePath<&WsAuthFlags::token_file>},
    {"--ws-token-sha256", TakeText<&WsAuthFlags::token_sha256>},
    {"--ws-shared-secret-file", TakePath<&WsAuthFlags::shared_secret_file>},
    {"--ws-issuer", TakeText<&WsAuthFlags::issuer>},
    {"--ws-audience", TakeText<&WsAuthFlags::audience>},
    {"--ws-max-clock-skew-seconds", TakeClockSkew},
}};

const ReferenceFlag* Find(std::string_view name) {
  const auto* found = std::find_if(kFlags.begin(), kFlags.end(),
                                   [&](const ReferenceFlag& flag) { return flag.name == name; });
  return found == kFlags.end() ? nullptr : found;
}

}  // namespace

bool IsReferenceFlag(std::string_view name) { return Find(name) != nullptr; }

Status TakeReferenceFlag(std::string_view name, const std::string& value, ServeOptions* options) {
  return Find(name)->take(value, options);
}

}  // namespace paned
