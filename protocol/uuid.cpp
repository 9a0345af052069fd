#include "protocol/uuid.h"

#include <array>
#include <cstddef>

#include "protocol/utf8.h"

namespace paned::protocol {
namespace {

constexpr std::string_view kUrn = "urn:uuid:";
constexpr std::array<std::size_t, 5> kGroups = {8, 4, 4, 4, 12};

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::optional<std::string> CheckUuid(std::string_view text) {
  std::string_view body = text;
  std::size_t offset = 0;
  if (body.substr(0, kUrn.size()) == kUrn) {
    offset = kUrn.size();
    body.remove_prefix(offset);
  } else if (body.size() >= 2 && body.front() == '{' && body.back() == '}') {
    offset = 1;
    body = body.substr(1, body.size() - 2);
  }
  std::array<std::size_t, kGroups.size()> lengths{};
  std::size_t hyphens = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '-') {
      ++hyphens;
    } else if (!IsHex(body[i])) {
      return "invalid character: expected an optional prefix of `urn:uuid:` followed by "
             "[0-9a-fA-F-], found `" +
             std::string(body.substr(i, NextUtf8(body.substr(i)).size)) + "` at " +
             std::to_string(offset + i + 1);
    } else if (hyphens < lengths.size()) {
      ++lengths[hyphens];
    }
  }
  if (hyphens == 0 && offset == 0) {
    if (body.size() == 32) return std::nullopt;
    return "invalid length: expected length 32 for simple format, found " +
           std::to_string(text.size());
  }
  if (hyphens != 4) {
    return "invalid group count: expected 5, found " + std::to_string(hyphens + 1);
  }
  for (std::size_t i = 0; i < kGroups.size(); ++i) {
    if (lengths[i] == kGroups[i]) continue;
    return "invalid group length in group " + std::to_string(i) + ": expected " +
           std::to_string(kGroups[i]) + ", found " + std::to_string(lengths[i]);
  }
  return std::nullopt;
}

}  // namespace paned::protocol
