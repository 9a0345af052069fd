#include "tmux/mirror_filter.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace paned {
namespace {

constexpr char kEnq = '\x05';
constexpr char kBel = '\x07';
constexpr char kShiftOut = '\x0e';
constexpr char kShiftIn = '\x0f';
constexpr char kCan = '\x18';
constexpr char kSub = '\x1a';
constexpr char kEsc = '\x1b';
constexpr char kDel = '\x7f';
constexpr char kC2 = '\xc2';

bool IsC1(char c) {
  return static_cast<unsigned char>(c) >= 0x80 && static_cast<unsigned char>(c) <= 0x9f;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20; }

// DEL and all above it: ignored by tmux inside a sequence, which goes on after them.
bool IsIgnoredInSequence(char c) { return static_cast<unsigned char>(c) >= 0x7f; }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsFinal(char c) { return c >= '@' && c < kDel; }

bool Contains(std::string_view set, char c) {
  return std::memchr(set.data(), c, set.size()) != nullptr;
}

// What ends a run of plain text: ESC, ENQ, SO, SI, and the byte that may open a UTF-8 coded C1
// control.
bool IsSpecial(char c) {
  return c == kEsc || c == kEnq || c == kShiftOut || c == kShiftIn || c == kC2;
}

const char* FindSpecial(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i esc = _mm_set1_epi8(kEsc);
  const __m128i enq = _mm_set1_epi8(kEnq);
  const __m128i shift = _mm_set1_epi8(kShiftIn);
  const __m128i one = _mm_set1_epi8(1);
  const __m128i c2 = _mm_set1_epi8(kC2);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i found = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, esc), _mm_cmpeq_epi8(bytes, enq)),
        _mm_or_si128(_mm_cmpeq_epi8(_mm_or_si128(bytes, one), shift), _mm_cmpeq_epi8(bytes, c2)));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + __builtin_ctz(mask);
  }
#endif
  while (at != end && !IsSpecial(*at)) ++at;
  return at;
}

// The length of the control sequence at `at` when it is all there and plain: ESC [, parameters and
// intermediates, final byte. 0 sends it through the state machine, which gives the same.
std::size_t WholeControlSequence(const char* at, const char* end) {
  const std::ptrdiff_t limit = static_cast<std::ptrdiff_t>(MirrorFilter::kMaxHeld);
  if (end - at > limit) end = at + limit;
  if (end - at < 3 || at[1] != '[') return 0;
  const char* c = at + 2;
  while (c != end && *c >= ' ' && *c <= '?') ++c;
  return c != end && IsFinal(*c) ? static_cast<std::size_t>(c + 1 - at) : 0;
}

// Reports that the terminal sends by itself from then on: focus, colour scheme, size.
bool IsReportingMode(std::uint32_t number) {
  return number == 1004 || number == 2031 || number == 2048;
}

// Of an OSC, between its introducer and its terminator.
bool IsOscRemoved(std::string_view body) {
  std::uint32_t number = 0;
  bool counting = true;
  bool numbered = false;
  bool asks = false;  // an argument that is or begins with `?`, or the value of a key is
  char before = ';';
  for (const char c : body) {
    if (IsControl(c) || c == kDel) continue;  // terminals ignore them: `1 NUL 0 ; ?` is a query
    if (before == kC2 && IsC1(c)) return true;
    if (counting && IsDigit(c)) {
      number = number * 10 + static_cast<std::uint32_t>(c - '0');
      if (number > kHugeNumber) number = kHugeNumber;
      numbered = true;
    } else {
      counting = false;
    }
    if (c == '?' && (before == ';' || before == '=' || before == ':')) asks = true;
    before = c;
  }
  if (!numbered) return asks;
  switch (number) {
    case 0:  // titles, folder, hyperlink, notification, prompt marks: text, with any `?` in it
    case 1:
    case 2:
    case 7:
    case 8:
    case 9:
    case 133:
    case 633:
      return false;
    case 52:  // clipboard, whether it is asked for or set
    case 5522:
    case 60:  // xterm: which operations are allowed
    case 61:
    case 62:
    case 99:           // kitty notifications: report back
    case 1337:         // iTerm2: files and reports
    case kHugeNumber:  // tmux counts modulo 2^32, so this may be any of them
      return true;
    default:
      return asks;
  }
}

}  // namespace

