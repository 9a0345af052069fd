#include "server/handlers/http_handlers.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "protocol/utf8.h"
#include "server/handlers/client_attachment.h"

namespace paned {
namespace {

using CallerRef = const std::shared_ptr<Caller>&;

// Of a reply, beside its body: envelope, id, and the most headers a response may have, escaped.
constexpr std::uint64_t kReplyRoom = std::uint64_t{3} << 20;
// The longest header name and URL that are taken, in bytes, and the most headers: checking them
// must not keep the io thread.
constexpr std::size_t kLongestName = 65'535;
constexpr std::size_t kLongestUrl = 65'536;
constexpr std::size_t kMostHeaders = 1000;

Error Rejected(std::string text) { return {ErrorKind::kInvalidParams, std::move(text)}; }

// The value to send: as it is, or put together with a variable. Variables that are kept from
// children are kept from clients here, too.
Result<std::string> ValueOf(const protocol::HttpHeaderParam& header, const EnvironmentMap& env) {
  if (!header.value_env_var) return header.value;
  const auto found = env.find(*header.value_env_var);
  // As the reference: what is not text is not there.
  if (found == env.end() || protocol::FindInvalidUtf8(found->second) != std::string::npos) {
    return Rejected("http/request header " + header.name +
                    " requires executor environment variable " + *header.value_env_var);
  }
  if (found->second.empty()) {
    return Rejected("http/request header " + header.name +
                    " requires a non-empty executor environment variable " + *header.value_env_var);
  }
  return header.value + found->second;
}

Status TakeHeaders(const std::vector<protocol::HttpHeaderParam>& params, const EnvironmentMap& env,
                   OutboundRequest* request) {
  if (params.size() > kMostHeaders) {
    return Error{ErrorKind::kInvalidParams,
                 "http/request has too many headers: limit is " + std::to_string(kMostHeaders),
                 {},
                 kMostHeaders};
  }
  for (const protocol::HttpHeaderParam& header : params) {
    if (!IsHttpToken(header.name) || header.name.size() > kLongestName) {
      return Rejected("http/request header name is invalid: invalid HTTP header name");
    }
    const Result<std::string> value = ValueOf(header, env);
    if (!value.ok()) return value.error();
    if (!IsHeaderValue(value.value())) {
      return Rejected("http/request header value is invalid for " + header.name +
                      ": failed to parse header value");
    }
    AddHeader(header.name, value.value(), &request->headers);
  }
  return Done{};
}

Result<OutboundRequest> BuildRequest(protocol::HttpRequestParams* params,
                                     const EnvironmentMap& env) {
  OutboundRequest request;
  if (!IsHttpToken(params->method)) {
    return Rejected("http/request method is invalid: invalid HTTP method");
  }
  if (params->url.size() > kLongestUrl) {
    return Error{ErrorKind::kInvalidParams,
                 "http/request url is too long: limit is " + std::to_string(kLongestUrl) + " bytes",
                 {},
                 kLongestUrl};
  }
  if (const auto fault = protocol::ParseHttpUrl(params->url, nullptr, &request.url)) {
    if (fault->scheme.empty()) return Rejected("http/request url is invalid: " + fault->text);
    return Rejected("http/request only supports http and https URLs, got " + fault->scheme);
  }
  Status taken = TakeHeaders(params->headers, env, &request);
  if (!taken.ok()) return std::move(taken.error());
  request.method = std::move(params->method);
  request.body = std::move(params->body);
  request.follow_redirects = params->redirect_policy == protocol::RedirectPolicy::kFollow;
  if (params->timeout_ms) {
    using Millis = std::chrono::milliseconds;
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Millis::rep>::max());
    request.timeout = Millis(static_cast<Millis::rep>(std::min(*params->timeout_ms, kMost)));
  }
  CompleteHeaders(&request);
  return request;
}

void Request(const Services* services, CallerRef caller, protocol::HttpRequestParams params,
             const Reply& reply) {
  ClientAttachment& attachment = AttachmentOf(caller);
  if (params.stream_response && attachment.http().IsStreaming(params.request_id)) {
    reply->Fail(Rejected("http/request streamResponse requestId `" + params.request_id +
                         "` is already active"));
    return;
  }
  HttpExchanges::Call call;
  call.request_id = std::move(params.request_id);
  call.streamed = params.stream_response;
  call.largest_body = (attachment.profile().largest_reply - kReplyRoom) / 4 * 3;
  call.reply = reply;
  Result<OutboundRequest> request = BuildRequest(&params, services->inheritable);
  if (!request.ok()) {
    reply->Fail(request.error());
    return;
  }
  attachment.http().Start(services->http, std::move(request.value()), std::move(call));
}

}  // namespace

void BindHttp(const Services* services, Router* router) {
  router->Bind<protocol::HttpRequestParams>(
      protocol::Method::kHttpRequest,
      [services](CallerRef caller, protocol::HttpRequestParams params, const Reply& reply) {
        Request(services, caller, std::move(params), reply);
      });
}

}  // namespace paned
