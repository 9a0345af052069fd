// "Every request gets exactly one reply", as a type: a reply that is dropped answers -32603 by
// itself, a second one is refused and counted. Threading: io thread only, its destructor too;
// Head() alone may be called from a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/codec.h"
#include "protocol/envelope.h"
#include "server/base/result.h"
#include "server/net/connection.h"

namespace paned {

// The JSON-RPC error of a domain error.
protocol::RpcError ToRpcError(const Error& error);

// Counted over the life of a server.
struct ReplyCounters {
  std::uint64_t dropped = 0;  // answered by the destructor: a bug in a handler
  std::uint64_t doubled = 0;  // second answers: likewise
};

// The right of a request to run, when not all may run at once. Letting go of the last copy hands it
// to the next in line, who starts soon, never from within. Null: nobody waits for it.
using Turn = std::shared_ptr<void>;

class ReplyOnce {
 public:
  // `frame` keeps the request's bytes, into which parameters may point, until the reply is gone.
  // `turn` is let go of behind the reply; of a streamed one, behind its last piece.
  ReplyOnce(std::weak_ptr<Connection> connection, protocol::RequestId id,
            std::shared_ptr<void> frame, ReplyCounters* counters, Turn turn = {});
  ReplyOnce(const ReplyOnce&) = delete;
  ReplyOnce& operator=(const ReplyOnce&) = delete;
  ~ReplyOnce();

  template <class R>
  void Send(const R& result) {
    SendText(protocol::EncodeResult(id_, result));
  }
  void Fail(const protocol::RpcError& error);
  void Fail(const Error& error) { Fail(ToRpcError(error)); }
  // A complete reply message, built elsewhere from Head().
  void SendText(std::string message);
  // A reply that is produced while it is sent: a result that begins with Head(), or ErrorText().
  void Stream(std::unique_ptr<MessageSource> source);

  // The beginning of a result reply, up to the value; see protocol::BeginResult.
  std::string Head() const { return protocol::BeginResult(id_); }
  // A whole error reply, for a source that fails before its first piece.
  std::string ErrorText(const Error& error) const {
    return protocol::EncodeError(id_, ToRpcError(error));
  }

 private:
  std::shared_ptr<Connection> Take();

  std::weak_ptr<Connection> connection_;
  protocol::RequestId id_;
  std::shared_ptr<void> frame_;
  ReplyCounters* counters_;
  Turn turn_;
  bool answered_ = false;
};

// Handlers share it with the callbacks that will answer.
using Reply = std::shared_ptr<ReplyOnce>;

}  // namespace paned