std::size_t MirrorFilter::Pass(std::string_view in, char* out) {
  to_ = out;
  Run(in);
  const auto written = static_cast<std::size_t>(to_ - out);
  to_ = nullptr;
  return written;
}

void MirrorFilter::Skip(std::string_view in) { Run(in); }

void MirrorFilter::Run(std::string_view in) {
  const char* at = in.data();
  const char* const end = at + in.size();
  while (at != end) {
    if (state_ == State::kText) {
      at = CopyText(at, end);
      if (at == end) return;
      const std::size_t size = *at == kEsc ? WholeControlSequence(at, end) : 0;
      if (size != 0) {
        ControlSequence(std::string_view(at, size));
        at += size;
        continue;
      }
    }
    Step(*at++);
  }
}

// Up to the next special byte. U+0080 to U+009F are controls to xterm (C2 9B is a CSI) though not
// to tmux, which shows nothing for them: their second byte is left out. It is looked for in what is
// written, for a removed sequence may have stood between the two.
const char* MirrorFilter::CopyText(const char* at, const char* end) {
  if (after_c2_ && to_ != nullptr) {
    while (at != end && IsC1(*at)) ++at;
  }
  const char* const special = FindSpecial(at, end);
  Emit(std::string_view(at, static_cast<std::size_t>(special - at)));
  return special;
}

void MirrorFilter::Emit(std::string_view bytes) {
  if (to_ == nullptr || bytes.empty()) return;
  std::memcpy(to_, bytes.data(), bytes.size());
  to_ += bytes.size();
  after_c2_ = bytes.back() == kC2;
}

void MirrorFilter::Begin() {
  state_ = State::kEscape;
  held_[0] = kEsc;
  held_size_ = 1;
  unwanted_ = false;
}

void MirrorFilter::Append(char c) {
  if (held_size_ == kMaxHeld) unwanted_ = true;
  if (!unwanted_) held_[held_size_++] = c;
}

// Controls act at once, also amid a sequence, so they go ahead of the one that is held.
void MirrorFilter::Control(char c) {
  if (c == kEnq) return;
  if (c == kShiftOut || c == kShiftIn) modes_.NoteShift(c == kShiftOut);
  Emit(std::string_view(&c, 1));
}

void MirrorFilter::Step(char c) {
  if (state_ == State::kString || state_ == State::kStringEscape) return StepString(c);
  if (c == kEsc) return Begin();
  if (state_ == State::kText) {
    if (c == kC2) return Emit(std::string_view(&c, 1));
    return Control(c);
  }
  if (c == kCan || c == kSub) {
    state_ = State::kText;
    return;
  }
  if (IsControl(c)) return Control(c);
  if (IsIgnoredInSequence(c)) return;
  const bool introduces = state_ == State::kEscape && held_size_ == 1;
  Append(c);
  if (introduces && c == '[') {
    state_ = State::kCsi;
  } else if (introduces && Contains("]PX^_k", c)) {
    state_ = State::kString;
    string_ = c;
    unwanted_ = c != ']';
  } else if (state_ == State::kEscape ? c >= '0' : IsFinal(c)) {
    const bool csi = state_ == State::kCsi;
    state_ = State::kText;
    if (unwanted_) return;
    const std::string_view sequence(held_, held_size_);
    if (csi) {
      ControlSequence(sequence);
    } else {
      EscapeSequence(sequence);
    }
  }
}

