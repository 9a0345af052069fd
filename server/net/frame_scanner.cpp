#include "server/net/frame_scanner.h"

#include <algorithm>

namespace paned {
namespace {

constexpr unsigned kFin = 0x80;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kOpcode = 0x0f;
constexpr unsigned kControlBit = 0x08;
constexpr unsigned kLength = 0x7f;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;

}  // namespace

// RFC 6455 section 5.2: two bytes, then the longer length forms, then the masking key.
std::size_t FrameScanner::HeaderSize() const {
  if (header_size_ < 2) return 2;
  const unsigned length = header_[1] & kLength;
  const std::size_t extended = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
  return 2 + extended + ((header_[1] & kMasked) != 0 ? 4 : 0);
}

void FrameScanner::FinishHeader() {
  const unsigned code = header_[1] & kLength;
  std::uint64_t length = code;
  if (code >= kLength16) {
    const std::size_t bytes = code == kLength64 ? 8 : 2;
    length = 0;
    for (std::size_t i = 0; i < bytes; ++i) length = length << 8 | header_[2 + i];
    const bool minimal = code == kLength64 ? length > 0xffff : length >= kLength16;
    if (!minimal || length >> 63 != 0) {
      verdict_ = Verdict::kMalformed;
      return;
    }
  }
  header_size_ = 0;
  payload_left_ = length;

  const unsigned opcode = header_[0] & kOpcode;
  if ((opcode & kControlBit) != 0) return;
  if (opcode != 0) message_bytes_ = 0;
  if (length > max_message_bytes_ - std::min<std::uint64_t>(message_bytes_, max_message_bytes_)) {
    verdict_ = Verdict::kTooBig;
    return;
  }
  message_bytes_ += length;
  if ((header_[0] & kFin) != 0) message_bytes_ = 0;
}

std::size_t FrameScanner::Scan(const char* data, std::size_t size) {
  std::size_t at = 0;
  std::size_t frame_start = 0;
  while (verdict_ == Verdict::kFine && at < size) {
    if (payload_left_ > 0) {
      const auto skip = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, size - at));
      payload_left_ -= skip;
      at += skip;
      continue;
    }
    if (header_size_ == 0) frame_start = at;
    header_[header_size_++] = static_cast<unsigned char>(data[at++]);
    if (header_size_ == HeaderSize()) FinishHeader();
  }
  return verdict_ == Verdict::kFine ? size : frame_start;
}

}  // namespace paned
