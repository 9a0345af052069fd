#include "protocol/path_uri.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "protocol/uri_host.h"
#include "protocol/uri_text.h"

namespace paned::protocol {
namespace {

constexpr std::string_view kNoBase = "invalid URI: relative URL without a base";

// Blanks and controls around a URI, and tabs and line ends anywhere in it, do not count.
std::string Clean(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c != '\t' && c != '\n' && c != '\r') out += c;
  }
  return out;
}

// The scheme in lower case, taken off the front of `uri` with its colon; empty when there is none.
std::string TakeScheme(std::string_view* uri) {
  const std::size_t colon = uri->find(':');
  if (colon == std::string_view::npos || colon == 0 || !IsAlpha(uri->front())) return {};
  std::string scheme;
  for (const char c : uri->substr(0, colon)) {
    if (!IsAlpha(c) && !IsDigit(c) && c != '+' && c != '-' && c != '.') return {};
    scheme += ToLower(c);
  }
  uri->remove_prefix(colon + 1);
  return scheme;
}

// Why a URI of another scheme is refused. The schemes of the web cannot do without a host.
std::string RefuseScheme(const std::string& scheme, std::string_view rest) {
  for (const std::string_view special : {"http", "https", "ws", "wss", "ftp"}) {
    if (scheme != special) continue;
    const std::size_t host = rest.find_first_not_of("/\\");
    if (host == std::string_view::npos || rest[host] == '?' || rest[host] == '#') {
      return "invalid URI: empty host";
    }
  }
  return "unsupported path URI scheme `" + scheme + "`";
}

// "C:" or "C|", as a whole segment.
bool IsDrive(std::string_view segment) {
  return segment.size() == 2 && IsAlpha(segment[0]) && (segment[1] == ':' || segment[1] == '|');
}

// "C:", also with its colon encoded: what the reference refuses at the front of a path.
bool NamesDrive(std::string_view segment) {
  if (segment.empty() || !IsAlpha(segment[0])) return false;
  segment.remove_prefix(1);
  return segment == ":" || segment == "%3A" || segment == "%3a";
}

// How many dots a segment stands for (1 or 2, each maybe as %2e); 0 for a name.
int DotsIn(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    if (segment.front() == '.') {
      segment.remove_prefix(1);
    } else if (segment.substr(0, 3) == "%2e" || segment.substr(0, 3) == "%2E") {
      segment.remove_prefix(3);
    } else {
      return 0;
    }
    if (++dots > 2) return 0;
  }
  return dots;
}

// Segments of `path`, which begins with '/', with "." and ".." resolved.
std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    const bool last = path.empty();
    const int dots = DotsIn(segment);
    // Slashes too many at the front do not count.
    if (segment.empty() && segments.empty() && !last) continue;
    if (dots == 0) {
      segments.emplace_back(segment);
      // A drive's letter is written large; "C:" can only come first.
      if (segments.size() == 1 && IsDrive(segment) && segment[1] == ':') {
        segments[0][0] = ToUpper(segment[0]);
      }
      continue;
    }
    const bool at_drive = segments.size() == 1 && IsDrive(segments[0]);
    if (dots == 2 && !segments.empty() && !at_drive) segments.pop_back();
    if (last) segments.emplace_back();
  }
  return segments;
}

std::string Serialize(const std::string& host, const std::vector<std::string>& segments) {
  std::string uri = "file://" + host;
  for (const std::string& segment : segments) {
    uri += '/';
    AppendEncoded(segment, PathSet::kUriPath, &uri);
  }
  return uri;
}

// Bytes of the path: decoded, runs of slashes as one, none at the end.
std::string Native(const std::vector<std::string>& segments) {
  std::string decoded;
  for (const std::string& segment : segments) {
    decoded += '/';
    AppendDecoded(segment, &decoded);
  }
  const auto both_slashes = [](char a, char b) { return a == '/' && b == '/'; };
  decoded.erase(std::unique(decoded.begin(), decoded.end(), both_slashes), decoded.end());
  if (decoded.size() > 1 && decoded.back() == '/') decoded.pop_back();
  return decoded;
}

