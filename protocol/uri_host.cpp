#include "protocol/uri_host.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "protocol/uri_text.h"

namespace paned::protocol {
namespace {

constexpr std::string_view kBadDomain = "invalid URI: invalid international domain name";
constexpr std::string_view kBadIpv4 = "invalid URI: invalid IPv4 address";
constexpr std::string_view kBadIpv6 = "invalid URI: invalid IPv6 address";

bool IsForbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F ||
         std::string_view("\"#%/:<>?@[\\]^`{|}").find(c) != std::string_view::npos;
}

std::vector<std::string_view> Labels(std::string_view host) {
  std::vector<std::string_view> labels;
  while (true) {
    const std::size_t dot = host.find('.');
    labels.push_back(host.substr(0, dot));
    if (dot == std::string_view::npos) return labels;
    host.remove_prefix(dot + 1);
  }
}

// One part of an IPv4 address: decimal, 0x hexadecimal or 0 octal; capped, not wrapped.
std::optional<std::uint64_t> Ipv4Part(std::string_view text) {
  if (text.empty()) return std::nullopt;
  unsigned base = 10;
  if (text.size() > 1 && text[0] == '0') {
    base = ToLower(text[1]) == 'x' ? 16 : 8;
    text.remove_prefix(base == 16 ? 2 : 1);
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    const char lower = ToLower(c);
    if (!IsDigit(c) && (lower < 'a' || lower > 'f')) return std::nullopt;
    const auto digit = static_cast<unsigned>(IsDigit(c) ? c - '0' : lower - 'a' + 10);
    if (digit >= base) return std::nullopt;
    value = std::min<std::uint64_t>(value * base + digit, UINT32_MAX + std::uint64_t{1});
  }
  return value;
}

// A host whose last label is a number must be an IPv4 address.
bool LooksLikeIpv4(const std::vector<std::string_view>& labels) {
  const std::string_view last = labels.back();
  const bool digits = !last.empty() && std::all_of(last.begin(), last.end(), IsDigit);
  return digits || Ipv4Part(last).has_value();
}

std::optional<std::string> FormatIpv4(const std::vector<std::string_view>& labels) {
  if (labels.size() > 4) return std::nullopt;
  std::uint64_t address = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::optional<std::uint64_t> part = Ipv4Part(labels[i]);
    // The last part fills all the bytes that are left.
    const bool last = i + 1 == labels.size();
    const std::uint64_t limit = last ? std::uint64_t{1} << (8 * (4 - i)) : 256;
    if (!part || *part >= limit) return std::nullopt;
    address += last ? *part : *part << (8 * (3 - i));
  }
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    if (!out.empty()) out += '.';
    out += std::to_string(address >> static_cast<unsigned>(shift) & 0xFFU);
  }
  return out;
}

// Only the outside of an IPv6 address is looked at: any such host is refused later on.
bool LooksLikeIpv6(std::string_view host) {
  if (host.size() < 4 || host.back() != ']') return false;
  const std::string_view inner = host.substr(1, host.size() - 2);
  return inner.find(':') != std::string_view::npos &&
         inner.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> ParseHost(std::string_view authority, std::string* host) {
  std::string decoded;
  AppendDecoded(authority, &decoded);
  std::transform(decoded.begin(), decoded.end(), decoded.begin(), ToLower);
  host->clear();
  if (decoded.empty() || decoded == "localhost") return std::nullopt;
  if (authority.front() == '[') {
    if (!LooksLikeIpv6(decoded)) return std::string(kBadIpv6);
    *host = decoded;
    return std::nullopt;
  }
  if (std::any_of(decoded.begin(), decoded.end(), IsForbidden)) return std::string(kBadDomain);
  std::vector<std::string_view> labels = Labels(decoded);
  if (labels.size() > 1 && labels.back().empty()) labels.pop_back();
  if (LooksLikeIpv4(labels)) {
    const std::optional<std::string> address = FormatIpv4(labels);
    if (!address) return std::string(kBadIpv4);
    *host = *address;
    return std::nullopt;
  }
  AppendEncoded(decoded, PathSet::kUriPath, host);
  return std::nullopt;
}

}  // namespace paned::protocol
