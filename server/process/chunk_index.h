// A queue of numbers with random access that costs nothing while it is empty: thousands of ended
// processes keep one each. (An empty std::deque costs more than half a kilobyte.)
// Threading: a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace paned {

class ChunkIndex {
 public:
  std::size_t size() const { return items_.size() - begin_; }
  bool empty() const { return size() == 0; }
  std::uint64_t operator[](std::size_t n) const { return items_[begin_ + n]; }
  void PushBack(std::uint64_t item) { items_.push_back(item); }
  void PopFront() {
    // The dead front is cut off when it is the greater part: each item moves once at most.
    if (++begin_ < kCutAfter || begin_ * 2 < items_.size()) return;
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }

 private:
  static constexpr std::size_t kCutAfter = 64;

  std::vector<std::uint64_t> items_;
  std::size_t begin_ = 0;  // what lies before it is gone
};

}  // namespace paned
