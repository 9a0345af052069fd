#include "server/rpc/router.h"

#include <exception>
#include <string>

namespace paned {

using protocol::ErrorCode;
using protocol::Method;
using protocol::RpcError;

std::optional<RpcError> Router::Admit(Method method, HandshakeState state) {
  const HandshakeMessage message = method == Method::kInitialize ? HandshakeMessage::kInitialize
                                                                 : HandshakeMessage::kFamilyRequest;
  const std::string family(protocol::RowOf(method).family);
  switch (OnHandshake(state, message)) {
    case HandshakeAction::kRefuseRepeated:
      return RpcError{ErrorCode::kInvalidRequest,
                      "initialize may only be sent once per connection"};
    case HandshakeAction::kRefuseBeforeInit:
      return RpcError{ErrorCode::kInvalidRequest,
                      "client must call initialize before using " + family + " methods"};
    case HandshakeAction::kRefuseBeforeReady:
      return RpcError{ErrorCode::kInvalidRequest,
                      "client must send initialized before using " + family + " methods"};
    default:
      return std::nullopt;
  }
}

void Router::Route(const std::shared_ptr<Caller>& caller, std::string_view method,
                   const protocol::JsonValue& params, const Reply& reply) const {
  const std::optional<Method> known = protocol::FindMethod(method);
  if (!known || !rows_[static_cast<std::size_t>(*known)]) {
    reply->Fail(RpcError{ErrorCode::kMethodNotFound,
                         "exec-server stub does not implement `" + std::string(method) + "` yet"});
    return;
  }
  // The one place where exceptions end: a request that asks too much of memory fails alone.
  try {
    rows_[static_cast<std::size_t>(*known)](caller, params, reply);
  } catch (const std::exception& error) {
    reply->Fail(RpcError{ErrorCode::kInternal, std::string("the server failed: ") + error.what()});
  }
}

}  // namespace paned
