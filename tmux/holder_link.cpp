#include "tmux/holder_link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace paned {
namespace {

using asio::posix::stream_descriptor;

// Reads in a row before other work gets its turn.
constexpr int kReadsPerTurn = 8;
constexpr std::uint64_t kCreditEvery = kOutputWindow / 4;

}  // namespace

HolderLink::HolderLink(asio::io_context* io, UniqueFd socket) : io_(io), socket_(*io) {
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK | O_RDWR);
  socket_.assign(socket.Release());
}

void HolderLink::Start() { WaitReadable(); }

void HolderLink::WaitReadable() {
  if (reading_ || closing_ || !socket_.is_open()) return;
  reading_ = true;
  socket_.async_wait(stream_descriptor::wait_read,
                     [weak = weak_from_this()](const asio::error_code& error) {
                       const auto self = weak.lock();
                       if (!self || error) return;
                       self->reading_ = false;
                       self->OnReadable();
                     });
}

void HolderLink::OnReadable() {
  if (closing_) return;
  bool more = true;
  for (int turn = 0; more && turn < kReadsPerTurn; ++turn) more = ReadOnce();
  if (!broken_) WaitReadable();
}

// One read(2). False: nothing is left to be read now, or the link is over.
bool HolderLink::ReadOnce() {
  const std::shared_ptr<HolderListener> listener = listener_.lock();
  const bool in_output =
      in_payload_ && header_.type == FrameType::kOutput && stage_size_ == 0 && aside_.empty();
  // A big payload goes straight to where it is kept.
  OutputSpace space;
  if (in_output && listener) space = listener->PrepareOutput();
  if (closing_) return false;
  const bool direct = space.size > 0;
  char* to = direct ? space.data : stage_.data() + stage_size_;
  const std::size_t want =
      direct ? std::min(space.size, payload_left_) : stage_.size() - stage_size_;
  const ssize_t got = ::recv(socket_.native_handle(), to, want, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) return Break();
  const auto size = static_cast<std::size_t>(got);
  if (direct) {
    payload_left_ -= size;
    in_payload_ = payload_left_ > 0;
    listener->CommitOutput(size);
    Consumed(size);
  } else {
    stage_size_ += size;
    if (!TakeStaged()) return Break();
  }
  // A short read has emptied the socket: the next one would only say so.
  return size == want && !closing_ && !broken_;
}

// Makes sense of what has been staged. False: the peer has broken the rules.
bool HolderLink::TakeStaged() {
  std::size_t at = 0;
  while (at < stage_size_ && !closing_) {
    if (!in_payload_) {
      if (stage_size_ - at < sizeof(header_)) break;
      std::memcpy(&header_, stage_.data() + at, sizeof(header_));
      at += sizeof(header_);
      if (!ValidHeader(header_, Direction::kToServer)) return false;
      in_payload_ = header_.size > 0;
      payload_left_ = header_.size;
      payload_.clear();
    }
    const std::size_t size = std::min(payload_left_, stage_size_ - at);
    const std::string_view bytes(stage_.data() + at, size);
    at += size;
    payload_left_ -= size;
    in_payload_ = payload_left_ > 0;
    if (header_.type == FrameType::kOutput) {
      TakeOutput(bytes);
      continue;
    }
    payload_ += bytes;
    if (in_payload_) continue;
    if (header_.type == FrameType::kOutputEnd && !aside_.empty()) {
      end_waits_ = true;
      end_ = header_;
    } else if (const auto listener = listener_.lock()) {
      const std::string payload = std::move(payload_);
      listener->OnFrame(header_, payload);
    }
  }
  std::memmove(stage_.data(), stage_.data() + at, stage_size_ - at);
  stage_size_ -= at;
  return true;
}

void HolderLink::TakeOutput(std::string_view bytes) {
  const auto listener = listener_.lock();
  while (!bytes.empty() && aside_.empty() && listener && !closing_) {
    const OutputSpace space = listener->PrepareOutput();
    if (space.size == 0) break;
    const std::size_t size = std::min(space.size, bytes.size());
    std::memcpy(space.data, bytes.data(), size);
    bytes.remove_prefix(size);
    listener->CommitOutput(size);
    Consumed(size);
  }
  aside_ += bytes;
}

