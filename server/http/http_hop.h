// One request and its one response, through libcurl: an easy handle with its options, and the
// response's head put together from lines. Redirects are the caller's.
// Threading: the thread of the multi handle.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/curl_library.h"
#include "server/http/http_message.h"
#include "server/http/http_settings.h"

namespace paned {

class HttpHop {
 public:
  enum class Taken { kAll, kPause, kAbort };
  class Events {
   public:
    Events() = default;
    Events(const Events&) = delete;
    Events& operator=(const Events&) = delete;
    virtual ~Events() = default;

    virtual void OnHopHead(HttpResponseHead head) = 0;
    // kPause: nothing was taken; the same bytes come again after Resume().
    virtual Taken OnHopBody(std::string_view bytes) = 0;
  };

  // `request` stays as it is and outlives the hop. `timeout`: nothing for none.
  HttpHop(const CurlLibrary* curl, CURLM* multi, const HttpSettings& settings,
          const OutboundRequest& request, std::optional<std::chrono::milliseconds> timeout,
          Events* events);
  HttpHop(const HttpHop&) = delete;
  HttpHop& operator=(const HttpHop&) = delete;
  ~HttpHop();

  // False when it could not even be begun.
  bool started() const { return started_; }
  void Resume() { curl_->easy_pause(easy_, CURLPAUSE_CONT); }

  // Whose message this is. The hop was given to libcurl by its constructor.
  static Events* EventsOf(const CurlLibrary& curl, CURL* easy);

 private:
  template <class Value>
  void Set(CURLoption option, Value value) {
    curl_->easy_setopt(easy_, option, value);
  }
  void SetRequest(const OutboundRequest& request);
  void SetPeer(const HttpSettings& settings, const OutboundRequest& request);
  void AddLine(const std::string& line);
  bool OnHeadLine(std::string_view line);

  static std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* hop);
  static std::size_t GiveBody(char* buffer, std::size_t size, std::size_t count, void* left);
  static std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* hop);
  static curl_socket_t OpenSocket(void*, curlsocktype, curl_sockaddr* address);

  const CurlLibrary* curl_;
  CURLM* multi_;
  Events* events_;
  CURL* easy_;
  curl_slist* lines_ = nullptr;
  std::string_view body_left_;  // of the request, not sent yet
  HttpResponseHead head_;
  std::size_t head_bytes_ = 0;
  bool head_complete_ = false;
  bool started_ = false;
};

}  // namespace paned
