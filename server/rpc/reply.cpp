#include "server/rpc/reply.h"

#include <utility>

namespace paned {
namespace {

protocol::ErrorCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidParams:
      return protocol::ErrorCode::kInvalidParams;
    case ErrorKind::kInvalidRequest:
      return protocol::ErrorCode::kInvalidRequest;
    case ErrorKind::kNotFound:
      return protocol::ErrorCode::kNotFound;
    case ErrorKind::kSessionAttached:
      return protocol::ErrorCode::kSessionAttached;
    case ErrorKind::kInternal:
      return protocol::ErrorCode::kInternal;
  }
  return protocol::ErrorCode::kInternal;
}

// A stream that ends its request's turn when it is over.
class TurnSource final : public MessageSource {
 public:
  TurnSource(std::unique_ptr<MessageSource> source, Turn turn)
      : turn_(std::move(turn)), source_(std::move(source)) {}
  void Pull(Sink sink) override { source_->Pull(std::move(sink)); }

 private:
  Turn turn_;
  std::unique_ptr<MessageSource> source_;
};

}  // namespace

protocol::RpcError ToRpcError(const Error& error) {
  return {CodeOf(error.kind), error.message, error.path, error.limit, error.hint};
}

ReplyOnce::ReplyOnce(std::weak_ptr<Connection> connection, protocol::RequestId id,
                     std::shared_ptr<void> frame, ReplyCounters* counters, Turn turn)
    : connection_(std::move(connection)),
      id_(std::move(id)),
      frame_(std::move(frame)),
      counters_(counters),
      turn_(std::move(turn)) {}

ReplyOnce::~ReplyOnce() {
  if (answered_) return;
  const auto connection = connection_.lock();
  if (!connection) return;  // nobody left to answer
  ++counters_->dropped;
  connection->Send(protocol::EncodeError(
      id_, {protocol::ErrorCode::kInternal, "the request ended without an answer"}));
}

std::shared_ptr<Connection> ReplyOnce::Take() {
  if (answered_) {
    ++counters_->doubled;
    return nullptr;
  }
  answered_ = true;
  frame_.reset();
  return connection_.lock();
}

void ReplyOnce::Fail(const protocol::RpcError& error) {
  if (const auto connection = Take()) connection->Send(protocol::EncodeError(id_, error));
  turn_.reset();
}

void ReplyOnce::SendText(std::string message) {
  if (const auto connection = Take()) connection->Send(std::move(message));
  turn_.reset();
}

void ReplyOnce::Stream(std::unique_ptr<MessageSource> source) {
  if (turn_) source = std::make_unique<TurnSource>(std::move(source), std::move(turn_));
  if (const auto connection = Take()) connection->SendStreamed(std::move(source));
}

}  // namespace paned
