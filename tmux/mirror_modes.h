// What a terminal's modes are to be, by what was written to it: noted as the bytes go by, shown or
// not, and written out again when the terminal has missed some. Part of MirrorFilter.
//
// Linked into the holder like that. Threading: none; one object, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace paned {

// A number longer than any in use; counting stops here.
constexpr std::uint32_t kHugeNumber = 65535;

// The number at the front of a sequence's parameters, which are left behind the next semicolon.
std::uint32_t TakeNumber(std::string_view* parameters);

class MirrorModes {
 public:
  static constexpr std::size_t kMaxRestore = 256;

  // Each for one kind of sequence, and whether it goes to the terminal. `parameters` are digits,
  // colons and semicolons.
  void NotePrivate(std::uint32_t number, bool set, bool shown);
  void NoteAnsi(std::string_view parameters, bool set);
  void NoteRegion(std::string_view parameters, bool shown);
  void NoteCursorStyle(std::string_view parameters);
  void NoteEscape(std::string_view sequence, bool shown);
  void NoteShift(bool out) { now_.shifted = out; }

  // Writes what puts the terminal into these modes, at most kMaxRestore bytes; returns how many.
  std::size_t Restore(char* out);

  bool alternate_screen() const { return now_.alternate; }

 private:
  // Lines; both 0 are the whole screen.
  struct Region {
    std::uint16_t top = 0;
    std::uint16_t bottom = 0;
    bool operator!=(const Region& other) const {
      return top != other.top || bottom != other.bottom;
    }
  };

  struct Modes {
    std::uint32_t on = 0;              // bits of kPrivateModes
    std::uint32_t touched = 0;         // ever set or reset; the others are not the child's business
    std::uint16_t alternate_mode = 0;  // 47, 1047 or 1049, whichever was used last; 0: none ever
    std::uint16_t mouse = 0;           // 1000, 1002, ...: one at a time; 0: none
    std::uint8_t cursor_style = 0;
    bool alternate = false;
    bool mouse_touched = false;
    bool cursor_style_touched = false;
    bool keypad = false;
    bool insert = false;
    bool shifted = false;      // SO
    bool g0_graphics = false;  // line drawing
    bool g1_graphics = false;
    Region region;
  };

  void NoteReset(bool shown);

  Modes now_;
  // What the terminal has seen, of the modes that must not be set twice: that moves the cursor.
  bool shown_alternate_ = false;
  bool shown_origin_ = false;
  Region shown_region_;
};

}  // namespace paned
