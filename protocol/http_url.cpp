#include "protocol/http_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <vector>

#include "protocol/uri_host.h"
#include "protocol/uri_text.h"

namespace paned::protocol {
namespace {

constexpr std::string_view kBadDomain = "invalid international domain name";
constexpr std::string_view kBadIpv6 = "invalid IPv6 address";

UrlFault Invalid(std::string_view text) { return {{}, std::string(text)}; }

bool IsSlash(char c) { return c == '/' || c == '\\'; }

// Without blanks and controls around it, and without tabs and line ends anywhere.
std::string Clean(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  std::string out(text);
  const auto dropped = [](char c) { return c == '\t' || c == '\n' || c == '\r'; };
  out.erase(std::remove_if(out.begin(), out.end(), dropped), out.end());
  return out;
}

// Cuts "SCHEME:" off, in lower case; empty when there is none.
std::string TakeScheme(std::string_view* text) {
  const std::size_t colon = text->find(':');
  if (colon == std::string_view::npos || colon == 0 || !IsAlpha(text->front())) return {};
  std::string scheme(text->substr(0, colon));
  for (char& c : scheme) {
    if (!IsAlpha(c) && !IsDigit(c) && c != '+' && c != '-' && c != '.') return {};
    c = ToLower(c);
  }
  text->remove_prefix(colon + 1);
  return scheme;
}

void AppendEncodedBut(std::string_view text, std::string_view unsafe, std::string* out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || unsafe.find(c) != std::string_view::npos) {
      AppendEscaped(c, out);
    } else {
      out->push_back(c);
    }
  }
}

// 1 or 2 for the segments "." and "..", also where the dots are escaped; else 0.
int Dots(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    const bool escaped =
        segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' && ToLower(segment[2]) == 'e';
    if (!escaped && segment[0] != '.') return 0;
    segment.remove_prefix(escaped ? 3 : 1);
    ++dots;
  }
  return dots <= 2 ? dots : 0;
}

// `text` behind the segments of `prefix`, a path that ends with '/'.
std::string JoinPath(std::string_view prefix, std::string_view text) {
  const std::string joined = std::string(prefix) + std::string(text);
  std::vector<std::string> segments;
  std::size_t at = 1;
  while (true) {
    const std::size_t end = std::min(joined.find_first_of("/\\", at), joined.size());
    const std::string_view segment = std::string_view(joined).substr(at, end - at);
    const int dots = Dots(segment);
    if (dots == 2 && !segments.empty()) segments.pop_back();
    if (dots == 0) {
      AppendEncoded(segment, PathSet::kUriPath, &segments.emplace_back());
    } else if (end == joined.size()) {
      segments.emplace_back();
    }
    if (end == joined.size()) break;
    at = end + 1;
  }
  std::string path;
  for (const std::string& segment : segments) path += '/' + segment;
  return path;
}

std::optional<UrlFault> TakeHost(std::string_view text, std::string* host) {
  if (text.empty()) return Invalid("empty host");
  if (const auto fault = ParseHost(text, host)) {
    constexpr std::string_view kOfFileUris = "invalid URI: ";
    return Invalid(std::string_view(*fault).substr(kOfFileUris.size()));
  }
  if (host->empty()) *host = "localhost";
  if (host->front() == '[') {
    in6_addr address = {};
    const std::string inner = host->substr(1, host->size() - 2);
    if (::inet_pton(AF_INET6, inner.c_str(), &address) != 1) return Invalid(kBadIpv6);
  }
  if (host->find('%') != std::string::npos) return Invalid(kBadDomain);
  return std::nullopt;
}

std::optional<UrlFault> TakePort(std::string_view text, HttpUrl* out) {
  std::uint32_t port = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return Invalid("invalid port number");
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
    if (port > 65535) return Invalid("invalid port number");
  }
  if (!text.empty() && port != (out->https ? 443U : 80U)) {
    out->port = static_cast<std::uint16_t>(port);
  }
  return std::nullopt;
}

// "user:password@host:port".
std::optional<UrlFault> TakeAuthority(std::string_view text, HttpUrl* out) {
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view credentials = text.substr(0, at);
    const std::size_t colon = std::min(credentials.find(':'), credentials.size());
    AppendDecoded(credentials.substr(0, colon), &out->user);
    if (colon < credentials.size()) AppendDecoded(credentials.substr(colon + 1), &out->password);
    out->has_credentials = !out->user.empty() || !out->password.empty();
    text.remove_prefix(at + 1);
  }
  const std::size_t bracket = text.find('[') == 0 ? text.find(']') : 0;
  const std::size_t colon = bracket == std::string_view::npos ? bracket : text.find(':', bracket);
  if (const auto fault = TakeHost(text.substr(0, colon), &out->host)) return fault;
  return colon == std::string_view::npos ? std::nullopt : TakePort(text.substr(colon + 1), out);
}

// Cuts query and fragment off the end of `text`.
void TakeTail(std::string_view* text, HttpUrl* out) {
  const std::size_t hash = text->find('#');
  if (hash != std::string_view::npos) {
    out->fragment = "#";
    AppendEncodedBut(text->substr(hash + 1), "\"<>`", &out->fragment);
    *text = text->substr(0, hash);
  }
  const std::size_t mark = text->find('?');
  if (mark != std::string_view::npos) {
    out->query = "?";
    AppendEncodedBut(text->substr(mark + 1), "\"#<>'", &out->query);
    *text = text->substr(0, mark);
  }
}

}  // namespace

std::string HttpUrl::Origin() const {
  std::string origin = (https ? "https://" : "http://") + host;
  if (port) origin += ':' + std::to_string(*port);
  return origin;
}

std::optional<UrlFault> ParseHttpUrl(std::string_view text, const HttpUrl* base, HttpUrl* out) {
  const std::string clean = Clean(text);
  std::string_view rest = clean;
  const std::string scheme = TakeScheme(&rest);
  if (scheme.empty() && base == nullptr) return Invalid("relative URL without a base");
  if (!scheme.empty() && scheme != "http" && scheme != "https") return UrlFault{scheme, {}};

  HttpUrl url;
  url.https = scheme.empty() ? base->https : scheme == "https";
  TakeTail(&rest, &url);
  const bool rooted = !rest.empty() && IsSlash(rest.front());
  const bool with_host = rooted && rest.size() > 1 && IsSlash(rest[1]);
  const bool relative =
      base != nullptr && !with_host && (scheme.empty() || base->https == url.https);
  if (!relative) {
    rest.remove_prefix(std::min(rest.find_first_not_of("/\\"), rest.size()));
    const std::size_t end = std::min(rest.find_first_of("/\\"), rest.size());
    if (auto fault = TakeAuthority(rest.substr(0, end), &url)) return fault;
    rest.remove_prefix(end);
    url.path = JoinPath("/", rest.empty() ? rest : rest.substr(1));
  } else {
    url.host = base->host;
    url.port = base->port;
    if (rest.empty()) {
      url.path = base->path;
      if (url.query.empty()) url.query = base->query;
    } else if (rooted) {
      url.path = JoinPath("/", rest.substr(1));
    } else {
      url.path = JoinPath(base->path.substr(0, base->path.rfind('/') + 1), rest);
    }
  }
  *out = std::move(url);
  return std::nullopt;
}

}  // namespace paned::protocol
