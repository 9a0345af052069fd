#include "tmux/mirror_modes.h"

#include <cstring>

namespace paned {
namespace {

// The private modes that are tracked one by one: what tmux and xterm keep and a program may rely
// on. Not 3 (clears the screen), 1048 (saves the cursor), nor the modes that make a terminal
// report.
constexpr std::uint16_t kPrivateModes[] = {1,    5,    6,    7,    12,   25,   66,
                                           1005, 1006, 1007, 1015, 1016, 2004, 2026};
constexpr std::uint32_t kOriginBit = 1U << 2;
constexpr std::uint32_t kOnByDefault = 1U << 3 | 1U << 5;  // 7 wrap, 25 cursor

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Writes escape sequences one after another.
class Sequences {
 public:
  explicit Sequences(char* out) : at_(out) {}

  void Put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  void Number(std::uint32_t number) {
    char digits[10];
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    Put(std::string_view(digits + first, sizeof digits - first));
  }

  void PrivateMode(std::uint32_t number, bool on) {
    Put("\x1b[?");
    Number(number);
    Put(on ? "h" : "l");
  }

  const char* at() const { return at_; }

 private:
  char* at_;
};

}  // namespace

std::uint32_t TakeNumber(std::string_view* text) {
  std::uint32_t number = 0;
  std::size_t at = 0;
  for (; at < text->size() && IsDigit((*text)[at]); ++at) {
    number = number * 10 + static_cast<std::uint32_t>((*text)[at] - '0');
    if (number > kHugeNumber) number = kHugeNumber;
  }
  while (at < text->size() && (*text)[at] != ';') ++at;  // sub-parameters
  text->remove_prefix(at < text->size() ? at + 1 : at);
  return number;
}

void MirrorModes::NotePrivate(std::uint32_t number, bool set, bool shown) {
  if (number == 47 || number == 1047 || number == 1049) {
    now_.alternate_mode = static_cast<std::uint16_t>(number);
    now_.alternate = set;
    if (shown) shown_alternate_ = set;
    return;
  }
  if (number == 9 || (number >= 1000 && number <= 1003)) {
    now_.mouse = static_cast<std::uint16_t>(set ? number : 0);
    now_.mouse_touched = true;
    return;
  }
  std::uint32_t bit = 1;
  for (const std::uint16_t mode : kPrivateModes) {
    if (mode == number) {
      now_.touched |= bit;
      now_.on = set ? now_.on | bit : now_.on & ~bit;
      if (bit == kOriginBit && shown) shown_origin_ = set;
    }
    bit <<= 1;
  }
}

void MirrorModes::NoteAnsi(std::string_view parameters, bool set) {
  while (!parameters.empty()) {
    if (TakeNumber(&parameters) == 4) now_.insert = set;
  }
}

void MirrorModes::NoteRegion(std::string_view parameters, bool shown) {
  now_.region.top = static_cast<std::uint16_t>(TakeNumber(&parameters));
  now_.region.bottom = static_cast<std::uint16_t>(TakeNumber(&parameters));
  if (shown) shown_region_ = now_.region;
}

void MirrorModes::NoteCursorStyle(std::string_view parameters) {
  now_.cursor_style = static_cast<std::uint8_t>(TakeNumber(&parameters) % 10);
  now_.cursor_style_touched = true;
}

void MirrorModes::NoteEscape(std::string_view sequence, bool shown) {
  if (sequence.size() == 2) {
    if (sequence[1] == 'c') NoteReset(shown);
    if (sequence[1] == '=' || sequence[1] == '>') now_.keypad = sequence[1] == '=';
  } else if (sequence.size() == 3) {
    if (sequence[1] == '(') now_.g0_graphics = sequence[2] == '0';
    if (sequence[1] == ')') now_.g1_graphics = sequence[2] == '0';
  }
}

// RIS: all as at the start, but that tmux stays on the alternate screen. What was touched is still
// to be restored, if the reset was not shown.
void MirrorModes::NoteReset(bool shown) {
  Modes reset;
  reset.on = kOnByDefault;
  reset.touched = now_.touched;
  reset.alternate_mode = now_.alternate_mode;
  reset.alternate = now_.alternate;
  reset.mouse_touched = now_.mouse_touched;
  reset.cursor_style_touched = now_.cursor_style_touched;
  now_ = reset;
  if (!shown) return;
  shown_origin_ = false;
  shown_region_ = Region();
}

std::size_t MirrorModes::Restore(char* out) {
  Sequences to(out);
  to.Put("\x18");  // out of any half-shown character
  if (now_.alternate_mode != 0) {
    // 1049 moves the cursor even when the screen is the right one already; 1047 does not.
    const bool changes = now_.alternate != shown_alternate_;
    to.PrivateMode(changes ? now_.alternate_mode : 1047U, now_.alternate);
  }
  to.Put("\x1b[m");
  to.Put(now_.g0_graphics ? "\x1b(0" : "\x1b(B");
  to.Put(now_.g1_graphics ? "\x1b)0" : "\x1b)B");
  to.Put(now_.shifted ? "\x0e" : "\x0f");
  const bool region = now_.region != shown_region_;
  if (region) {
    to.Put("\x1b[");
    if (now_.region != Region()) {
      to.Number(now_.region.top);
      to.Put(";");
      if (now_.region.bottom != 0) to.Number(now_.region.bottom);
    }
    to.Put("r");
  }
  const bool origin_on = (now_.on & kOriginBit) != 0;
  const bool origin = origin_on != shown_origin_;
  for (const bool on : {false, true}) {  // resets first: some sets exclude each other
    std::uint32_t bit = 1;
    for (const std::uint16_t mode : kPrivateModes) {
      const bool due = (now_.touched & bit) != 0 && (bit != kOriginBit || origin);
      if (due && ((now_.on & bit) != 0) == on) to.PrivateMode(mode, on);
      bit <<= 1;
    }
  }
  if (now_.mouse_touched) to.PrivateMode(now_.mouse != 0 ? now_.mouse : 1000U, now_.mouse != 0);
  to.Put(now_.insert ? "\x1b[4h" : "\x1b[4l");
  to.Put(now_.keypad ? "\x1b=" : "\x1b>");
  if (now_.cursor_style_touched) {
    to.Put("\x1b[");
    to.Number(now_.cursor_style);
    to.Put(" q");
  }
  if ((region || origin) && !now_.alternate) to.Put("\x1b[9999;1H");
  shown_alternate_ = now_.alternate;
  shown_origin_ = origin_on;
  shown_region_ = now_.region;
  return static_cast<std::size_t>(to.at() - out);
}

}  // namespace paned
