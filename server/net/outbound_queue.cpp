#include "server/net/outbound_queue.h"

#include <algorithm>
#include <utility>

namespace paned {
namespace {

// The largest frame: codex's client drops the connection on a larger one.
constexpr std::size_t kMaxFrameBytes = std::size_t{16} << 20;
constexpr std::size_t kFragmentBytes = std::size_t{1} << 20;
// What a streamed message counts while it waits: about what its pieces hold at any time.
constexpr std::size_t kStreamCost = std::size_t{1} << 20;
constexpr std::size_t kStreamFramesInFlight = 2;
// Handed to the socket at a time: enough for a gather write to be worth it, little enough that a
// control frame behind it leaves soon.
constexpr std::size_t kWindowBytes = std::size_t{1} << 20;
// A queued frame's own memory. Without it, a flood of tiny frames would cost many times its bytes.
constexpr std::size_t kFrameCost = 256;

// A message too large for one frame, which is already in memory.
class SlicedMessage : public MessageSource {
 public:
  explicit SlicedMessage(std::string text) : text_(std::move(text)) {}

  void Pull(Sink sink) override {
    Piece piece;
    piece.bytes = text_.substr(at_, kFragmentBytes);
    at_ += piece.bytes.size();
    piece.last = at_ == text_.size();
    sink(std::move(piece));
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string FrameHeader(FrameOpcode opcode, bool fin, std::size_t payload_size) {
  std::string header;
  header.push_back(static_cast<char>(static_cast<unsigned>(opcode) | (fin ? 0x80u : 0u)));
  int length_bytes = 0;
  if (payload_size < 126) {
    header.push_back(static_cast<char>(payload_size));
  } else if (payload_size <= 0xffff) {
    header.push_back(126);
    length_bytes = 2;
  } else {
    header.push_back(127);
    length_bytes = 8;
  }
  for (int shift = (length_bytes - 1) * 8; shift >= 0; shift -= 8) {
    header.push_back(static_cast<char>(payload_size >> shift & 0xff));
  }
  return header;
}

InFlightCredit::InFlightCredit(std::shared_ptr<InFlight> in_flight, std::size_t bytes,
                               bool streamed)
    : in_flight_(std::move(in_flight)), bytes_(bytes), streamed_(streamed) {
  in_flight_->bytes += bytes_;
  if (streamed_) ++in_flight_->stream_frames;
}

InFlightCredit::~InFlightCredit() {
  in_flight_->bytes -= bytes_;
  if (streamed_) --in_flight_->stream_frames;
}

OutboundQueue::OutboundQueue(Hooks hooks) : hooks_(std::move(hooks)) {}
OutboundQueue::~OutboundQueue() = default;

void OutboundQueue::Send(std::string message) {
  if (abandoned_) return;
  if (message.size() > kMaxFrameBytes) {
    const std::size_t cost = message.size();
    Enqueue(
        Item{FrameOpcode::kText, {}, std::make_unique<SlicedMessage>(std::move(message)), cost});
  } else {
    SendInOrder(FrameOpcode::kText, std::move(message));
  }
}

void OutboundQueue::SendMarker(std::string payload) {
  if (!abandoned_) SendInOrder(FrameOpcode::kPing, std::move(payload));
}

void OutboundQueue::SendInOrder(FrameOpcode opcode, std::string payload) {
  if (empty() && in_flight_->bytes < kWindowBytes) {
    Emit(opcode, true, std::move(payload), false);
  } else {
    const std::size_t cost = payload.size() + kFrameCost;
    Enqueue(Item{opcode, std::move(payload), nullptr, cost});
  }
}

void OutboundQueue::SendStreamed(std::unique_ptr<MessageSource> source) {
  if (abandoned_) return;
  Enqueue(Item{FrameOpcode::kText, {}, std::move(source), kStreamCost});
}

void OutboundQueue::SendControl(FrameOpcode opcode, std::string payload) {
  if (!abandoned_) Emit(opcode, true, std::move(payload), false);
}

void OutboundQueue::Enqueue(Item item) {
  queued_cost_ += item.cost;
  items_.push_back(std::move(item));
  Pump();
}

void OutboundQueue::Pump() {
  // A source may call its sink from within Pull: the loop below then goes on by itself.
  if (pumping_) return;
  pumping_ = true;
  while (!abandoned_) {
    if (stream_) {
      if (stream_->pulling || in_flight_->stream_frames >= kStreamFramesInFlight) break;
      Pull();
      continue;
    }
    if (items_.empty() || in_flight_->bytes >= kWindowBytes) break;
    Item item = std::move(items_.front());
    items_.pop_front();
    if (item.source) {
      stream_ = std::make_shared<Stream>();
      stream_->source = std::move(item.source);
      stream_->cost = item.cost;
    } else {
      queued_cost_ -= item.cost;
      Emit(item.opcode, true, std::move(item.text), false);
    }
  }
  pumping_ = false;
}

void OutboundQueue::OnWritten() {
  retired_.reset();
  Pump();
}

void OutboundQueue::Stop() {
  abandoned_ = true;
  items_.clear();
  if (stream_) retired_ = std::move(stream_);
  queued_cost_ = 0;
}

void OutboundQueue::Abandon() {
  Stop();
  retired_.reset();
}

void OutboundQueue::Emit(FrameOpcode opcode, bool fin, std::string payload, bool streamed) {
  Frame frame;
  frame.opcode = opcode;
  frame.header = FrameHeader(opcode, fin, payload.size());
  frame.cost = payload.size() + kFrameCost;
  frame.payload = std::move(payload);
  frame.in_flight = in_flight_;
  frame.streamed = streamed;
  if (!hooks_.emit(std::move(frame))) Stop();
}

void OutboundQueue::Pull() {
  stream_->pulling = true;
  std::weak_ptr<Stream> weak = stream_;
  // The stream lives in this queue alone: while the weak pointer locks, `this` is there too.
  stream_->source->Pull([this, weak](Result<MessageSource::Piece> piece) {
    const std::shared_ptr<Stream> stream = weak.lock();
    if (!stream || !stream->pulling) return;
    stream->pulling = false;
    const bool from_within = pumping_;
    OnPiece(std::move(piece));
    if (from_within) return;
    Pump();
    hooks_.on_progress();
  });
}

void OutboundQueue::OnPiece(Result<MessageSource::Piece> piece) {
  if (!piece.ok()) {
    Stop();
    hooks_.on_source_failed(piece.error());
    return;
  }
  const bool last = piece.value().last;
  if (!last && piece.value().bytes.empty()) return;
  const FrameOpcode opcode = stream_->begun ? FrameOpcode::kContinuation : FrameOpcode::kText;
  stream_->begun = true;
  if (last) EndStream();
  Emit(opcode, last, std::move(piece.value().bytes), true);
}

void OutboundQueue::EndStream() {
  queued_cost_ -= stream_->cost;
  stream_->pulling = false;
  retired_ = std::move(stream_);
}

}  // namespace paned
