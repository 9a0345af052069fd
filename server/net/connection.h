// What the rest of the server knows of a transport: a peer that sends and takes whole JSON
// messages. WebSocket, Unix socket and stdio all stand behind it; no transport library is named
// here. Threading: all methods and callbacks on the io thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/base/clock.h"
#include "server/base/result.h"

namespace paned {

// RFC 6455 section 7.4.1. On stdio only the fact of closing matters.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kPolicyViolation = 1008,
  kMessageTooBig = 1009,
  kInternalError = 1011,
};

// One inbound message. `data` may be written to (the parser works in place) and data[size] is '\0'.
// The bytes live as long as `keep_alive`; dropping the last copy tells the transport that the
// message has been dealt with, which is how a connection is kept from sending without end.
struct InboundFrame {
  char* data = nullptr;
  std::size_t size = 0;
  std::shared_ptr<void> keep_alive;
};

// A reply too large to hold in memory, produced piece by piece. The pieces, joined, are one
// message.
class MessageSource {
 public:
  struct Piece {
    std::string bytes;  // may be empty only when `last`
    bool last = false;
  };
  // A failure after the first piece cannot become an error reply any more: the connection closes
  // with kInternalError and the error's text.
  using Sink = std::function<void(Result<Piece>)>;

  MessageSource() = default;
  MessageSource(const MessageSource&) = delete;
  MessageSource& operator=(const MessageSource&) = delete;
  virtual ~MessageSource() = default;

  // Asks for the next piece; `sink` is called once, on the io thread, now or later. The source may
  // be destroyed while a pull is pending (the connection went away): `sink` is then not called, or
  // called without effect.
  virtual void Pull(Sink sink) = 0;
};

// Called by the transport. Owned by the connection's owner; outlives no connection.
class ConnectionEvents {
 public:
  ConnectionEvents() = default;
  ConnectionEvents(const ConnectionEvents&) = delete;
  ConnectionEvents& operator=(const ConnectionEvents&) = delete;
  virtual ~ConnectionEvents() = default;

  virtual void OnMessage(InboundFrame frame) = 0;
  // The outbound queue has fallen below its low watermark after WantsOutput() was false.
  virtual void OnWritable() = 0;
  // The connection is gone, by whichever side. Called exactly once, the last call of all.
  virtual void OnClosed() = 0;
};

// A live peer. Calls after OnClosed have no effect.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  // Names the peer in logs and in the error text for unparsable input, e.g.
  // "websocket JSON-RPC message from exec-server websocket 127.0.0.1:40112".
  virtual const std::string& label() const = 0;

  // Queues one complete JSON message. Messages leave in the order of the calls; above 16 MiB one
  // leaves as WebSocket fragments (codex's client refuses larger frames).
  virtual void Send(std::string message) = 0;

  // Queues a message that is produced while it is sent. Messages queued behind it wait.
  virtual void SendStreamed(std::unique_ptr<MessageSource> source) = 0;

  // False while more than the high watermark of output waits for the peer: pushes should stop until
  // OnWritable. Replies may always be sent.
  virtual bool WantsOutput() const = 0;

  // Starts an orderly close: what is queued is sent first, then a Close frame. OnClosed follows.
  virtual void Close(CloseCode code, std::string_view reason) = 0;

  // Calls `taken` once the peer has taken everything sent so far: a ping behind it has come back. A
  // peer that answers no pings, or a transport without them, cannot be asked: `taken` is then
  // called soon. Never from within the call; not at all when the connection ends first.
  virtual void Confirm(std::function<void()> taken) = 0;

  // Asks the peer for a sign of life (a ping). `done(alive)` is called once on the io thread: true
  // when anything came from the peer within `patience`, false otherwise or when the connection
  // ends.
  virtual void Probe(Duration patience, std::function<void(bool alive)> done) = 0;
};

// Where new connections arrive. Implemented by the server; it keeps the returned events object
// alive until its OnClosed.
class ConnectionAcceptor {
 public:
  ConnectionAcceptor() = default;
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;
  virtual ~ConnectionAcceptor() = default;

  virtual ConnectionEvents* OnConnected(std::shared_ptr<Connection> connection) = 0;
};

}  // namespace paned
