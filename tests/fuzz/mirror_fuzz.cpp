// Any output of a child: cut in any way it passes the same; what has passed passes again unchanged
// and holds nothing that a terminal answers; and skipping notes the same modes as showing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tmux/mirror_filter.h"

namespace {

using paned::MirrorFilter;

void Require(bool condition) {
  if (!condition) std::abort();
}

std::string Pass(MirrorFilter* filter, std::string_view in) {
  std::string out(in.size() + MirrorFilter::kMaxHeld, '\0');
  const std::size_t size = filter->Pass(in, out.data());
  Require(size <= out.size());
  out.resize(size);
  return out;
}

std::string Restore(MirrorFilter* filter) {
  std::string out(MirrorFilter::kMaxRestore, '\0');
  out.resize(filter->RestoreModes(out.data()));
  return out;
}

// Reads filtered output, in which every sequence is whole, by other means than the filter.
void RequireNoQuery(std::string_view shown) {
  for (std::size_t at = 0; at < shown.size(); ++at) {
    Require(shown[at] != '\x05');
    if (shown[at] != '\x1b') continue;
    Require(++at < shown.size());
    Require(std::string_view("ZPX^_k%").find(shown[at]) == std::string_view::npos);
    if (shown[at] == '[') {
      const std::size_t begin = ++at;
      while (shown[at] < '@') Require(shown[at] >= ' ' && ++at < shown.size());
      const std::string_view parameters = shown.substr(begin, at - begin);
      Require(std::string_view("ctxpvwyz|{iR").find(shown[at]) == std::string_view::npos);
      Require(parameters.find_first_of("$*&'+,#\"") == std::string_view::npos);
      Require(shown[at] != 'n' || parameters.front() == '>');
      if (shown[at] != 'h' && shown[at] != 'l') {
        Require(parameters.find('?') == std::string_view::npos || shown[at] == 'J' ||
                shown[at] == 'K');
      }
    } else if (shown[at] == ']') {
      const std::size_t begin = ++at;
      at = shown.find_first_of("\x07\x1b", at);
      Require(at != std::string_view::npos);
      const std::string_view body = shown.substr(begin, at - begin);
      Require(body.substr(0, 3) != "52;" && body != "10;?" && body != "11;?");
      if (shown[at] == '\x1b') Require(++at < shown.size() && shown[at] == '\\');
    } else {
      while (shown[at] >= ' ' && shown[at] <= '/') Require(++at < shown.size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  MirrorFilter whole;
  const std::string shown = Pass(&whole, input);
  Require(shown.size() <= input.size());
  RequireNoQuery(shown);

  MirrorFilter cut;
  MirrorFilter skipping;
  std::string pieces;
  std::size_t at = 0;
  while (at < size) {
    const std::size_t length = std::size_t{1} + data[at] % 37;  // any lengths, by the input itself
    const std::string_view piece = input.substr(at, length);
    pieces += Pass(&cut, piece);
    skipping.Skip(piece);
    at += piece.size();
  }
  Require(pieces == shown);
  Require(skipping.alternate_screen() == whole.alternate_screen());

  MirrorFilter again;
  Require(Pass(&again, shown) == shown);

  const std::string restored = Restore(&whole);
  Require(restored == Restore(&cut));
  RequireNoQuery(restored);
  Restore(&skipping);
  Require(Restore(&skipping) == restored);  // now that all of them have been shown
  MirrorFilter other;
  Require(Pass(&other, restored) == restored);
  Require(other.alternate_screen() == whole.alternate_screen());
  return 0;
}
