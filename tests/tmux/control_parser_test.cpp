// The control-mode parser: what tmux writes, whole and cut at every place.
#include "tmux/control_parser.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace paned {
namespace {

// One line of text per event.
std::string Describe(ControlParser* parser, ControlParser::Event event) {
  if (event == ControlParser::Event::kNotification) {
    return "note " + parser->notification().name + '|' + parser->notification().arguments;
  }
  if (event == ControlParser::Event::kError) return "error " + parser->error();
  std::string text = parser->reply().ok ? "ok" : "failed";
  if (parser->reply().ours) text += " ours";
  for (const std::string& line : parser->reply().lines) text += '|' + line;
  return text;
}

std::vector<std::string> Take(ControlParser* parser) {
  std::vector<std::string> events;
  for (auto event = parser->Next(); event != ControlParser::Event::kNone; event = parser->Next()) {
    events.push_back(Describe(parser, event));
    if (event == ControlParser::Event::kError) break;
  }
  return events;
}

std::vector<std::string> Parse(std::string_view bytes) {
  ControlParser parser;
  parser.Feed(bytes);
  return Take(&parser);
}

using Events = std::vector<std::string>;

TEST(ControlParser, TakesRepliesAndNotificationsApart) {
  struct Case {
    std::string_view bytes;
    Events events;
  };
  const std::vector<Case> cases = {
      {"", {}},
      {"%begin 1 2 1\n%end 1 2 1\n", {"ok ours"}},
      {"%begin 1 2 0\n%end 1 2 0\n", {"ok"}},
      {"%begin 1 2 1\r\na\r\n%end 1 2 1\r\n", {"ok ours|a"}},
      {"%begin 1 2 1\nno such pane\n%error 1 2 1\n", {"failed ours|no such pane"}},
      {"%begin 1 2 1\n\n\n%end 1 2 1\n", {"ok ours||"}},
      {"%window-add @3\n", {"note window-add|@3"}},
      {"%exit\n", {"note exit|"}},
      {"%exit server exited\n%begin 1 2", {"note exit|server exited"}},
      {"%begin 7 3 1\n%window-add @3\n%end 7 4 1\n%begin 7 5 1\n%end 7 3 1\n",
       {"ok ours|%window-add @3|%end 7 4 1|%begin 7 5 1"}},
      {"%begin 7 3 1\n%end 7 3 1 \n %end 7 3 1\n%end 7 3 1\n", {"ok ours|%end 7 3 1 | %end 7 3 1"}},
      {"hello\n", {"error a line out of place: hello"}},
      {"\n", {"error a line out of place: "}},
      {"%end 1 2 1\n", {"error a line out of place: %end 1 2 1"}},
      {"%begin 1 2\n", {"error an odd %begin: 1 2"}},
      {"%begin 1 2 x\n", {"error an odd %begin: 1 2 x"}},
      {"%begin 1  2 1\n", {"error an odd %begin: 1  2 1"}},
      {"\x1b\n%exit\n", {"error a line out of place: ?"}},
  };
  for (const Case& one : cases) EXPECT_EQ(Parse(one.bytes), one.events) << one.bytes;
}

constexpr std::string_view kTranscript =
    "%begin 1795252285 262 0\n%end 1795252285 262 0\n%window-add @0\n%sessions-changed\n"
    "%session-changed $0 paned\n%begin 1795252285 268 1\n@1 %1\n%end 1795252285 268 1\n"
    "%layout-change @1 b25e,80x24,0,0,1 b25e,80x24,0,0,1 \n"
    "%client-session-changed /dev/pts/2 $0 paned\n%client-detached /dev/pts/2\n"
    "%begin 1795252285 269 1\n%\n%%\n\xc3\xa9\n%end 1795252285 268 1\n%error 1795252285 269 1\n"
    "%sessions-changed\n%exit\n";

TEST(ControlParser, CutsMakeNoDifference) {
  const Events whole = Parse(kTranscript);
  ASSERT_EQ(whole.size(), 11U);
  EXPECT_EQ(whole[4], "ok ours|@1 %1");
  EXPECT_EQ(whole[8], "failed ours|%|%%|\xc3\xa9|%end 1795252285 268 1");
  for (std::size_t cut = 0; cut <= kTranscript.size(); ++cut) {
    ControlParser parser;
    parser.Feed(kTranscript.substr(0, cut));
    Events events = Take(&parser);
    parser.Feed(kTranscript.substr(cut));
    for (std::string& event : Take(&parser)) events.push_back(event);
    ASSERT_EQ(events, whole) << "cut at " << cut;
  }
  ControlParser parser;
  Events events;
  for (const char c : kTranscript) {
    parser.Feed({&c, 1});
    for (std::string& event : Take(&parser)) events.push_back(event);
  }
  EXPECT_EQ(events, whole);
}

TEST(ControlParser, CountedLinesMayLookLikeAnything) {
  ControlParser parser;
  parser.ExpectLines(3);
  parser.Feed("%begin 1 2 0\n%end 1 2 0\n");  // not ours, so not the one
  EXPECT_EQ(Take(&parser), Events{"ok"});
  parser.Feed("%begin 1 3 1\n%end 1 3 1\n%error 1 3 1\nx\n%end 1 3 1\n");
  EXPECT_EQ(Take(&parser), Events{"ok ours|%end 1 3 1|%error 1 3 1|x"});
  parser.Feed("%begin 1 4 1\n%end 1 4 1\n");
  EXPECT_EQ(Take(&parser), Events{"ok ours"});
}

TEST(ControlParser, NothingGrowsWithoutEnd) {
  const std::string longest(ControlParser::kMaxLine - 1, 'x');
  EXPECT_EQ(Parse("%" + longest + "\n").size(), 1U);
  EXPECT_EQ(Parse("%" + longest + "\n").front().substr(0, 6), "note x");
  EXPECT_EQ(Parse("%x" + longest + "\n"), Events{"error a line longer than 1 MiB"});
  EXPECT_EQ(Parse("%x" + longest), Events{"error a line longer than 1 MiB"});

  ControlParser parser;
  parser.Feed("%begin 1 2 1\n");
  Events events = Take(&parser);
  std::size_t fed = 0;
  while (events.empty() && fed <= 2 * ControlParser::kMaxReply) {
    parser.Feed(longest + "\n");
    fed += longest.size();
    events = Take(&parser);
  }
  EXPECT_EQ(events, Events{"error a reply longer than 16 MiB"});
  parser.Feed("%end 1 2 1\n");
  EXPECT_EQ(Take(&parser), Events{"error a reply longer than 16 MiB"});
}

}  // namespace
}  // namespace paned
