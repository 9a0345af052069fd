// The byte stream under one WebSocket connection, TCP or Unix. It replaces the protocol library's
// own socket and does what that one cannot: hold reads back, write any number of buffers in one
// system call, say when a write has ended, and close so that the peer still sees the Close frame.
// Threading: io thread only.
#pragma once

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/base/unique_fd.h"

namespace paned {

// Told what the stream does.
class PeerSocketOwner {
 public:
  PeerSocketOwner() = default;
  PeerSocketOwner(const PeerSocketOwner&) = delete;
  PeerSocketOwner& operator=(const PeerSocketOwner&) = delete;
  virtual ~PeerSocketOwner() = default;

  // Bytes have come. Returns how many of them may be passed on; fewer ends the reading for good.
  virtual std::size_t OnReceived(const char* data, std::size_t size) = 0;
  // What was passed on before the reading ended has been dealt with.
  virtual void OnReadingEnded() = 0;
  // A write has ended and its handler has returned.
  virtual void OnWritten() = 0;
  // The socket is done with; what remains is to close it. `orderly`: the peer may still be reading.
  virtual void OnShutdown(UniqueFd fd, bool orderly) = 0;
};

class PeerSocket {
 public:
  explicit PeerSocket(asio::io_context* io) : socket_(*io) {}
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;

  // Takes a connected, non-blocking socket of the given address family.
  std::error_code Open(UniqueFd fd, int family, const Clock* clock, PeerSocketOwner* owner);

  // The gate: while held, no new read begins.
  void Hold(bool hold);

  // No read begins from now on, as if OnReceived had cut the stream.
  void EndReading() { reading_ended_ = true; }

  // Ends both directions; pending reads and writes fail. The descriptor goes to OnShutdown.
  void Shutdown();
  // The peer is beyond reach: a Shutdown from now on does not wait for it.
  void GiveUp() { orderly_ = false; }

  TimePoint last_received() const { return last_received_; }
  TimePoint last_sent() const { return last_sent_; }

  // Reads at least one byte. `handler(error_code, size_t)` is never called from within.
  template <class Handler>
  void AsyncRead(asio::mutable_buffer buffer, Handler handler);

  // Writes all of `buffers`, which must stay as they are until `handler(error_code, size_t)` is
  // called, from within when the kernel takes everything at once.
  template <class Handler>
  void AsyncWrite(const std::vector<asio::const_buffer>& buffers, Handler handler);

 private:
  // True when the write has ended, with or without an error.
  bool WriteSome(const std::vector<asio::const_buffer>& buffers, std::error_code* error);
  template <class Handler>
  void StartRead(asio::mutable_buffer buffer, Handler handler);
  template <class Handler>
  void ContinueWrite(const std::vector<asio::const_buffer>& buffers, Handler handler);
  bool NoteRead(const std::error_code& error, const char* data, std::size_t* size);

  asio::generic::stream_protocol::socket socket_;
  const Clock* clock_ = nullptr;
  PeerSocketOwner* owner_ = nullptr;
  bool held_ = false;
  bool reading_ended_ = false;
  bool orderly_ = true;
  std::function<void()> held_read_;
  std::size_t write_index_ = 0;   // of the buffer being written
  std::size_t write_offset_ = 0;  // within it
  TimePoint last_received_;
  TimePoint last_sent_;
};

template <class Handler>
void PeerSocket::AsyncRead(asio::mutable_buffer buffer, Handler handler) {
  if (!socket_.is_open()) {
    asio::post(socket_.get_executor(), [handler = std::move(handler)]() mutable {
      handler(make_error_code(asio::error::operation_aborted), 0);
    });
    return;
  }
  if (reading_ended_) {
    // The reader is let go without an answer; whoever owns the connection closes it.
    owner_->OnReadingEnded();
    return;
  }
  if (held_) {
    held_read_ = [this, buffer, handler = std::move(handler)] { StartRead(buffer, handler); };
    return;
  }
  StartRead(buffer, std::move(handler));
}

template <class Handler>
void PeerSocket::StartRead(asio::mutable_buffer buffer, Handler handler) {
  socket_.async_read_some(
      buffer, [this, data = static_cast<const char*>(buffer.data()), handler = std::move(handler)](
                  const std::error_code& error, std::size_t size) mutable {
        if (NoteRead(error, data, &size)) handler(error, size);
      });
}

template <class Handler>
void PeerSocket::AsyncWrite(const std::vector<asio::const_buffer>& buffers, Handler handler) {
  write_index_ = 0;
  write_offset_ = 0;
  ContinueWrite(buffers, std::move(handler));
}

template <class Handler>
void PeerSocket::ContinueWrite(const std::vector<asio::const_buffer>& buffers, Handler handler) {
  std::error_code error;
  if (!WriteSome(buffers, &error)) {
    socket_.async_wait(
        asio::generic::stream_protocol::socket::wait_write,
        [this, &buffers, handler = std::move(handler)](const std::error_code& wait_error) mutable {
          if (wait_error) {
            handler(wait_error, 0);
          } else {
            ContinueWrite(buffers, std::move(handler));
          }
        });
    return;
  }
  // `handler` keeps this object alive until it goes out of scope.
  handler(error, 0);
  if (owner_ != nullptr) owner_->OnWritten();
}

}  // namespace paned
