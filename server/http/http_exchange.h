// One transfer on the engine's thread: its hops from redirect to redirect, the part of the body
// that is on its way to the io thread, and its one end.
// Threading: the engine's thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "server/http/http_engine.h"
#include "server/http/http_hop.h"

namespace paned {

class HttpExchange final : public HttpHop::Events {
 public:
  HttpExchange(asio::io_context* io, const CurlLibrary* curl, CURLM* multi,
               const HttpSettings* settings, std::shared_ptr<HttpTransferState> state,
               const OutboundRequest& request);

  // libcurl is done with the current hop.
  void OnHopDone(CURLcode code);
  // After every round: passes on what has come, begins the next hop. False when this has ended.
  bool Settle();
  void Resume();

  // HttpHop::Events
  void OnHopHead(HttpResponseHead head) override;
  HttpHop::Taken OnHopBody(std::string_view bytes) override;

 private:
  void BeginHop();
  void Flush();
  void Fail(HttpFault fault, std::string detail);
  void End(std::optional<HttpFailure> failure);

  asio::io_context* io_;
  const CurlLibrary* curl_;
  CURLM* multi_;
  const HttpSettings* settings_;
  std::shared_ptr<HttpTransferState> state_;
  OutboundRequest request_;  // of the current hop
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  int redirects_ = 0;
  bool head_seen_ = false;
  bool upgraded_ = false;  // status 101: what follows is no HTTP and not asked for
  bool paused_ = false;
  bool ended_ = false;
  std::string pending_;  // of the body, since the last round
  std::optional<Redirect> redirect_;
  std::unique_ptr<HttpHop> hop_;  // last: it calls back into the rest
};

}  // namespace paned