// Hands out what was put aside. False: it is still not all wanted.
bool HolderLink::DrainAside() {
  const auto listener = listener_.lock();
  while (aside_at_ < aside_.size() && listener && !closing_) {
    const OutputSpace space = listener->PrepareOutput();
    if (space.size == 0) return false;
    const std::size_t size = std::min(space.size, aside_.size() - aside_at_);
    std::memcpy(space.data, aside_.data() + aside_at_, size);
    aside_at_ += size;
    listener->CommitOutput(size);
    Consumed(size);
  }
  aside_.clear();
  aside_.shrink_to_fit();
  aside_at_ = 0;
  return true;
}

bool HolderLink::HasEnded() {
  if (broken_ || closing_ || !socket_.is_open()) return true;
  char first = 0;
  const ssize_t got = ::recv(socket_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

void HolderLink::ResumeOutput() {
  if (std::exchange(resume_posted_, true)) return;
  asio::post(*io_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->closing_) return;
    self->resume_posted_ = false;
    if (!self->DrainAside() || self->closing_) return;
    const auto listener = self->listener_.lock();
    if (!listener) return;
    if (std::exchange(self->end_waits_, false)) listener->OnFrame(self->end_, {});
    self->TellClosed();
  });
}

void HolderLink::Listen(std::weak_ptr<HolderListener> listener) {
  listener_ = std::move(listener);
  closed_told_ = false;
  if (broken_) ResumeOutput();
}

void HolderLink::Consumed(std::size_t size) {
  consumed_ += size;
  if (consumed_ - credited_ < kCreditEvery) return;
  credited_ = consumed_;
  Send(FrameType::kCredit, consumed_);
}

// The connection is over. Output put aside is delivered first, whenever it is wanted.
bool HolderLink::Break() {
  broken_ = true;
  TellClosed();
  return false;
}

void HolderLink::TellClosed() {
  if (!broken_ || !aside_.empty() || closing_ || closed_told_) return;
  const auto listener = listener_.lock();
  if (!listener) return;
  closed_told_ = true;
  listener->OnLinkClosed();
}

void HolderLink::Send(FrameType type, std::uint64_t value, std::string_view payload) {
  if (broken_ || closing_) return;
  if (type == FrameType::kPlan) consumed_ = credited_ = 0;  // another process, other offsets
  FrameHeader header;
  header.type = type;
  header.value = value;
  header.size = static_cast<std::uint32_t>(payload.size());
  out_.append(reinterpret_cast<const char*>(&header), sizeof(header));
  out_ += payload;
  if (!writing_) Flush();
}

void HolderLink::Flush() {
  while (out_at_ < out_.size()) {
    const ssize_t put = ::send(socket_.native_handle(), out_.data() + out_at_,
                               out_.size() - out_at_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return WaitWritable();
    if (put < 0) break;  // the reading side tells
    out_at_ += static_cast<std::size_t>(put);
  }
  out_.clear();
  if (out_.capacity() > kInputWindow) out_.shrink_to_fit();
  out_at_ = 0;
  if (closing_) socket_.close();
}

void HolderLink::WaitWritable() {
  writing_ = true;
  const auto written = [](const std::shared_ptr<HolderLink>& self, const asio::error_code& error) {
    if (!self || error) return;
    self->writing_ = false;
    self->Flush();
  };
  if (closing_) {  // nobody else holds it any more
    socket_.async_wait(stream_descriptor::wait_write,
                       [self = shared_from_this(), written](const asio::error_code& error) {
                         written(self, error);
                       });
  } else {
    socket_.async_wait(stream_descriptor::wait_write,
                       [weak = weak_from_this(), written](const asio::error_code& error) {
                         written(weak.lock(), error);
                       });
  }
}

void HolderLink::Close() {
  if (std::exchange(closing_, true)) return;
  listener_.reset();
  if (out_at_ == out_.size()) {
    socket_.close();
  } else if (writing_) {
    // The wait under way holds this only weakly.
    socket_.cancel();
    WaitWritable();
  }
}

}  // namespace paned
