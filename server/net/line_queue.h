// What a stdio connection has still to write: messages as lines, streamed ones piece by piece on
// one line. Threading: io thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/net/connection.h"

namespace paned {

class LineQueue {
 public:
  // `on_piece`: a source came up with more, in a call of its own. `on_failed`: a source failed, so
  // its line cannot be ended; the connection has to go.
  LineQueue(std::function<void()> on_piece, std::function<void()> on_failed);
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;
  ~LineQueue();

  void Send(std::string message);
  void SendStreamed(std::unique_ptr<MessageSource> source);

  // The bytes to write now; empty when there are none, or none yet.
  std::string_view front();
  // So many of them have been written.
  void Advance(std::size_t size);
  void Abandon();

  bool empty() const { return items_.empty(); }
  std::size_t waiting_bytes() const { return waiting_; }

 private:
  struct Item {
    std::string bytes;   // of a whole message, or of the current piece
    std::size_t at = 0;  // written of them
    std::size_t cost = 0;
    std::unique_ptr<MessageSource> source;  // null once the last piece is here
    bool pulling = false;
  };

  void Pull(const std::shared_ptr<Item>& item);

  std::function<void()> on_piece_;
  std::function<void()> on_failed_;
  std::deque<std::shared_ptr<Item>> items_;
  std::unique_ptr<MessageSource> retired_;  // the last that ended: it may be on the call stack
  std::size_t waiting_ = 0;
};

}  // namespace paned
