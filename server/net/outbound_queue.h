// The order in which a WebSocket connection's output leaves. It stands in front of the protocol
// library's own queue and hands over little at a time, so that a pong never waits behind megabytes,
// a fragmented message is never interleaved with another, and what waits is counted exactly.
// Threading: io thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "server/base/result.h"
#include "server/net/connection.h"

namespace paned {

enum class FrameOpcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kPing = 0x9,
  kPong = 0xA,
};

// The header of an unmasked frame, RFC 6455 section 5.2.
std::string FrameHeader(FrameOpcode opcode, bool fin, std::size_t payload_size);

// What has been handed to the socket and not been written yet. Shared with the frames themselves:
// they outlive the queue when a connection ends in mid-write.
struct InFlight {
  std::size_t bytes = 0;
  std::size_t stream_frames = 0;
};

// Belongs to one frame that was handed over; its end is the end of the write.
class InFlightCredit {
 public:
  InFlightCredit(std::shared_ptr<InFlight> in_flight, std::size_t bytes, bool streamed);
  InFlightCredit(const InFlightCredit&) = delete;
  InFlightCredit& operator=(const InFlightCredit&) = delete;
  ~InFlightCredit();

 private:
  std::shared_ptr<InFlight> in_flight_;
  std::size_t bytes_;
  bool streamed_;
};

class OutboundQueue {
 public:
  struct Frame {
    FrameOpcode opcode = FrameOpcode::kText;
    std::string header;
    std::string payload;
    std::shared_ptr<InFlight> in_flight;  // for the InFlightCredit of the frame
    std::size_t cost = 0;
    bool streamed = false;
  };
  struct Hooks {
    // Takes one frame. False when the connection takes none any more.
    std::function<bool(Frame)> emit;
    // A MessageSource failed; the queue has dropped everything and emits nothing more.
    std::function<void(const Error&)> on_source_failed;
    // What waits became less outside a call from above (a source came up with its last piece).
    std::function<void()> on_progress;
  };

  explicit OutboundQueue(Hooks hooks);
  OutboundQueue(const OutboundQueue&) = delete;
  OutboundQueue& operator=(const OutboundQueue&) = delete;
  ~OutboundQueue();

  void Send(std::string message);
  void SendStreamed(std::unique_ptr<MessageSource> source);
  // A ping that keeps its place behind all that was sent before it.
  void SendMarker(std::string payload);
  // Passes everything that waits here. The payload has at most 125 bytes.
  void SendControl(FrameOpcode opcode, std::string payload);

  // To be called when a write has ended: hands over what may go next.
  void OnWritten();
  // Drops what waits; nothing is emitted from now on. Not from within a hook.
  void Abandon();

  // Bytes that wait here or in the socket's hands, with an allowance for each frame's own memory.
  std::size_t waiting_bytes() const { return queued_cost_ + in_flight_->bytes; }
  // Nothing is left to hand over.
  bool empty() const { return items_.empty() && !stream_; }

 private:
  struct Item {
    FrameOpcode opcode = FrameOpcode::kText;
    std::string text;
    std::unique_ptr<MessageSource> source;
    std::size_t cost = 0;
  };
  struct Stream {
    std::unique_ptr<MessageSource> source;
    std::size_t cost = 0;
    bool begun = false;
    bool pulling = false;
  };

  void SendInOrder(FrameOpcode opcode, std::string payload);
  void Enqueue(Item item);
  void Pump();
  void Stop();
  void Emit(FrameOpcode opcode, bool fin, std::string payload, bool streamed);
  void Pull();
  void OnPiece(Result<MessageSource::Piece> piece);
  void EndStream();

  Hooks hooks_;
  std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
  std::list<Item> items_;
  std::shared_ptr<Stream> stream_;  // the message being sent in fragments; sinks hold it weakly
  // The last stream that ended. Its source may be on the call stack: it is freed by a later write.
  std::shared_ptr<Stream> retired_;
  std::size_t queued_cost_ = 0;
  bool pumping_ = false;
  bool abandoned_ = false;
};

}  // namespace paned
