// What a person sees in the pane: a copy of the program's output that never blocks, never asks the
// terminal anything, and in a flood shows its tail. Bytes that are not shown are counted and said.
// Linked into the holder: no C++ run-time.
// Threading: one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tmux/holder_ring.h"
#include "tmux/mirror_filter.h"

namespace paned {

class HolderMirror {
 public:
  // How often a flood is repainted, in milliseconds, and how much is shown between two paintings
  // before output counts as a flood: a person reads neither faster nor more.
  static constexpr int kTickMs = 50;
  static constexpr std::size_t kPerTick = std::size_t{32} << 10;
  static constexpr std::size_t kTail = 2048;

  // `pane`: a descriptor in raw, non-blocking mode; -1: there is none, and nothing is shown.
  void Open(int pane) { pane_ = pane; }
  bool open() const { return pane_ >= 0; }
  // Output is still to be painted.
  bool behind() const { return skipped_ > 0; }

  // An empty screen with an empty history, and a line of our own when `text` is not empty.
  void Clear(std::string_view text);
  // The newest `size` bytes of `ring`.
  void Show(const HolderRing& ring, std::size_t size);
  // Shows at once what a flood has held back; for the program's end.
  void Finish(const HolderRing& ring);

  // Milliseconds until OnTick() is due at time `now_ms`; -1: not needed.
  int TickIn(std::int64_t now_ms) const;
  void OnTick(const HolderRing& ring, std::int64_t now_ms);

  // Bytes wait until the pane can take them.
  bool wants_write() const { return pane_ >= 0 && pending_at_ < pending_size_; }
  void OnWritable();

 private:
  void Emit(const char* bytes, std::size_t size);
  void Pass(std::string_view bytes);
  void Repaint(const HolderRing& ring);

  int pane_ = -1;
  MirrorFilter filter_;
  std::size_t shown_ = 0;      // since the last tick
  std::size_t arrived_ = 0;    // since the last tick
  std::uint64_t skipped_ = 0;  // since the last painting
  bool flooding_ = false;
  std::int64_t tick_at_ms_ = 0;  // 0: no tick is due
  // What the pane did not take at once.
  std::array<char, 24576> pending_;
  std::size_t pending_at_ = 0;
  std::size_t pending_size_ = 0;
};

}  // namespace paned
