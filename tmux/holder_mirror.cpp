#include "tmux/holder_mirror.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace paned {
namespace {

constexpr std::size_t kPiece = 4096;

std::size_t PutNumber(std::uint64_t number, char* to) {
  std::array<char, 20> digits = {};
  std::size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  for (std::size_t n = 0; n < count; ++n) to[n] = digits[count - 1 - n];
  return count;
}

}  // namespace

// RIS resets the screen and its modes, though tmux's does not leave the alternate screen; ED 3
// clears the history.
void HolderMirror::Clear(std::string_view text) {
  filter_ = MirrorFilter();
  flooding_ = false;
  shown_ = arrived_ = 0;
  skipped_ = 0;
  tick_at_ms_ = 0;
  pending_at_ = pending_size_ = 0;
  constexpr std::string_view kReset =
      "\x1b[?1047l\x1b"
      "c\x1b[3J";
  Emit(kReset.data(), kReset.size());
  Emit(text.data(), text.size());
}

// Writes what the pane takes, and keeps the rest. There is always room: nothing is emitted while
// something is pending, but for what one painting has.
void HolderMirror::Emit(const char* bytes, std::size_t size) {
  if (pane_ < 0 || size == 0) return;
  if (!wants_write()) {
    while (size > 0) {
      const ssize_t put = ::write(pane_, bytes, size);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno != EAGAIN) return;  // hung up: whoever polls the pane will see it
      if (put <= 0) break;
      bytes += put;
      size -= static_cast<std::size_t>(put);
    }
    pending_at_ = pending_size_ = 0;
  }
  size = std::min(size, pending_.size() - pending_size_);
  std::memcpy(pending_.data() + pending_size_, bytes, size);
  pending_size_ += size;
}

void HolderMirror::OnWritable() {
  while (wants_write()) {
    const ssize_t put = ::write(pane_, pending_.data() + pending_at_, pending_size_ - pending_at_);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    pending_at_ += static_cast<std::size_t>(put);
  }
}

void HolderMirror::Pass(std::string_view bytes) {
  std::array<char, kPiece + MirrorFilter::kMaxHeld> shown;
  const std::size_t size = filter_.Pass(bytes, shown.data());
  Emit(shown.data(), size);
}

void HolderMirror::Show(const HolderRing& ring, std::size_t size) {
  if (pane_ < 0) return;
  arrived_ += size;
  std::uint64_t at = ring.end() - size;
  while (at < ring.end()) {
    const std::string_view piece = ring.At(at, kPiece);
    at += piece.size();
    if (!flooding_ && !wants_write() && shown_ + piece.size() <= kPerTick) {
      shown_ += piece.size();
      Pass(piece);
    } else {
      flooding_ = true;
      skipped_ += piece.size();
      filter_.Skip(piece);
    }
  }
}

int HolderMirror::TickIn(std::int64_t now_ms) const {
  if (pane_ < 0 || (tick_at_ms_ == 0 && arrived_ == 0)) return -1;
  if (tick_at_ms_ == 0) return kTickMs;
  return static_cast<int>(std::clamp<std::int64_t>(tick_at_ms_ - now_ms, 0, kTickMs));
}

void HolderMirror::OnTick(const HolderRing& ring, std::int64_t now_ms) {
  if (pane_ < 0) return;
  if (tick_at_ms_ == 0) {
    if (arrived_ > 0) tick_at_ms_ = now_ms + kTickMs;
    return;
  }
  if (now_ms < tick_at_ms_) return;
  const bool calm = arrived_ <= kPerTick;
  shown_ = arrived_ = 0;
  tick_at_ms_ = flooding_ ? now_ms + kTickMs : 0;
  if (!flooding_ || wants_write()) return;
  if (skipped_ > 0) Repaint(ring);
  flooding_ = !calm || wants_write();
}

void HolderMirror::Finish(const HolderRing& ring) {
  if (pane_ < 0 || skipped_ == 0) return;
  if (!wants_write()) Repaint(ring);
}

// The tail of what was skipped, behind the modes it was written in and a word on what is missing.
void HolderMirror::Repaint(const HolderRing& ring) {
  std::array<char, MirrorFilter::kMaxRestore> modes;
  Emit(modes.data(), filter_.RestoreModes(modes.data()));
  const std::uint64_t tail =
      std::min({skipped_, std::uint64_t{kTail}, ring.end() - ring.oldest_readable()});
  std::array<char, kTail> copy;
  std::size_t size = 0;
  while (size < tail) {
    const std::string_view piece = ring.At(ring.end() - tail + size, tail - size);
    std::memcpy(copy.data() + size, piece.data(), piece.size());
    size += piece.size();
  }
  std::string_view shown(copy.data(), size);
  if (skipped_ > tail) {
    // Whole lines only, and no half of a sequence at the front.
    const std::size_t line = shown.find('\n');
    if (line != std::string_view::npos) shown.remove_prefix(line + 1);
    if (!filter_.alternate_screen()) {
      std::array<char, 96> word;
      std::size_t n = 0;
      const auto put = [&](std::string_view text) {
        std::memcpy(word.data() + n, text.data(), text.size());
        n += text.size();
      };
      put("\r\n\x1b[2m[paned: ");
      n += PutNumber(skipped_ - shown.size(), word.data() + n);
      put(" bytes not shown here]\x1b[m\r\n");
      Emit(word.data(), n);
    }
  }
  Pass(shown);
  skipped_ = 0;
}

}  // namespace paned
