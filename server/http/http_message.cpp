#include "server/http/http_message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/base64.h"

namespace paned {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool IsTokenChar(char c) {
  const char lower = Lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

template <std::size_t N>
void RemoveHeaders(const std::array<std::string_view, N>& names, std::vector<HttpHeader>* headers) {
  const auto named = [&](const HttpHeader& header) {
    return std::find(names.begin(), names.end(), header.name) != names.end();
  };
  headers->erase(std::remove_if(headers->begin(), headers->end(), named), headers->end());
}

constexpr std::array<std::string_view, 5> kSecrets = {"authorization", "cookie", "cookie2",
                                                      "proxy-authorization", "www-authenticate"};
constexpr std::array<std::string_view, 4> kOfBodies = {"content-type", "content-length",
                                                       "content-encoding", "transfer-encoding"};

}  // namespace

bool IsHttpToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsHeaderValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

void AddHeader(std::string_view name, std::string_view value, std::vector<HttpHeader>* headers) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  const auto same = [&](const HttpHeader& header) { return header.name == lower; };
  const auto last = std::find_if(headers->rbegin(), headers->rend(), same);
  const auto at = last == headers->rend() ? headers->end() : last.base();
  headers->insert(at, HttpHeader{std::move(lower), std::string(value)});
}

const HttpHeader* FindHeader(const std::vector<HttpHeader>& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (header.name == name) return &header;
  }
  return nullptr;
}

void CompleteHeaders(OutboundRequest* request) {
  // The sender counts for itself: a wrong length would leave the peer waiting.
  RemoveHeaders(std::array<std::string_view, 1>{"content-length"}, &request->headers);
  if (request->body.empty()) {
    RemoveHeaders(std::array<std::string_view, 1>{"transfer-encoding"}, &request->headers);
  }
  const protocol::HttpUrl& url = request->url;
  if (url.has_credentials && FindHeader(request->headers, "authorization") == nullptr) {
    std::string value = "Basic ";
    protocol::AppendBase64(url.user + ':' + url.password, &value);
    AddHeader("authorization", value, &request->headers);
  }
}

Redirect RedirectOf(const OutboundRequest& request, const HttpResponseHead& head) {
  const HttpHeader* location = FindHeader(head.headers, "location");
  const int status = head.status;
  const bool redirects =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (!request.follow_redirects || !redirects || location == nullptr) return {};

  Redirect redirect;
  redirect.next = request;
  OutboundRequest& next = redirect.next;
  if (const auto fault = protocol::ParseHttpUrl(location->value, &request.url, &next.url)) {
    if (!fault->scheme.empty()) {
      redirect.kind = RedirectKind::kBadScheme;
      redirect.detail = fault->scheme;
    } else if (fault->text == "invalid port number") {
      redirect.kind = RedirectKind::kBadAddress;
    }
    return redirect;
  }
  redirect.kind = RedirectKind::kFollow;
  const bool becomes_get = status == 303
                               ? request.method != "HEAD"
                               : request.method == "POST" && (status == 301 || status == 302);
  if (becomes_get) {
    next.method = "GET";
    next.body.clear();
  }
  if (becomes_get || status == 303) RemoveHeaders(kOfBodies, &next.headers);
  RemoveHeaders(std::array<std::string_view, 1>{"referer"}, &next.headers);
  const bool same_origin = next.url.Origin() == request.url.Origin();
  if (!same_origin) RemoveHeaders(kSecrets, &next.headers);
  const bool downgraded = request.url.https && !next.url.https;
  if (!downgraded) {
    AddHeader("referer", same_origin ? request.url.Address() : request.url.Origin() + '/',
              &next.headers);
  }
  return redirect;
}

}  // namespace paned
