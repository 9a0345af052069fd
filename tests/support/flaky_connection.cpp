#include "tests/support/flaky_connection.h"

#include <algorithm>

namespace paned {

void FlakyConnection::Send(std::string message) {
  if (!alive_) return;
  queue_.push_back({std::move(message), nullptr});
  Flush();
}

void FlakyConnection::SendStreamed(std::unique_ptr<MessageSource> source) {
  if (!alive_) return;
  queue_.push_back({{}, std::move(source)});
}

void FlakyConnection::Close(CloseCode code, std::string_view reason) {
  if (!alive_ || close_code_) return;
  close_code_ = code;
  close_reason_ = std::string(reason);
}

void FlakyConnection::Probe(Duration /*patience*/, std::function<void(bool alive)> done) {
  probes_.push_back(std::move(done));
}

std::weak_ptr<void> FlakyConnection::Receive(std::string_view message) {
  const auto bytes = std::make_shared<std::string>(message);
  const std::weak_ptr<void> held = bytes;
  events_->OnMessage({bytes->data(), bytes->size(), bytes});
  return held;
}

void FlakyConnection::Writable() {
  wants_output_ = true;
  events_->OnWritable();
}

void FlakyConnection::Die() {
  if (!std::exchange(alive_, false)) return;
  token_.reset();
  queue_.clear();
  confirms_.clear();
  events_->OnClosed();
  while (!probes_.empty()) AnswerProbe(false);
}

void FlakyConnection::AnswerProbe(bool alive) {
  const std::function<void(bool)> done = std::move(probes_.front());
  probes_.pop_front();
  done(alive);
}

void FlakyConnection::ConfirmAll() {
  const std::deque<std::function<void()>> confirmed = std::move(confirms_);
  confirms_.clear();
  for (const std::function<void()>& taken : confirmed) taken();
}

void FlakyConnection::Pull() {
  if (pulling_ || queue_.empty() || queue_.front().source == nullptr) return;
  pulling_ = true;
  queue_.front().source->Pull(
      [this, token = std::weak_ptr<bool>(token_)](Result<MessageSource::Piece> piece) {
        if (!token.expired()) OnPiece(std::move(piece));
      });
}

void FlakyConnection::OnPiece(Result<MessageSource::Piece> piece) {
  pulling_ = false;
  if (!piece.ok()) {
    Close(CloseCode::kInternalError, piece.error().message);
    queue_.clear();
    return;
  }
  ++pieces_;
  largest_piece_ = std::max(largest_piece_, piece.value().bytes.size());
  queue_.front().message += piece.value().bytes;
  if (piece.value().last) {
    queue_.front().source.reset();
    Flush();
  }
}

void FlakyConnection::Flush() {
  while (!queue_.empty() && queue_.front().source == nullptr) {
    sent_.push_back(std::move(queue_.front().message));
    queue_.pop_front();
  }
}

std::string FlakyConnection::Take() {
  if (sent_.empty()) return {};
  std::string message = std::move(sent_.front());
  sent_.pop_front();
  return message;
}

}  // namespace paned
