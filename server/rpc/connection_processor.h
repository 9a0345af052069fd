// One connection's messages, in: parsed, checked against the handshake, routed. Whatever comes, the
// connection stays: malformed input is answered with id -1, what cannot be answered is logged.
// Source: exec-server protocol, sections 2 and 5. Threading: io thread only.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "server/base/log.h"
#include "server/rpc/request_turns.h"
#include "server/rpc/router.h"

namespace paned {

class ConnectionProcessor final : public ConnectionEvents {
 public:
  // `on_closed` is called when the connection is gone; it may destroy the processor.
  ConnectionProcessor(std::shared_ptr<Connection> connection, const Router* router, Log* log,
                      ReplyCounters* counters, const ConcurrencyLimit& limit,
                      std::function<void()> on_closed);

  void OnMessage(InboundFrame frame) override;
  void OnWritable() override;
  void OnClosed() override;

 private:
  void Admit(InboundFrame frame);
  void Process(InboundFrame frame, Turn turn);
  void OnNotification(std::string_view method);
  void ProcessDeferred();

  std::shared_ptr<Caller> caller_;
  const Router* router_;
  Log* log_;
  ReplyCounters* counters_;
  std::function<void()> on_closed_;
  std::list<InboundFrame> deferred_;  // what came while initialize was being answered
  bool processing_deferred_ = false;
  RequestTurns turns_;
  // What replies are sent through. It goes first of all in OnClosed: a reply that is dropped
  // because its connection has gone is then no error, whoever else still holds the connection.
  std::shared_ptr<Connection> reply_handle_;
};

}  // namespace paned
