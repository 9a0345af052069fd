#include "server/handlers/http_exchanges.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "protocol/codec.h"
#include "protocol/method.h"

namespace paned {
namespace {

constexpr char kBodyBroken[] = "error decoding response body";

// The reference's words for an exchange that had no response.
Error WithoutResponse(const HttpFailure& failure, bool told_as_timeout) {
  std::string text = "http/request failed: ";
  switch (failure.fault) {
    case HttpFault::kNoLibrary:
      return {ErrorKind::kInternal, failure.url, {}, {}, failure.detail};
    case HttpFault::kTooManyRedirects:
      text += "too many redirects";
      break;
    case HttpFault::kRedirectScheme:
      text += "redirect target uses unsupported URL scheme: " + failure.detail;
      break;
    case HttpFault::kRedirectAddress:
      text += "builder error for url (" + failure.url + ')';
      break;
    case HttpFault::kTimeout:
    case HttpFault::kSend:
    case HttpFault::kBody:
      text += told_as_timeout && failure.fault == HttpFault::kTimeout
                  ? "route-aware request timed out"
                  : "error sending request for url (" + failure.url + ')';
      return {ErrorKind::kInternal, std::move(text), {}, {}, failure.detail};
  }
  return {ErrorKind::kInternal, std::move(text)};
}

}  // namespace

class HttpExchanges::Exchange final : public HttpEvents {
 public:
  Exchange(HttpExchanges* owner, Call call) : owner_(owner), call_(std::move(call)) {}

  void Begin(HttpClient* client, OutboundRequest request) {
    at_once_ = request.timeout && request.timeout->count() == 0;
    transfer_ = client->Start(std::move(request), this);
  }
  const std::string& request_id() const { return call_.request_id; }
  bool streamed() const { return call_.streamed; }

  void OnHead(HttpResponseHead head) override {
    result_.status = static_cast<std::uint64_t>(head.status);
    for (HttpHeader& header : head.headers) {
      result_.headers.push_back({std::move(header.name), std::move(header.value)});
    }
    if (call_.streamed) std::exchange(call_.reply, nullptr)->Send(result_);
    headed_ = true;
  }

  void OnBody(std::string bytes) override {
    if (call_.streamed) {
      waiting_.push_back(std::move(bytes));
      Offer();
      return;
    }
    transfer_->Consumed(bytes.size());
    if (body_.size() + bytes.size() > call_.largest_body) {
      call_.reply->Fail(Error{ErrorKind::kInternal,
                              "http/request response body is too large for one reply: limit is " +
                                  std::to_string(call_.largest_body) + " bytes",
                              {},
                              call_.largest_body,
                              "ask for it with streamResponse"});
      owner_->Remove(this);
      return;
    }
    body_ += bytes;
  }

  void OnEnd(std::optional<HttpFailure> failure) override {
    if (headed_ && call_.streamed) {
      ended_ = true;
      if (failure) failure_ = kBodyBroken;
      Offer();
      return;
    }
    if (!failure) {
      result_.body.raw = body_;
      call_.reply->Send(result_);
    } else if (headed_) {
      call_.reply->Fail(
          Error{ErrorKind::kInternal,
                std::string("failed to read http/request response body: ") + kBodyBroken,
                {},
                {},
                failure->detail});
    } else {
      call_.reply->Fail(WithoutResponse(*failure, call_.streamed || at_once_));
    }
    owner_->Remove(this);
  }

  // Sends the next notification. False when there is none now; the last one ends the exchange.
  bool SendNext() {
    protocol::HttpBodyDelta delta;
    delta.request_id = call_.request_id;
    delta.seq = next_seq_;
    if (!waiting_.empty()) {
      const std::string bytes = std::move(waiting_.front());
      waiting_.pop_front();
      delta.delta.raw = bytes;
      ++next_seq_;
      owner_->connection_->Send(protocol::EncodeNotification(protocol::kHttpBodyDelta, delta));
      transfer_->Consumed(bytes.size());
      return !waiting_.empty() || ended_;
    }
    if (!ended_) return false;
    delta.done = true;
    delta.error = failure_;
    owner_->connection_->Send(protocol::EncodeNotification(protocol::kHttpBodyDelta, delta));
    owner_->Remove(this);
    return false;
  }

 private:
  // Something has come: it goes out at once, or takes its place among those that wait.
  void Offer() {
    if (queued_) return;
    bool more = true;
    while (more && owner_->connection_->WantsOutput()) more = SendNext();
    if (!more) return;
    queued_ = true;
    owner_->blocked_.push_back(this);
  }

  friend class HttpExchanges;

  HttpExchanges* owner_;
  Call call_;
  bool at_once_ = false;
  bool headed_ = false;
  bool ended_ = false;
  bool queued_ = false;  // in owner_->blocked_
  protocol::HttpResult result_;
  std::string body_;                 // of a reply that is not streamed
  std::deque<std::string> waiting_;  // of a streamed body; at most the client's window
  std::optional<std::string> failure_;
  std::uint64_t next_seq_ = 1;
  std::unique_ptr<HttpTransfer> transfer_;  // last: it goes first
};

HttpExchanges::HttpExchanges(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)) {}

HttpExchanges::~HttpExchanges() = default;

bool HttpExchanges::IsStreaming(const std::string& request_id) const {
  return streams_.count(request_id) > 0;
}

void HttpExchanges::Start(HttpClient* client, OutboundRequest request, Call call) {
  if (exchanges_.size() >= kMost) {
    call.reply->Fail(Error{
        ErrorKind::kInternal,
        "too many http/request exchanges on this connection: limit is " + std::to_string(kMost),
        {},
        kMost,
        "wait until some have ended"});
    return;
  }
  auto exchange = std::make_unique<Exchange>(this, std::move(call));
  Exchange* raw = exchange.get();
  if (raw->streamed()) streams_.emplace(raw->request_id(), raw);
  exchanges_.emplace(raw, std::move(exchange));
  raw->Begin(client, std::move(request));
}

void HttpExchanges::OnWritable() {
  while (!blocked_.empty() && connection_->WantsOutput()) {
    Exchange* exchange = blocked_.front();
    blocked_.pop_front();
    exchange->queued_ = false;
    if (!exchange->SendNext()) continue;
    exchange->queued_ = true;
    blocked_.push_back(exchange);
  }
}

void HttpExchanges::Remove(Exchange* exchange) {
  if (exchange->streamed()) streams_.erase(exchange->request_id());
  exchanges_.erase(exchange);
}

}  // namespace paned
