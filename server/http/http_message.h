// HTTP requests and responses as values, and the rules of their parts: tokens, header lists, what a
// redirect makes of a request. Source: RFC 9110; exec-server protocol, section 9.
// Threading: pure values.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/http_url.h"

namespace paned {

struct HttpHeader {
  std::string name;  // lower case
  std::string value;
};

struct OutboundRequest {
  std::string method;
  protocol::HttpUrl url;
  std::vector<HttpHeader> headers;                   // sent in this order
  std::string body;                                  // none when empty
  std::optional<std::chrono::milliseconds> timeout;  // of the whole exchange, redirects included
  bool follow_redirects = true;
};

struct HttpResponseHead {
  int status = 0;
  std::vector<HttpHeader> headers;
};

// RFC 9110 section 5.6.2: what methods and header names are made of.
bool IsHttpToken(std::string_view text);
// No control characters but tabs.
bool IsHeaderValue(std::string_view text);

// Headers of one name stand together, where the first of them stands.
void AddHeader(std::string_view name, std::string_view value, std::vector<HttpHeader>* headers);
// The first of that name; nullptr when there is none.
const HttpHeader* FindHeader(const std::vector<HttpHeader>& headers, std::string_view name);

// Completes a request as a client made it: credentials of the URL become a header unless there is
// one, and what describes the length of the body is dropped.
void CompleteHeaders(OutboundRequest* request);

inline constexpr int kMostRedirects = 10;

enum class RedirectKind {
  kNone,        // this is the response
  kFollow,      // `next` is to be asked
  kBadScheme,   // `detail`: a scheme other than http and https
  kBadAddress,  // a URL that nothing can be asked for
};
struct Redirect {
  RedirectKind kind = RedirectKind::kNone;
  OutboundRequest next;
  std::string detail;
};
// What `head`, the answer to `request`, asks for. 301, 302 and 303 turn a POST into a GET without
// body, 303 all but HEAD; another origin is not told secrets.
Redirect RedirectOf(const OutboundRequest& request, const HttpResponseHead& head);

}  // namespace paned