// The parts of a file URI after its scheme.
struct FileUri {
  std::string host;
  std::string path;    // begins with '/'
  char suffix = '\0';  // '?' or '#', whichever comes first
};

std::optional<std::string> ParseFileUri(std::string_view rest, FileUri* uri) {
  const std::size_t end = rest.find_first_of("?#");
  if (end != std::string_view::npos) uri->suffix = rest[end];
  std::string hierarchy(rest.substr(0, end));
  std::replace(hierarchy.begin(), hierarchy.end(), '\\', '/');
  bool authority_given = false;
  if (hierarchy.compare(0, 2, "//") == 0) {
    hierarchy.erase(0, 2);
    const std::string authority = hierarchy.substr(0, hierarchy.find('/'));
    // "file://C:/x" means the drive, not a host.
    if (!IsDrive(authority)) {
      if (auto fault = ParseHost(authority, &uri->host)) return fault;
      hierarchy.erase(0, authority.size());
      authority_given = true;
    }
  }
  if (hierarchy.empty() || hierarchy.front() != '/') hierarchy.insert(hierarchy.begin(), '/');
  // "C|" is a drive's old spelling, understood only where no host was given.
  const std::string_view first = std::string_view(hierarchy).substr(1);
  if (!authority_given && IsDrive(first.substr(0, first.find('/')))) hierarchy[2] = ':';
  uri->path = std::move(hierarchy);
  return std::nullopt;
}

std::optional<std::string> ParseUri(std::string_view text, Path* out) {
  const std::string clean = Clean(text);
  std::string_view rest = clean;
  const std::string scheme = TakeScheme(&rest);
  if (scheme.empty()) return std::string(kNoBase);
  if (scheme != "file") return RefuseScheme(scheme, rest);
  FileUri uri;
  if (auto fault = ParseFileUri(rest, &uri)) return fault;
  if (uri.suffix == '?') return "query parameters are not allowed in path URIs";
  if (uri.suffix == '#') return "fragments are not allowed in path URIs";

  const std::vector<std::string> segments = Segments(uri.path);
  out->native = Native(segments);
  const bool has_nul = out->native.find('\0') != std::string::npos;
  if (!has_nul && uri.host.empty() && !NamesDrive(segments.front())) return std::nullopt;
  // A drive's path has no host.
  const bool drive = IsDrive(segments.front()) && segments.front()[1] == ':';
  std::string invalid =
      "'" + Serialize(drive ? "" : uri.host, segments) + "' is invalid on 'linux'";
  if (has_nul) return invalid;
  out->native.clear();
  out->unusable = std::move(invalid);
  out->text = text;
  return std::nullopt;
}

// A plain path as the reference takes it: "." and ".." resolved by name alone (no look at links),
// runs of slashes as one, none at the end.
std::string NormalizePlain(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment == "..") {
      out.resize(out.empty() ? 0 : out.rfind('/'));
    } else if (!segment.empty() && segment != ".") {
      out.append("/").append(segment);
    }
  }
  return out.empty() ? "/" : out;
}

}  // namespace

std::optional<std::string> ParsePath(std::string_view text, Path* out) {
  *out = Path();
  if (text.empty() || text.front() != '/') {
    out->form = PathForm::kUri;
    return ParseUri(text, out);
  }
  if (text.find('\0') != std::string_view::npos) return "path must not contain a NUL byte";
  out->native = NormalizePlain(text);
  return std::nullopt;
}

std::string ToUri(std::string_view native) {
  std::string uri = "file://";
  uri.reserve(uri.size() + native.size() + 8);
  const std::string_view first = native.substr(std::min<std::size_t>(native.size(), 1));
  // A directory at the root that is called like a drive would not read back as a path.
  if (NamesDrive(first.substr(0, first.find('/')))) {
    uri += '/';
    AppendEscaped(first.front(), &uri);
    native.remove_prefix(2);
  }
  AppendEncoded(native, PathSet::kNativePath, &uri);
  return uri;
}

std::string FormatPath(std::string_view native, PathForm form) {
  return form == PathForm::kUri ? ToUri(native) : std::string(native);
}

}  // namespace paned::protocol
