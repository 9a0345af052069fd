// A holder's end of the connection to its server: frames in, frames out, and the windows that keep
// both sides bounded. Linked into the holder: no C++ run-time.
// Threading: one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/base/unique_fd.h"
#include "tmux/channel.h"
#include "tmux/holder_ring.h"

namespace paned {

// A mapping that is there for one big payload only.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { Reset(); }
  bool Make(std::size_t size);
  void Reset();
  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

class HolderPeer {
 public:
  // What came in. `payload` holds until the next Receive().
  struct Incoming {
    enum class Kind { kNothing, kFrame, kClosed } kind = Kind::kNothing;
    FrameHeader header;
    std::string_view payload;
  };

  void Open(UniqueFd socket);
  void Close();
  bool open() const { return socket_.valid(); }
  int fd() const { return socket_.get(); }

  // One whole frame, when it is there; a broken one is kClosed.
  Incoming Receive();

  // Queues a frame without payload, or a hello. Only while idle(): a frame of the ring may be half
  // out otherwise.
  void Put(FrameType type, std::uint64_t value, std::string_view payload = {});
  // Queues the next piece of output behind what was Put(), as the last thing; false when there is
  // none, or the server has enough for now.
  bool PutOutput(const HolderRing& ring);
  // Writes as much as the socket takes. False: the connection is broken.
  bool Write(const HolderRing& ring);
  // All that was queued has been written.
  bool idle() const { return queued_at_ == queued_size_ && frame_left_ == 0; }

  // No frame of the ring is half out.
  bool output_is_out() const { return frame_left_ == 0; }

  // Goes on with the output of `ring` from `offset`, `consumed` of it consumed already.
  void StartOutput(std::uint64_t offset) { sent_ = consumed_ = offset; }
  void OnCredit(std::uint64_t offset) {
    if (offset > consumed_ && offset <= sent_) consumed_ = offset;
  }
  std::uint64_t sent() const { return sent_; }  // output that has been framed, not less
  // Whether more output may be framed now.
  bool may_send_output() const { return sent_ < consumed_ + kOutputWindow; }

 private:
  UniqueFd socket_;
  // In.
  FrameHeader header_;
  std::size_t header_got_ = 0;
  std::size_t payload_got_ = 0;
  bool delivered_ = false;  // the current frame has been handed out
  Scratch big_;             // a plan's payload
  std::array<char, kInputWindow> small_;
  // Out: queued_ first, then frame_left_ bytes of the ring from frame_at_.
  std::array<char, 8192> queued_;
  std::size_t queued_at_ = 0;
  std::size_t queued_size_ = 0;
  std::uint64_t frame_at_ = 0;
  std::size_t frame_left_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t consumed_ = 0;
};

}  // namespace paned
