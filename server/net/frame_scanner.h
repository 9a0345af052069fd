// Watches the frame headers of an inbound WebSocket stream, ahead of the protocol library. It
// exists because the library sums the lengths of fragments without an overflow check and reports an
// oversized message without naming the limit. Payload bytes are only skipped.
// Threading: a value; pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace paned {

class FrameScanner {
 public:
  enum class Verdict { kFine, kTooBig, kMalformed };

  explicit FrameScanner(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Reads on and returns how many of the bytes may be passed on: all of them, or those before the
  // frame that verdict() is about. Once the verdict is not kFine nothing more passes.
  std::size_t Scan(const char* data, std::size_t size);

  Verdict verdict() const { return verdict_; }

 private:
  std::size_t HeaderSize() const;
  void FinishHeader();

  static constexpr std::size_t kLongestHeader = 14;

  std::size_t max_message_bytes_;
  std::array<unsigned char, kLongestHeader> header_ = {};
  std::size_t header_size_ = 0;      // bytes of header_ seen
  std::uint64_t payload_left_ = 0;   // of the current frame
  std::uint64_t message_bytes_ = 0;  // declared by the fragments of the current message
  Verdict verdict_ = Verdict::kFine;
};

}  // namespace paned
