// Makes HTTP requests beside the io thread: one thread drives all of them through libcurl, started
// at the first request and gone again when it has been idle for a while. A response's body comes as
// fast as it is consumed, with at most a window of it on the way.
// Threading: everything here is called, and calls back, on the io thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "server/http/http_message.h"
#include "server/http/http_settings.h"

namespace asio {
class io_context;
}

namespace paned {

enum class HttpFault {
  kNoLibrary,         // no libcurl; `detail` says what to install
  kSend,              // no response: connecting, sending, or what came back was no HTTP
  kTimeout,           // the time was over before there was a response
  kTooManyRedirects,  // more than kMostRedirects
  kRedirectScheme,    // `detail`: the scheme a redirect led to
  kRedirectAddress,   // a redirect to what is no address
  kBody,              // the body ended early, was broken, or its time was over
};
struct HttpFailure {
  HttpFault fault = HttpFault::kSend;
  std::string url;     // of the request that failed, which may be a redirect's
  std::string detail;  // for people
};

class HttpEvents {
 public:
  HttpEvents() = default;
  HttpEvents(const HttpEvents&) = delete;
  HttpEvents& operator=(const HttpEvents&) = delete;
  virtual ~HttpEvents() = default;

  virtual void OnHead(HttpResponseHead head) = 0;
  // `bytes` count against the window until HttpTransfer::Consumed.
  virtual void OnBody(std::string bytes) = 0;
  // The last call of all: nothing for success. It may destroy the transfer.
  virtual void OnEnd(std::optional<HttpFailure> failure) = 0;
};

// A request under way. Its end cancels it: no event comes any more.
class HttpTransfer {
 public:
  HttpTransfer() = default;
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;
  virtual ~HttpTransfer() = default;

  // `bytes` of the body have been passed on: as many more may come.
  virtual void Consumed(std::size_t bytes) = 0;
};

class HttpEngine;

class HttpClient {
 public:
  // Of one response's body on the way and not consumed.
  static constexpr std::size_t kWindow = std::size_t{512} << 10;

  HttpClient(asio::io_context* io, HttpSettings settings);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  // Waits for the thread, which waits for nothing. Every transfer has ended before.
  ~HttpClient();

  // `events` lives until OnEnd, or until the transfer is destroyed; nothing is called from within.
  std::unique_ptr<HttpTransfer> Start(OutboundRequest request, HttpEvents* events);

 private:
  class Transfer;
  std::unique_ptr<HttpEngine> engine_;
};

}  // namespace paned
