// From a method to its handler: the handler's signature is the schema. The order of checks is the
// reference's: known method, parameters, handshake, the method itself (section 3).
// Threading: bound once at the start, then io thread only.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "protocol/codec.h"
#include "protocol/method.h"
#include "server/net/connection.h"
#include "server/rpc/handshake.h"
#include "server/rpc/reply.h"

namespace paned {

// What a connection has become through its handshake: the handlers' own state of it. Destroyed when
// the connection is gone.
class Attachment {
 public:
  Attachment() = default;
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  virtual ~Attachment() = default;

  virtual void OnWritable() = 0;
};

// The connection behind a request, as handlers see it.
struct Caller {
  std::shared_ptr<Connection> connection;
  HandshakeState state = HandshakeState::kOpen;
  std::unique_ptr<Attachment> attachment;  // set by a successful initialize
  // Called by the initialize handler once it has answered.
  std::function<void()> on_initialize_settled;
};

class Router {
 public:
  Router() = default;
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // `handler(caller, params, reply)`. The caller is weak in spirit: a handler that answers later
  // keeps the reply, never the caller.
  template <class Params>
  void Bind(protocol::Method method,
            std::function<void(const std::shared_ptr<Caller>&, Params, Reply)> handler) {
    rows_[static_cast<std::size_t>(method)] = [method, handler = std::move(handler)](
                                                  const std::shared_ptr<Caller>& caller,
                                                  const protocol::JsonValue& json,
                                                  const Reply& reply) {
      Params params;
      if (const auto error = protocol::Decode(json, &params)) {
        reply->Fail(*error);
      } else if (const auto refusal = Admit(method, caller->state)) {
        reply->Fail(*refusal);
      } else {
        handler(caller, std::move(params), reply);
      }
    };
  }

  // Answers `reply` now or later, whatever comes.
  void Route(const std::shared_ptr<Caller>& caller, std::string_view method,
             const protocol::JsonValue& params, const Reply& reply) const;

 private:
  using Row =
      std::function<void(const std::shared_ptr<Caller>&, const protocol::JsonValue&, const Reply&)>;

  static std::optional<protocol::RpcError> Admit(protocol::Method method, HandshakeState state);

  std::array<Row, protocol::kMethodCount> rows_;
};

}  // namespace paned
