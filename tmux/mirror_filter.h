// The mirror of a pane's child, made safe to show. tmux answers terminal queries, and its answer
// would reach the child as if somebody had typed it; so no query may get into the pane. And the
// mirror skips bytes in a flood: what they did to the screen's modes must be made good before it
// goes on.
//
// Linked into the holder, which has no libstdc++: no allocation, no exceptions, no guarded statics.
// Threading: none; one object, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tmux/mirror_modes.h"

namespace paned {

class MirrorFilter {
 public:
  // The longest sequence that is shown, and the most that is held back undecided.
  static constexpr std::size_t kMaxHeld = 256;
  static constexpr std::size_t kMaxRestore = MirrorModes::kMaxRestore;

  // Copies `in` to `out` without what any terminal answers. `out` has room for in.size() + kMaxHeld
  // and is not `in`. Returns the bytes written. Sequences may be cut anywhere between calls; only
  // whole ones come out, so what is written must reach the terminal in full, but may be followed by
  // anything.
  std::size_t Pass(std::string_view in, char* out);

  // Bytes that are not shown: only what they do to the modes is noted.
  void Skip(std::string_view in);

  // After Skip and before the next Pass: writes at most kMaxRestore bytes that give the terminal
  // the modes which the child believes in. Colours are reset. Reading starts afresh, outside any
  // sequence: the next Pass may go back to repaint what was skipped. The cursor stays, unless the
  // scroll region or the origin mode had to change, which moves it home; on the main screen it then
  // goes to the last line, where output goes on. Returns the bytes written.
  std::size_t RestoreModes(char* out);

  // As the child believes it, shown or skipped.
  bool alternate_screen() const { return modes_.alternate_screen(); }

 private:
  enum class State : std::uint8_t { kText, kEscape, kCsi, kString, kStringEscape };

  void Run(std::string_view in);
  const char* CopyText(const char* at, const char* end);
  void Step(char c);
  void StepString(char c);
  void Begin();
  void Append(char c);
  void Control(char c);
  void Emit(std::string_view bytes);
  void EscapeSequence(std::string_view sequence);
  void ControlSequence(std::string_view sequence);
  void PrivateModes(std::string_view sequence, std::string_view parameters);

  State state_ = State::kText;
  char string_ = 0;        // what opened the string: ] P X ^ _ k
  bool unwanted_ = false;  // the sequence is dropped whatever it turns out to be
  bool after_c2_ = false;  // the last byte written is 0xC2
  std::size_t held_size_ = 0;
  char* to_ = nullptr;  // where output goes, null while skipping
  MirrorModes modes_;
  char held_[kMaxHeld] = {};
};

}  // namespace paned
