#include "tmux/holder_peer.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace paned {

bool Scratch::Make(std::size_t size) {
  Reset();
  void* mapping = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return false;
  data_ = static_cast<char*>(mapping);
  size_ = size;
  return true;
}

void Scratch::Reset() {
  if (data_ != nullptr) ::munmap(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

void HolderPeer::Open(UniqueFd socket) {
  Close();
  socket_ = std::move(socket);
}

void HolderPeer::Close() {
  socket_.Reset();
  big_.Reset();
  header_got_ = payload_got_ = 0;
  delivered_ = false;
  queued_at_ = queued_size_ = 0;
  frame_left_ = 0;
}

HolderPeer::Incoming HolderPeer::Receive() {
  if (std::exchange(delivered_, false)) {
    header_got_ = payload_got_ = 0;
    big_.Reset();
  }
  while (true) {
    const bool in_header = header_got_ < sizeof(header_);
    char* to = nullptr;
    std::size_t want = 0;
    if (in_header) {
      to = reinterpret_cast<char*>(&header_) + header_got_;
      want = sizeof(header_) - header_got_;
    } else {
      to = (header_.type == FrameType::kPlan ? big_.data() : small_.data()) + payload_got_;
      want = header_.size - payload_got_;
    }
    if (want > 0) {
      const ssize_t got = ::recv(socket_.get(), to, want, MSG_DONTWAIT);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return {};
      if (got <= 0) return {Incoming::Kind::kClosed, {}, {}};
      (in_header ? header_got_ : payload_got_) += static_cast<std::size_t>(got);
    }
    if (in_header) {
      if (header_got_ < sizeof(header_)) continue;
      if (!ValidHeader(header_, Direction::kToHolder)) return {Incoming::Kind::kClosed, {}, {}};
      if (header_.type == FrameType::kPlan && !big_.Make(header_.size)) {
        return {Incoming::Kind::kClosed, {}, {}};
      }
    }
    if (header_got_ == sizeof(header_) && payload_got_ == header_.size) {
      delivered_ = true;
      const char* payload = header_.type == FrameType::kPlan ? big_.data() : small_.data();
      return {Incoming::Kind::kFrame, header_, {payload, header_.size}};
    }
  }
}

void HolderPeer::Put(FrameType type, std::uint64_t value, std::string_view payload) {
  if (queued_at_ == queued_size_) queued_at_ = queued_size_ = 0;
  FrameHeader header;
  header.type = type;
  header.value = value;
  header.size = static_cast<std::uint32_t>(payload.size());
  if (queued_size_ + sizeof(header) + payload.size() > queued_.size()) return;
  std::memcpy(queued_.data() + queued_size_, &header, sizeof(header));
  queued_size_ += sizeof(header);
  if (!payload.empty()) {
    std::memcpy(queued_.data() + queued_size_, payload.data(), payload.size());
  }
  queued_size_ += payload.size();
}

// The header goes to the queue, the bytes stay in the ring.
bool HolderPeer::PutOutput(const HolderRing& ring) {
  if (!may_send_output()) return false;
  const std::string_view piece =
      ring.At(sent_, std::min<std::uint64_t>(kMaxOutputPayload, consumed_ + kOutputWindow - sent_));
  if (piece.empty()) return false;
  if (queued_at_ == queued_size_) queued_at_ = queued_size_ = 0;
  FrameHeader header;
  header.type = FrameType::kOutput;
  header.value = sent_;
  header.size = static_cast<std::uint32_t>(piece.size());
  std::memcpy(queued_.data() + queued_size_, &header, sizeof(header));
  queued_size_ += sizeof(header);
  frame_at_ = sent_;
  frame_left_ = piece.size();
  sent_ += piece.size();
  return true;
}

bool HolderPeer::Write(const HolderRing& ring) {
  while (!idle()) {
    std::array<iovec, 2> parts = {};
    std::size_t count = 0;
    if (queued_at_ < queued_size_) {
      parts[count++] = {queued_.data() + queued_at_, queued_size_ - queued_at_};
    }
    if (frame_left_ > 0) {
      const std::string_view bytes = ring.At(frame_at_, frame_left_);
      parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t put = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno == EAGAIN;
    auto left = static_cast<std::size_t>(put);
    const std::size_t head = std::min(left, queued_size_ - queued_at_);
    queued_at_ += head;
    left -= head;
    frame_at_ += left;
    frame_left_ -= left;
  }
  return true;
}

}  // namespace paned
