// The holder's copy of one process's output: a ring of bytes in one anonymous mapping, addressed by
// absolute offsets. What the server has not acknowledged stays; a full ring holds the process back.
// Pages are touched only as output comes. Linked into the holder: no C++ run-time.
// Threading: one thread.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace paned {

class HolderRing {
 public:
  HolderRing() = default;
  HolderRing(const HolderRing&) = delete;
  HolderRing& operator=(const HolderRing&) = delete;
  ~HolderRing() { Unmap(); }

  // `capacity` bytes, rounded up to whole pages. False: no memory.
  bool Map(std::size_t capacity) {
    Unmap();
    capacity = std::max(capacity, kLeast);
    capacity = (capacity + kPage - 1) / kPage * kPage;
    void* mapping = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return false;
    data_ = static_cast<char*>(mapping);
    capacity_ = capacity;
    return true;
  }
  void Unmap() {
    if (data_ != nullptr) ::munmap(data_, capacity_);
    data_ = nullptr;
    capacity_ = 0;
    begin_ = end_ = touched_ = given_back_ = 0;
  }

  std::uint64_t begin() const { return begin_; }  // the oldest byte kept
  std::uint64_t end() const { return end_; }      // behind the newest
  bool full() const { return end_ - begin_ == capacity_; }

  // Contiguous room at the end, at most `want` bytes; none when full.
  char* Room(std::size_t want, std::size_t* size) {
    const std::size_t at = capacity_ == 0 ? 0 : static_cast<std::size_t>(end_ % capacity_);
    const auto room = static_cast<std::size_t>(capacity_ - (end_ - begin_));
    *size = std::min({want, room, capacity_ - at});
    return data_ + at;
  }
  void Commit(std::size_t size) {
    end_ += size;
    touched_ += size;
  }

  // The bytes from `offset` on, as far as they lie in one piece, at most `most`. Bytes below
  // begin() may be asked for as long as nothing newer has taken their place.
  std::string_view At(std::uint64_t offset, std::size_t most) const {
    if (offset >= end_) return {};
    const auto at = static_cast<std::size_t>(offset % capacity_);
    const std::size_t size =
        std::min({most, capacity_ - at, static_cast<std::size_t>(end_ - offset)});
    return {data_ + at, size};
  }
  // The oldest offset whose byte is still there.
  std::uint64_t oldest_readable() const {
    return std::max(given_back_, end_ > capacity_ ? end_ - capacity_ : 0);
  }

  // Nobody will ask for what lies below `offset` again.
  void Ack(std::uint64_t offset) { begin_ = std::clamp(offset, begin_, end_); }
  // A ring that has run empty after much output gives its pages back.
  void GiveBackPages() {
    if (begin_ != end_ || touched_ < kGiveBackAfter) return;
    ::madvise(data_, capacity_, MADV_DONTNEED);
    touched_ = 0;
    given_back_ = end_;
  }

 private:
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kLeast = std::size_t{128} << 10;
  static constexpr std::size_t kGiveBackAfter = std::size_t{1} << 20;

  char* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t touched_ = 0;     // bytes written since pages were last given back
  std::uint64_t given_back_ = 0;  // bytes below have gone with their pages
};

}  // namespace paned
