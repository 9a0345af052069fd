#include "server/http/http_exchange.h"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <utility>

namespace paned {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Beyond this a timeout is none; steady_clock could not hold it.
constexpr milliseconds kLongestTimeout = std::chrono::hours(24 * 365);

}  // namespace

HttpExchange::HttpExchange(asio::io_context* io, const CurlLibrary* curl, CURLM* multi,
                           const HttpSettings* settings, std::shared_ptr<HttpTransferState> state,
                           const OutboundRequest& request)
    : io_(io),
      curl_(curl),
      multi_(multi),
      settings_(settings),
      state_(std::move(state)),
      request_(request) {
  if (request_.timeout && *request_.timeout < kLongestTimeout) {
    deadline_ = steady_clock::now() + *request_.timeout;
  }
  BeginHop();
}

void HttpExchange::BeginHop() {
  std::optional<milliseconds> left;
  if (deadline_) {
    left = std::chrono::duration_cast<milliseconds>(*deadline_ - steady_clock::now());
    if (left->count() <= 0) {
      Fail(HttpFault::kTimeout, "timed out");
      return;
    }
  }
  hop_ = std::make_unique<HttpHop>(curl_, multi_, *settings_, request_, left, this);
  if (!hop_->started()) Fail(HttpFault::kSend, "libcurl refused the request");
}

void HttpExchange::OnHopHead(HttpResponseHead head) {
  Redirect redirect = RedirectOf(request_, head);
  if (redirect.kind != RedirectKind::kNone) {
    redirect_ = std::move(redirect);
    return;
  }
  head_seen_ = true;
  upgraded_ = head.status == 101;
  asio::post(*io_, [state = state_, head = std::move(head)]() mutable {
    if (state->events != nullptr) state->events->OnHead(std::move(head));
  });
}

HttpHop::Taken HttpExchange::OnHopBody(std::string_view bytes) {
  if (redirect_ || upgraded_) return HttpHop::Taken::kAbort;  // nobody wants to know what it says
  if (pending_.size() + state_->unconsumed.load() >= HttpClient::kWindow) {
    paused_ = true;
    return HttpHop::Taken::kPause;
  }
  pending_.append(bytes);
  return HttpHop::Taken::kAll;
}

void HttpExchange::OnHopDone(CURLcode code) {
  if (redirect_ || upgraded_ || ended_) return;
  if (code == CURLE_OK && head_seen_) {
    End(std::nullopt);
  } else if (head_seen_) {
    Fail(HttpFault::kBody, curl_->easy_strerror(code));
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    Fail(HttpFault::kTimeout, curl_->easy_strerror(code));
  } else {
    Fail(HttpFault::kSend, curl_->easy_strerror(code));
  }
}

bool HttpExchange::Settle() {
  Flush();
  if (upgraded_ && !ended_) End(std::nullopt);
  if (!redirect_ || ended_) return !ended_;
  Redirect redirect = std::move(*redirect_);
  redirect_.reset();
  hop_.reset();
  if (redirect.kind == RedirectKind::kBadScheme) {
    Fail(HttpFault::kRedirectScheme, redirect.detail);
  } else if (redirect.kind == RedirectKind::kBadAddress) {
    Fail(HttpFault::kRedirectAddress, {});
  } else if (++redirects_ > kMostRedirects) {
    Fail(HttpFault::kTooManyRedirects, {});
  } else {
    request_ = std::move(redirect.next);
    BeginHop();
  }
  return !ended_;
}

void HttpExchange::Resume() {
  if (!std::exchange(paused_, false) || !hop_) return;
  hop_->Resume();
}

void HttpExchange::Flush() {
  if (pending_.empty()) return;
  state_->unconsumed += pending_.size();
  asio::post(*io_, [state = state_, bytes = std::exchange(pending_, {})]() mutable {
    if (state->events != nullptr) state->events->OnBody(std::move(bytes));
  });
}

void HttpExchange::Fail(HttpFault fault, std::string detail) {
  End(HttpFailure{fault, request_.url.Text(), std::move(detail)});
}

void HttpExchange::End(std::optional<HttpFailure> failure) {
  Flush();
  ended_ = true;
  asio::post(*io_, [state = state_, failure = std::move(failure)]() mutable {
    HttpEvents* events = std::exchange(state->events, nullptr);
    if (events != nullptr) events->OnEnd(std::move(failure));
  });
}

}  // namespace paned
