// The HTTP exchanges of one connection, answered whole or streamed as notifications. They end with
// the connection. Source: exec-server protocol, section 9.
// Threading: io thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "server/http/http_client.h"
#include "server/net/connection.h"
#include "server/rpc/reply.h"

namespace paned {

class HttpExchanges {
 public:
  // Exchanges of one connection under way at once; each has a socket.
  static constexpr std::size_t kMost = 256;

  struct Call {
    std::string request_id;
    bool streamed = false;
    std::uint64_t largest_body = 0;  // of a reply that is not streamed
    Reply reply;
  };

  explicit HttpExchanges(std::shared_ptr<Connection> connection);
  HttpExchanges(const HttpExchanges&) = delete;
  HttpExchanges& operator=(const HttpExchanges&) = delete;
  ~HttpExchanges();

  // A streamed exchange has this id, from its request to its last notification.
  bool IsStreaming(const std::string& request_id) const;

  // Answers the call's reply now or later.
  void Start(HttpClient* client, OutboundRequest request, Call call);

  // The connection has room for output again.
  void OnWritable();

 private:
  class Exchange;

  // The exchange is over: it goes at the end of the call it is in.
  void Remove(Exchange* exchange);

  std::shared_ptr<Connection> connection_;
  std::unordered_map<Exchange*, std::unique_ptr<Exchange>> exchanges_;
  std::unordered_map<std::string, Exchange*> streams_;
  std::list<Exchange*> blocked_;  // with output that waits, in the order of their turns
};

}  // namespace paned
