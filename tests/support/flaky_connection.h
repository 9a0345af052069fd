// A Connection played by the test: it records what it is given, can be slow, and can die at any
// moment. Streamed replies are pulled by hand, and messages behind one wait for it.
// Threading: one thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/net/connection.h"

namespace paned {

class FlakyConnection final : public Connection {
 public:
  explicit FlakyConnection(std::string label = "test message from test peer")
      : label_(std::move(label)) {}

  // --- the server's side ---
  const std::string& label() const override { return label_; }
  void Send(std::string message) override;
  void SendStreamed(std::unique_ptr<MessageSource> source) override;
  bool WantsOutput() const override { return wants_output_ && alive_; }
  void Close(CloseCode code, std::string_view reason) override;
  void Confirm(std::function<void()> taken) override { confirms_.push_back(std::move(taken)); }
  void Probe(Duration patience, std::function<void(bool alive)> done) override;

  // --- the test's side ---
  // Who gets what the peer sends. Set before anything else.
  void SetEvents(ConnectionEvents* events) { events_ = events; }
  // The peer sends a message. The result tells whether the server still holds its bytes.
  std::weak_ptr<void> Receive(std::string_view message);
  void SetWantsOutput(bool wants) { wants_output_ = wants; }
  // Room again: WantsOutput() turns true and the server is told.
  void Writable();
  // The connection is gone, by whatever cause.
  void Die();
  // Answers the oldest probe.
  void AnswerProbe(bool alive);
  // Everything sent so far has been taken.
  void ConfirmAll();
  // Asks the stream at the front for a piece; it may come later.
  void Pull();

  bool alive() const { return alive_; }
  // Whole messages, oldest first; Take() hands out the oldest and forgets it ("" when none).
  const std::deque<std::string>& sent() const { return sent_; }
  std::string Take();
  bool streaming() const { return !queue_.empty(); }
  int pieces() const { return pieces_; }
  std::size_t largest_piece() const { return largest_piece_; }
  std::size_t probes() const { return probes_.size(); }
  std::optional<CloseCode> close_code() const { return close_code_; }
  const std::string& close_reason() const { return close_reason_; }

 private:
  // Either a message or a stream; what stands behind a stream waits.
  struct Queued {
    std::string message;
    std::unique_ptr<MessageSource> source;
  };

  void OnPiece(Result<MessageSource::Piece> piece);
  void Flush();

  std::string label_;
  ConnectionEvents* events_ = nullptr;
  bool alive_ = true;
  bool wants_output_ = true;
  std::deque<std::string> sent_;
  std::deque<Queued> queue_;
  bool pulling_ = false;
  int pieces_ = 0;
  std::size_t largest_piece_ = 0;
  std::deque<std::function<void(bool)>> probes_;
  std::deque<std::function<void()>> confirms_;
  std::optional<CloseCode> close_code_;
  std::string close_reason_;
  // Pending pulls hold it weakly: a piece that comes after the end has no effect.
  std::shared_ptr<bool> token_ = std::make_shared<bool>(true);
};

}  // namespace paned
