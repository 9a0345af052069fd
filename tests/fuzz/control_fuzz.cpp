// Any bytes as the output of tmux, cut anywhere: never a crash, never unbounded memory, and the
// same events as in one piece.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tmux/control_parser.h"

namespace {

using paned::ControlParser;

std::string Events(std::string_view bytes, std::size_t piece, std::size_t expected) {
  ControlParser parser;
  parser.ExpectLines(expected);
  std::string events;
  while (true) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    parser.Feed(next);
    for (auto event = parser.Next(); event != ControlParser::Event::kNone; event = parser.Next()) {
      if (event == ControlParser::Event::kError) return events + "error " + parser.error();
      if (event == ControlParser::Event::kNotification) {
        events += parser.notification().name + '|' + parser.notification().arguments + '\n';
        continue;
      }
      events += parser.reply().ok ? "ok" : "failed";
      events += parser.reply().ours ? " ours" : "";
      for (const std::string& line : parser.reply().lines) events += '|' + line;
      events += '\n';
    }
    if (bytes.empty()) return events;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::size_t expected = data[1] % 5;
  const std::string whole = Events(bytes, bytes.size() + 1, expected);
  if (Events(bytes, 1 + data[0] % 32U, expected) != whole) std::abort();
  return 0;
}