// A string counts when BEL (OSC only) or ST ends it. Cut short it is dropped: shown without an end
// it would swallow the text behind it.
void MirrorFilter::StepString(char c) {
  std::size_t end_size = 0;
  if (state_ == State::kStringEscape) {
    if (c == '\\') {
      Append(kEsc);
      Append(c);
      end_size = 2;
    } else if (c == kEsc && string_ == 'P') {
      state_ = State::kString;  // tmux passthrough doubles each ESC inside
      return;
    } else {
      Begin();
      return Step(c);
    }
  } else if (c == kCan || c == kSub) {
    state_ = State::kText;
    return;
  } else if (c == kEsc) {
    state_ = State::kStringEscape;
    return;
  } else {
    if (c == kEnq) return;
    Append(c);
    if (c != kBel || string_ != ']') return;
    end_size = 1;
  }
  state_ = State::kText;
  if (unwanted_) return;
  if (IsOscRemoved(std::string_view(held_ + 2, held_size_ - 2 - end_size))) return;
  Emit(std::string_view(held_, held_size_));
}

void MirrorFilter::EscapeSequence(std::string_view sequence) {
  if (sequence == "\x1bZ") return;  // DECID: "what are you?"
  if (sequence[1] == '%') return;   // would take a terminal out of UTF-8, where C1 controls count
  modes_.NoteEscape(sequence, to_ != nullptr);
  Emit(sequence);
}

// Passes what is known to change the screen or the keys; tmux ignores all else but the queries, so
// the query that somebody invents next is removed already. Also removed: `t`, the window's size and
// title stack, for it is not the child's window.
void MirrorFilter::ControlSequence(std::string_view sequence) {
  const char final = sequence.back();
  std::string_view parameters(sequence.data() + 2, sequence.size() - 3);  // substr() may throw
  char mark = '\0';  // the prefix or the intermediate; nothing with more than one of these passes
  if (!parameters.empty() && parameters.front() >= '<') {
    mark = parameters.front();
    parameters.remove_prefix(1);
  } else if (!parameters.empty() && parameters.back() < '0') {
    mark = parameters.back();
    parameters.remove_suffix(1);
  }
  for (const char c : parameters) {
    if (c < '0' || c > ';') return;
  }
  switch (mark) {
    case '\0':
      if (!Contains("@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu", final)) return;
      if (final == 'r') modes_.NoteRegion(parameters, to_ != nullptr);
      if (final == 'h' || final == 'l') modes_.NoteAnsi(parameters, final == 'h');
      break;
    case '?':
      if (final == 'h' || final == 'l') return PrivateModes(sequence, parameters);
      if (final != 'J' && final != 'K') return;
      break;
    case '>':
      if (final != 'm' && final != 'n') return;  // modifyOtherKeys on and off
      break;
    case ' ':
      if (final != 'q') return;
      modes_.NoteCursorStyle(parameters);
      break;
    default:
      return;
  }
  Emit(sequence);
}

// Leaves out the modes that make a terminal report by itself, and keeps the others of the sequence.
void MirrorFilter::PrivateModes(std::string_view sequence, std::string_view parameters) {
  const char final = sequence.back();
  char kept[kMaxHeld];
  std::size_t size = 0;
  const auto keep = [&](std::string_view text) {
    std::memcpy(kept + size, text.data(), text.size());
    size += text.size();
  };
  keep("\x1b[?");
  bool removed = false;
  bool any = parameters.empty();
  while (!parameters.empty()) {
    const char* const begin = parameters.data();
    const std::uint32_t number = TakeNumber(&parameters);
    if (IsReportingMode(number)) {
      removed = true;
      continue;
    }
    modes_.NotePrivate(number, final == 'h', to_ != nullptr);
    keep(std::string_view(begin, static_cast<std::size_t>(parameters.data() - begin)));
    any = true;
  }
  if (!any) return;
  if (!removed) return Emit(sequence);
  if (kept[size - 1] == ';') --size;  // the last one was removed
  keep(std::string_view(&final, 1));
  Emit(std::string_view(kept, size));
}

std::size_t MirrorFilter::RestoreModes(char* out) {
  state_ = State::kText;
  after_c2_ = false;
  return modes_.Restore(out);
}

}  // namespace paned
