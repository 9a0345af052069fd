#include "server/rpc/connection_processor.h"

#include <string>
#include <utility>

namespace paned {

using protocol::Envelope;
using protocol::EnvelopeKind;

ConnectionProcessor::ConnectionProcessor(std::shared_ptr<Connection> connection,
                                         const Router* router, Log* log, ReplyCounters* counters,
                                         const ConcurrencyLimit& limit,
                                         std::function<void()> on_closed)
    : caller_(std::make_shared<Caller>()),
      router_(router),
      log_(log),
      counters_(counters),
      on_closed_(std::move(on_closed)),
      turns_(limit, [this](InboundFrame frame, Turn turn) {
        Process(std::move(frame), std::move(turn));
      }) {
  const auto handle = std::make_shared<std::shared_ptr<Connection>>(connection);
  reply_handle_ = std::shared_ptr<Connection>(handle, handle->get());
  caller_->connection = std::move(connection);
  caller_->on_initialize_settled = [this] { ProcessDeferred(); };
}

void ConnectionProcessor::OnMessage(InboundFrame frame) {
  if (caller_->state == HandshakeState::kInitializing) {
    deferred_.push_back(std::move(frame));
    return;
  }
  Admit(std::move(frame));
}

// The handshake comes one message at a time anyway.
void ConnectionProcessor::Admit(InboundFrame frame) {
  if (caller_->state == HandshakeState::kReady) {
    turns_.Take(std::move(frame));
  } else {
    Process(std::move(frame), nullptr);
  }
}

void ConnectionProcessor::ProcessDeferred() {
  // An initialize among them may settle at once and lead back here: the loop below goes on then.
  if (processing_deferred_) return;
  processing_deferred_ = true;
  while (!deferred_.empty() && caller_->state != HandshakeState::kInitializing) {
    InboundFrame frame = std::move(deferred_.front());
    deferred_.pop_front();
    Admit(std::move(frame));
  }
  processing_deferred_ = false;
}

void ConnectionProcessor::Process(InboundFrame frame, Turn turn) {
  protocol::JsonDocument document;
  Envelope envelope = protocol::ParseEnvelope(frame.data, frame.size, &document);
  switch (envelope.kind) {
    case EnvelopeKind::kRequest: {
      const auto reply =
          std::make_shared<ReplyOnce>(reply_handle_, std::move(envelope.id),
                                      std::move(frame.keep_alive), counters_, std::move(turn));
      router_->Route(caller_, envelope.method, envelope.params, reply);
      return;
    }
    case EnvelopeKind::kNotification:
      OnNotification(envelope.method);
      return;
    case EnvelopeKind::kResponse:
      log_->Write(LogLevel::kWarn, "ignored a response to no request of ours",
                  {{"peer", caller_->connection->label()}});
      return;
    case EnvelopeKind::kMalformed:
      caller_->connection->Send(protocol::EncodeError(
          std::int64_t{-1},
          {protocol::ErrorCode::kInvalidRequest,
           "failed to parse " + caller_->connection->label() + ": " + envelope.detail}));
      return;
  }
}

void ConnectionProcessor::OnNotification(std::string_view method) {
  if (method == protocol::kInitialized) {
    const HandshakeAction action = OnHandshake(caller_->state, HandshakeMessage::kInitialized);
    if (action == HandshakeAction::kProceed) caller_->state = HandshakeState::kReady;
    if (action != HandshakeAction::kIgnore || caller_->state == HandshakeState::kReady) return;
  }
  log_->Write(LogLevel::kWarn, "ignored a notification",
              {{"peer", caller_->connection->label()}, {"method", std::string(method)}});
}

void ConnectionProcessor::OnWritable() {
  if (caller_->attachment) caller_->attachment->OnWritable();
}

void ConnectionProcessor::OnClosed() {
  caller_->on_initialize_settled = nullptr;
  reply_handle_.reset();
  caller_->connection.reset();
  caller_->attachment.reset();
  deferred_.clear();
  const std::function<void()> on_closed = std::move(on_closed_);
  on_closed();
}

}  // namespace paned
