#include "server/rpc/handshake.h"

#include <cstddef>

namespace paned {

HandshakeAction OnHandshake(HandshakeState state, HandshakeMessage message) {
  using Action = HandshakeAction;
  static constexpr Action kTable[4][3] = {
      // initialize               initialized       a family's request
      {Action::kProceed, Action::kIgnore, Action::kRefuseBeforeInit},           // kOpen
      {Action::kDefer, Action::kDefer, Action::kDefer},                         // kInitializing
      {Action::kRefuseRepeated, Action::kProceed, Action::kRefuseBeforeReady},  // kInitialized
      {Action::kRefuseRepeated, Action::kIgnore, Action::kProceed},             // kReady
  };
  return kTable[static_cast<std::size_t>(state)][static_cast<std::size_t>(message)];
}

}  // namespace paned
