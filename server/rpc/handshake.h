// The handshake of a connection as a table: state x message -> what to do.
// Source: exec-server protocol, section 4. Threading: pure.
#pragma once

namespace paned {

enum class HandshakeState {
  kOpen,          // nothing yet, or a failed initialize
  kInitializing,  // initialize is being answered
  kInitialized,   // answered; `initialized` has not come
  kReady,
};

enum class HandshakeMessage { kInitialize, kInitialized, kFamilyRequest };

enum class HandshakeAction {
  kProceed,
  kDefer,              // keep the message until initialize is answered
  kIgnore,             // log and forget
  kRefuseRepeated,     // -32600: initialize once per connection
  kRefuseBeforeInit,   // -32600: must call initialize
  kRefuseBeforeReady,  // -32600: must send initialized
};

HandshakeAction OnHandshake(HandshakeState state, HandshakeMessage message);

}  // namespace paned
