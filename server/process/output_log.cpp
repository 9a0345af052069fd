#include "server/process/output_log.h"

#include <sys/mman.h>

#include <algorithm>

namespace paned {
namespace {

constexpr std::size_t kNotedCursors = 32;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kCompactable = std::size_t{64} << 10;

constexpr std::uint64_t RoundUp(std::uint64_t offset) {
  return (offset + kPage - 1) / kPage * kPage;
}
constexpr std::uint64_t RoundDown(std::uint64_t offset) { return offset / kPage * kPage; }

}  // namespace

OutputLog::OutputLog(std::size_t capacity) : capacity_(RoundUp(capacity)) {}

OutputLog::~OutputLog() {
  if (ring_ != nullptr) ::munmap(ring_, capacity_);
}

void OutputLog::ReleaseFreePages() {
  if (ring_ == nullptr) return;
  if (index_.empty()) {
    ::munmap(ring_, capacity_);
    ring_ = nullptr;
    released_ = RoundDown(end_);
    return;
  }
  // What lies a whole ring behind the end has been written over by the newest output.
  const std::uint64_t overwritten = end_ > capacity_ ? RoundUp(end_ - capacity_) : 0;
  std::uint64_t from = std::max(released_, overwritten);
  const std::uint64_t to = RoundDown(begin_);
  while (from < to) {
    const std::size_t at = from % capacity_;
    const std::size_t size = std::min<std::uint64_t>(to - from, capacity_ - at);
    ::madvise(ring_ + at, size, MADV_DONTNEED);
    from += size;
  }
  released_ = std::max(released_, to);
}

void OutputLog::Compact() {
  if (ring_ == nullptr || retained_bytes() > kCompactable) return;
  std::string bytes;
  bytes.reserve(retained_bytes());
  const std::size_t at = begin_ % capacity_;
  const std::size_t straight = std::min(retained_bytes(), capacity_ - at);
  bytes.append(ring_ + at, straight);
  bytes.append(ring_, retained_bytes() - straight);
  ::munmap(ring_, capacity_);
  ring_ = nullptr;
  compacted_ = std::move(bytes);
  compacted_begin_ = begin_;
}

const char* OutputLog::BytesAt(std::uint64_t offset) const {
  if (ring_ != nullptr) return ring_ + offset % capacity_;
  return compacted_.data() + (offset - compacted_begin_);
}

OutputSpace OutputLog::Room(std::size_t want) {
  if (full()) return {};
  if (ring_ == nullptr) {
    void* mapping = ::mmap(nullptr, capacity_, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return {};
    // A huge page at the first byte would cost every small process two megabytes.
    ::madvise(mapping, capacity_, MADV_NOHUGEPAGE);
    ring_ = static_cast<char*>(mapping);
  }
  const std::size_t at = end_ % capacity_;
  return {ring_ + at, std::min({want, capacity_ - retained_bytes(), capacity_ - at})};
}

std::uint64_t OutputLog::Commit(OutputStream stream, std::size_t size) {
  index_.PushBack(end_ * 4 + static_cast<std::uint64_t>(stream));
  end_ += size;
  return next_seq_++;
}

std::uint64_t OutputLog::MarkExited() { return exited_seq_ = next_seq_++; }
std::uint64_t OutputLog::MarkClosed() { return closed_seq_ = next_seq_++; }

std::uint64_t OutputLog::SeqOf(std::uint64_t ordinal) const {
  const std::uint64_t seq = ordinal + 1;
  return exited_seq_ != 0 && seq >= exited_seq_ ? seq + 1 : seq;
}

// How many chunks there ever were with a seq up to and including `seq`.
std::uint64_t OutputLog::OrdinalOf(std::uint64_t seq) const {
  const std::uint64_t total = evicted_chunks_ + index_.size();
  const std::uint64_t count = exited_seq_ != 0 && seq >= exited_seq_ ? seq - 1 : seq;
  return std::min(count, total);
}

std::size_t OutputLog::IndexAfter(std::uint64_t seq) const {
  const std::uint64_t ordinal = OrdinalOf(seq);
  return ordinal <= evicted_chunks_ ? 0 : static_cast<std::size_t>(ordinal - evicted_chunks_);
}

std::uint64_t OutputLog::OffsetAt(std::size_t index) const {
  return index < index_.size() ? index_[index] / 4 : end_;
}

std::uint64_t OutputLog::first_seq() const {
  return index_.empty() ? next_seq_ : SeqOf(evicted_chunks_);
}

std::size_t OutputLog::EvictFront() {
  index_.PopFront();
  ++evicted_chunks_;
  const std::uint64_t behind = OffsetAt(0);
  const auto size = static_cast<std::size_t>(behind - begin_);
  begin_ = behind;
  return size;
}

protocol::OutputChunk OutputLog::ChunkAfter(std::uint64_t seq, std::size_t n) const {
  const std::size_t index = IndexAfter(seq) + n;
  const std::uint64_t offset = OffsetAt(index);
  const auto size = static_cast<std::size_t>(OffsetAt(index + 1) - offset);
  return {SeqOf(evicted_chunks_ + index),
          static_cast<OutputStream>(index_[index] % 4),
          {BytesAt(offset), size}};
}

std::uint64_t OutputLog::BytesAfter(std::uint64_t seq) const {
  return end_ - OffsetAt(IndexAfter(seq));
}

std::uint64_t OutputLog::LostAfter(std::uint64_t seq) const {
  if (OrdinalOf(seq) >= evicted_chunks_) return 0;
  std::uint64_t behind = 0;
  for (const auto& [noted, offset] : cursors_) {
    if (noted <= seq) behind = std::max(behind, offset);
  }
  return begin_ - std::min(begin_, behind);
}

void OutputLog::NoteCursor(std::uint64_t seq) {
  if (!cursors_.empty() && cursors_.back().first == seq) return;
  if (OrdinalOf(seq) < evicted_chunks_) return;  // where it stood is no longer known
  if (cursors_.size() == kNotedCursors) cursors_.erase(cursors_.begin());
  cursors_.emplace_back(seq, OffsetAt(IndexAfter(seq)));
}

}  // namespace paned
