// http and https URLs: parsed, resolved against a base, and written again, by the URL standard of
// the WHATWG, with the reference's texts for what is none. Source: exec-server protocol, section 9.
// Not as the standard: host names outside ASCII are refused, to be written as punycode. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paned::protocol {

struct HttpUrl {
  bool https = false;
  bool has_credentials = false;
  std::string user;                   // decoded
  std::string password;               // decoded
  std::string host;                   // lower case; IPv4 as four numbers; IPv6 in brackets
  std::optional<std::uint16_t> port;  // absent: the scheme's own
  std::string path = "/";             // encoded, without dot segments
  std::string query;                  // encoded, with its '?'; empty when there is none
  std::string fragment;               // encoded, with its '#'; empty when there is none

  // "http://host:port".
  std::string Origin() const;
  // What a request is sent for: no credentials, no fragment.
  std::string Address() const { return Origin() + path + query; }
  // As error texts show it: no credentials.
  std::string Text() const { return Address() + fragment; }
};

// Why a text is no URL of ours.
struct UrlFault {
  std::string scheme;  // set when it is a scheme other than http and https: "ftp"
  std::string text;    // else: "empty host", "invalid port number", ...
};

// Reads `text`, relative to `base` when there is one.
std::optional<UrlFault> ParseHttpUrl(std::string_view text, const HttpUrl* base, HttpUrl* out);

}  // namespace paned::protocol
