// Texts on their way into tmux, and back out of a real one.
#include "tmux/tmux_text.h"

#include <string>
#include <vector>

#include "tests/tmux/tmux_fixture.h"

namespace paned {
namespace {

TEST(TmuxText, NamesAreSafeAndShort) {
  EXPECT_EQ(SanitiseName("make -j2"), "make -j2");
  EXPECT_EQ(SanitiseName(""), "_");
  EXPECT_EQ(SanitiseName("a:b.c#d\\e$f"), "a_b_c_d_e_f");
  EXPECT_EQ(SanitiseName(std::string("a\0b\n\x1b\x7f", 6)), "a_b___");
  EXPECT_EQ(SanitiseName("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(SanitiseName("\xc2\x9bx"), "_x");                // a C1 control
  EXPECT_EQ(SanitiseName("\xff\xc3(\xe2\x82"), "__(__");     // not UTF-8
  EXPECT_EQ(SanitiseName("\xc0\xaf\xed\xa0\x80"), "_____");  // overlong, surrogate
  EXPECT_EQ(SanitiseName(std::string(50, 'x')), std::string(40, 'x'));
  std::string wide;
  for (int n = 0; n < 41; ++n) wide += "\xe6\xbc\xa2";
  EXPECT_EQ(SanitiseName(wide), wide.substr(3));
}

TEST(TmuxText, Ids) {
  for (const char* good : {"@0", "%12", "@4294967295"}) EXPECT_TRUE(IsTmuxId(good)) << good;
  for (const char* bad : {"", "@", "%", "3", "@3 ", "@3;kill-server", "$1", "@-1", "@1.2"}) {
    EXPECT_FALSE(IsTmuxId(bad)) << bad;
  }
}

TEST(TmuxText, OneArgumentGoesThroughAShell) {
  EXPECT_EQ(CommandArguments({"a", "b"}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(CommandArguments({"it's"}), (std::vector<std::string>{"exec 'it'\\''s'"}));
}

std::vector<std::string> NastyTexts() {
  std::string printable;
  for (int c = 0x20; c < 0x7f; ++c) printable += static_cast<char>(c);
  std::string bytes;
  for (int c = 1; c < 0x100; ++c) bytes += static_cast<char>(c);
  std::vector<std::string> texts = {"",
                                    "plain",
                                    "two words",
                                    ";",
                                    "a;",
                                    "a\\;",
                                    "\\",
                                    "a\\",
                                    "'",
                                    "''",
                                    "\"",
                                    "$HOME",
                                    "${HOME}",
                                    "~",
                                    "~root",
                                    "#",
                                    "#{pid}",
                                    "#(id)",
                                    "# comment",
                                    "{",
                                    "}",
                                    "{ a }",
                                    "%if",
                                    "%1",
                                    "A=b",
                                    "a ; ls",
                                    "a\nkill-server",
                                    "\n",
                                    "\r\n",
                                    "\t",
                                    "\x1b[31m",
                                    "\\n",
                                    "\\101",
                                    "-n",
                                    "--",
                                    "!",
                                    "`id`",
                                    "$(id)",
                                    "%H:%M",
                                    "a'b\"c\\d;",
                                    "gr\xc3\xbc\xc3\x9f",
                                    "\xe6\xbc\xa2\xf0\x9f\x98\x80",
                                    "\xff\xfe\x80"};
  texts.push_back(printable);
  texts.push_back(bytes);
  texts.push_back(std::string(100'000, 'x') + ";");
  return texts;
}

class QuotingTest : public TmuxTest {};

// As a window's command they arrive exactly as they were.
TEST_F(QuotingTest, ArgumentsArriveAsTheyWere) {
  Make();
  const std::vector<std::string> texts = NastyTexts();
  std::vector<std::string> command = {
      "/bin/sh", "-c", R"(out=$1; shift; printf '%s\0' "$@" > "$out.part"; mv "$out.part" "$out")",
      "sh", directory_ + "/out"};
  command.insert(command.end(), texts.begin(), texts.end());
  const Result<Window> window = Open("nasty", command);
  ASSERT_TRUE(window.ok()) << window.error().message;
  const std::string path = directory_ + "/out";
  ASSERT_TRUE(RunUntil([&] { return std::filesystem::exists(path); }));
  std::string expected;
  for (const std::string& text : texts) expected += text + '\0';
  EXPECT_EQ(ReadFile(path), expected);
}

// tmux itself holds them as they were: an option's value shows.
TEST_F(QuotingTest, TmuxTakesThemAsTheyWere) {
  Make();
  ASSERT_TRUE(Open().ok());
  for (const std::string& text : NastyTexts()) {
    if (text.size() > 4096) continue;
    const std::string conf = directory_ + "/quoted.conf";
    std::ofstream(conf, std::ios::binary) << "set -g @quoted " << QuoteForTmux(text) << "\n";
    EXPECT_EQ(Tmux("source-file " + conf), "") << text;
    EXPECT_EQ(Tmux("show -gv @quoted"), text + "\n");
  }
}

TEST_F(QuotingTest, FrontCommandArrivesAsItWas) {
  for (const std::string last : {"a;", "a\\;", ";", "x y", "$HOME"}) {
    TmuxOptions options = Options();
    std::filesystem::remove(directory_ + "/out");
    options.front_command = {"/bin/sh",
                             "-c",
                             R"(printf '%s' "$2" > "$1.part"; mv "$1.part" "$1"; exec sleep 1000)",
                             "sh",
                             directory_ + "/out",
                             last};
    Make(options);
    ASSERT_TRUE(Open().ok());
    ASSERT_TRUE(RunUntil([&] { return std::filesystem::exists(directory_ + "/out"); }));
    EXPECT_EQ(ReadFile(directory_ + "/out"), last);
    bool stopped = false;
    server_->Stop(/*kill=*/true, [&] { stopped = true; });
    ASSERT_TRUE(RunUntil([&] { return stopped; }));
  }
}

TEST_F(QuotingTest, WindowNamesAreWhatWasMadeOfThem) {
  Make();
  const std::vector<std::string> names = {
      "#(touch x)", "a;", "-t",  "it's", "$HOME", "", "gr\xc3\xbc\xc3\x9f {x}",
      "\xff",       "%H", "a\\b"};
  std::string expected = "front\n";
  for (const std::string& name : names) {
    ASSERT_TRUE(Open(name).ok()) << name;
    expected += SanitiseName(name) + "\n";
    const Result<Window> renamed = Open("?");
    ASSERT_TRUE(renamed.ok());
    server_->Rename(renamed.value().window, name);
    expected += SanitiseName(name) + "\n";
  }
  ASSERT_TRUE(Capture("%0").ok());  // behind the last of them
  EXPECT_EQ(Tmux("list-windows -t paned -F '#{window_name}'"), expected);
}

// A program of one word runs without an argument that a shell could take for something else.
TEST_F(QuotingTest, AProgramAlone) {
  WriteProgram("it's a $program;", "echo alone > " + directory_ + "/out; exec sleep 1000\n");
  Make();
  ASSERT_TRUE(Open("w", {directory_ + "/it's a $program;"}).ok());
  ASSERT_TRUE(RunUntil([&] { return ReadFile(directory_ + "/out") == "alone\n"; }));
}

}  // namespace
}  // namespace paned
