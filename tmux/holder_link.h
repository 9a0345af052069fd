// The server's end of the connection to a holder: frames out, frames in, and output straight into
// the place it is kept in. What is not wanted now is put aside, at most one window of it, so that
// the exit behind it is always seen.
// Threading: io thread only. No event comes from within a call.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/base/unique_fd.h"
#include "server/process/backend.h"
#include "tmux/channel.h"

namespace paned {

// Takes what a holder says. Its owner may change while the link lives: see HolderLink::Listen().
class HolderListener {
 public:
  HolderListener() = default;
  HolderListener(const HolderListener&) = delete;
  HolderListener& operator=(const HolderListener&) = delete;
  virtual ~HolderListener() = default;

  // A frame that is not output; for kOutputEnd all output has been committed.
  virtual void OnFrame(const FrameHeader& header, std::string_view payload) = 0;
  // As BackendEvents' two.
  virtual OutputSpace PrepareOutput() = 0;
  virtual void CommitOutput(std::size_t size) = 0;
  // The holder is gone, or has broken the rules. All output that came has been committed; the last
  // event.
  virtual void OnLinkClosed() = 0;
};

class HolderLink final : public std::enable_shared_from_this<HolderLink> {
 public:
  HolderLink(asio::io_context* io, UniqueFd socket);
  HolderLink(const HolderLink&) = delete;
  HolderLink& operator=(const HolderLink&) = delete;

  // Begins to deliver events. Once.
  void Start();
  // Events go to `listener` from now on; weakly held.
  void Listen(std::weak_ptr<HolderListener> listener);

  void Send(FrameType type, std::uint64_t value, std::string_view payload = {});
  // Whether the holder has ended, although the loop has yet to come to it. A holder that waits says
  // nothing that would lie before its end.
  bool HasEnded();
  // Takes up output again after PrepareOutput() gave no space.
  void ResumeOutput();
  // No event comes any more. What was sent still goes out, then the connection is closed.
  void Close();

 private:
  static constexpr std::size_t kStage = 1024;

  void WaitReadable();
  void OnReadable();
  bool ReadOnce();
  bool TakeStaged();
  void TakeOutput(std::string_view bytes);
  bool DrainAside();
  void Consumed(std::size_t size);
  bool Break();
  void TellClosed();
  void WaitWritable();
  void Flush();

  asio::io_context* io_;
  asio::posix::stream_descriptor socket_;
  std::weak_ptr<HolderListener> listener_;
  bool reading_ = false;
  bool closing_ = false;
  bool broken_ = false;
  bool closed_told_ = false;  // to the listener of now

  // In: bytes not yet made sense of, then the frame under way.
  std::array<char, kStage> stage_;
  std::size_t stage_size_ = 0;
  bool in_payload_ = false;
  FrameHeader header_;
  std::size_t payload_left_ = 0;
  std::string payload_;  // of a frame that is not output
  std::string aside_;    // output nobody wanted yet
  std::size_t aside_at_ = 0;
  bool resume_posted_ = false;
  bool end_waits_ = false;  // kOutputEnd came while output was put aside
  FrameHeader end_;
  std::uint64_t consumed_ = 0;
  std::uint64_t credited_ = 0;

  std::string out_;
  std::size_t out_at_ = 0;
  bool writing_ = false;
};

}  // namespace paned
