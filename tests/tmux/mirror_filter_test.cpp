// MirrorFilter: no query passes, however it is cut; all else passes as it is; and after a skip the
// terminal's modes are what the child believes. The last tests ask a real tmux.
#include "tmux/mirror_filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"

namespace paned {
namespace {

std::string Pass(MirrorFilter* filter, std::string_view in) {
  std::string out(in.size() + MirrorFilter::kMaxHeld, '\0');
  out.resize(filter->Pass(in, out.data()));
  return out;
}

std::string Filtered(std::string_view in) {
  MirrorFilter filter;
  return Pass(&filter, in);
}

std::string Restored(MirrorFilter* filter) {
  std::string out(MirrorFilter::kMaxRestore, '\0');
  out.resize(filter->RestoreModes(out.data()));
  return out;
}

// `in` whole, cut in two at every place, and byte by byte: the same `out`.
void ExpectFiltered(const std::string& in, const std::string& out) {
  SCOPED_TRACE(::testing::PrintToString(in));
  EXPECT_EQ(Filtered(in), out);
  for (std::size_t cut = 1; cut < in.size(); ++cut) {
    MirrorFilter filter;
    const std::string first = Pass(&filter, std::string_view(in).substr(0, cut));
    EXPECT_EQ(first + Pass(&filter, std::string_view(in).substr(cut)), out) << "cut at " << cut;
  }
  MirrorFilter filter;
  std::string bytewise;
  for (const char c : in) bytewise += Pass(&filter, std::string_view(&c, 1));
  EXPECT_EQ(bytewise, out);
  EXPECT_EQ(Filtered(out), out);
}

void ExpectPasses(const std::string& in) { ExpectFiltered(in, in); }

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

const std::vector<std::string>& Queries() {
  static const std::vector<std::string> queries = Words(
      "\x05 \x1bZ \x1b[c \x1b[0c \x1b[>c \x1b[>0c \x1b[=c \x1b[=0c \x1b[?6c "
      // Status, parameters, checksum, locator and other reports.
      "\x1b[5n \x1b[6n \x1b[?6n \x1b[?15n \x1b[?996n \x1b[?62n \x1b[0;5n \x1b[x \x1b[1x "
      "\x1b[1;1;1;1;1;1*y \x1b[1$w \x1b[1$u \x1b[1&w \x1b[&u \x1b[1'| \x1b[1;2'z \x1b[\"v "
      "\x1b[+x \x1b[1,u \x1b[#R \x1b[#S \x1b[#| "
      // Window reports and changes.
      "\x1b[11t \x1b[13t \x1b[14t \x1b[14;2t \x1b[15t \x1b[16t \x1b[18t \x1b[19t \x1b[20t "
      "\x1b[21t \x1b[1;18t \x1b[8;24;80t \x1b[2t \x1b[22;0t "
      // Modes, version, keyboard, graphics.
      "\x1b[4$p \x1b[?1$p \x1b[?2026$p \x1b[>q \x1b[>0q \x1b[?u \x1b[?4m \x1b[?1;1;0S "
      // Control strings of every kind.
      "\x1bP$qm\x1b\\ \x1bP+q544e\x1b\\ \x1bP0;1q#0;2;0;0;0~-\x1b\\ \x1bPtmux;\x1b\x1b[6n\x1b\\ "
      "\x1bPtmux;\x1b\x1b]52;c;?\x07\x1b\\ \x1bPtmux;\x1b\x1bP$qm\x1b\x1b\\\x1b\\ "
      "\x1b_Gi=1,a=q;AAAA\x1b\\ \x1b^private\x1b\\ \x1bXstart\x1b\\ \x1bktitle\x1b\\ "
      // Clipboard and colours, ended either way. tmux counts modulo 2^32.
      "\x1b]52;c;?\x07 \x1b]52;c;?\x1b\\ \x1b]52;c;SGVsbG8=\x07 \x1b]052;;?\x07 \x1b]4;1;?\x07 "
      "\x1b]4;1;red;2;?\x1b\\ \x1b]5;0;?\x07 \x1b]10;?\x07 \x1b]10;?\x1b\\ \x1b]10;red;?\x07 "
      "\x1b]11;?\x07 \x1b]12;?\x07 \x1b]13;?\x07 \x1b]14;?\x07 \x1b]17;?\x07 \x1b]19;?\x07 "
      "\x1b]21;foreground=?\x1b\\ \x1b]22;?__current__\x07 \x1b]50;?\x07 \x1b]60\x07 "
      "\x1b]702;?\x07 \x1b]9876;?\x07 \x1b]1337;ReportCellSize\x07 \x1b]4294967306;?\x07 "
      "\x1b]4294967348;c;?\x07 "
      // What a terminal reports by itself once told to.
      "\x1b[?1004h \x1b[?1004l \x1b[?01004h \x1b[?2031h \x1b[?2048h "
      // Broken up by what terminals ignore amid a sequence.
      "\x1b[6\x7fn \x1b[\xc3\xa9\x36n \x1b[6\x05n \x1b]1\x01\x30;?\x07 \x1b]10;\x7f?\x07");
  return queries;
}

TEST(MirrorFilterTest, RemovesQueries) {
  ExpectFiltered("\x1bP$q q\x1b\\", "");
  for (const std::string& query : Queries()) {
    ExpectFiltered(query, "");
    ExpectFiltered("a" + query + "b", "ab");
    ExpectFiltered("\x1b[1m" + query + "\x1b[m" + query, "\x1b[1m\x1b[m");
  }
  std::string all;
  for (const std::string& query : Queries()) all += query;
  EXPECT_EQ(Filtered(all), "");
}

TEST(MirrorFilterTest, PassesAllElse) {
  ExpectPasses("plain text\r\n\tand\x08 controls\a\x0b\x0c\x0e\x0f\x7f");
  ExpectPasses(
      "\xe5\xad\x90 \xe5\xad\x9b \xc3\x9b \xc2\xa9 \xd0\x9b \xf0\x9f\x90\x9b \xf0\x90\x90\x80");
  ExpectPasses(
      "raw \x9b"
      "6n and \x90$q\x9c and \xff\xfe");
  ExpectPasses("\x1b[m\x1b[0m\x1b[01;34mdir\x1b[38;5;12;48;2;1;2;3;4:3m\x1b[38:2::1:2:3m");
  ExpectPasses(
      "\x1b[H\x1b[2J\x1b[3J\x1b[5;10H\x1b[10;5f\x1b[A\x1b[2B\x1b[3C\x1b[4D\x1b[E\x1b[F\x1b[G");
  ExpectPasses(
      "\x1b[K\x1b[1K\x1b[L\x1b[M\x1b[P\x1b[@\x1b[X\x1b[S\x1b[T\x1b[Z\x1b[d\x1b[`\x1b[3b\x1b[g");
  ExpectPasses("\x1b[s\x1b[u\0337\0338\033D\033M\033E\033H\033c\033=\033>\033#8");
  ExpectPasses("\x1b(0lqk\x1b(B\x1b)0\x0eqq\x0f");
  ExpectPasses("\x1b[?1049h\x1b[?25l\x1b[?1;7h\x1b[?1000;1006h\x1b[?2004h\x1b[?2026h\x1b[?1049l");
  ExpectPasses("\x1b[5;20r\x1b[r\x1b[4h\x1b[4l\x1b[2 q\x1b[ q\x1b[>4;2m\x1b[>4n");
  ExpectPasses(
      "\x1b]0;title?;?\x07\x1b]2;\xe5\xad\x90\x1b\\\x1b]7;file://host/a?b\x07\x1b]133;A\x07");
  ExpectPasses("\x1b]8;id=1;http://a/?b=?\x1b\\link\x1b]8;;\x1b\\");
  ExpectPasses("\x1b]4;1;#ff0000\x07\x1b]10;red\x1b\\\x1b]104\x07\x1b]112\x07\x1b]9876;what?\x07");
}

TEST(MirrorFilterTest, LeavesOutReportingModesAlone) {
  ExpectFiltered("\x1b[?1000;1004;1006h", "\x1b[?1000;1006h");
  ExpectFiltered("\x1b[?1004;25l", "\x1b[?25l");
  ExpectFiltered("\x1b[?25;1004h", "\x1b[?25h");
  ExpectFiltered("\x1b[?1004;2031;2048h", "");
  ExpectFiltered("\x1b[1004h", "\x1b[1004h");
}

TEST(MirrorFilterTest, ReadsAsTerminalsDo) {
  ExpectFiltered("\x1b[6\an.", "\a.");  // a control amid a sequence acts, and it goes on
  ExpectFiltered("\x1b[3\n1mred", "\n\x1b[31mred");  // ahead of it, which makes no difference
  ExpectFiltered("\x1b[6\x18n", "n");                // CAN and SUB give it up
  ExpectFiltered("\x1b[6\x1an", "n");
  ExpectFiltered("\x1b]0;t\x18n", "n");
  ExpectFiltered("\x1bP1$\x18n", "n");
  ExpectFiltered("\x1b[6\x1b[1mx", "\x1b[1mx");  // ESC begins anew
  ExpectFiltered("\x1b\x1b[6nx", "x");
  ExpectFiltered("\x1b]0;t\x1b[6nx", "x");  // an unended title would swallow the x
  ExpectFiltered("\x1b_G\x1b[1mx", "\x1b[1mx");
  ExpectFiltered("\x1b[25?hx", "x");  // malformed: tmux ignores these
  ExpectFiltered("\x1b[1 2qx", "x");
  ExpectFiltered(
      "\xc2\x9b"
      "6n",
      "\xc2"
      "6n");  // U+009B is a CSI to xterm
  ExpectFiltered(
      "\xc2\x1b[6n\x05\x9b"
      "6n",
      "\xc2"
      "6n");
  ExpectFiltered("\x1b]0;a\xc2\x9c\x07x", "x");
}

TEST(MirrorFilterTest, DropsWhatIsTooLong) {
  const std::string title(MirrorFilter::kMaxHeld - 5, 't');
  ExpectPasses("\x1b]0;" + title + "\x07.");
  ExpectFiltered("\x1b]0;" + title + "t\x07.", ".");
  ExpectFiltered("\x1b]0;" + title + "\x1b\\.", ".");
  const std::string zeros(MirrorFilter::kMaxHeld - 3, '0');
  ExpectPasses("\x1b[" + zeros + "m.");
  ExpectFiltered("\x1b[" + zeros + "0m.", ".");
  ExpectFiltered("\x1b[" + zeros + zeros + "6n.", ".");
  ExpectFiltered("\x1b" + zeros, zeros.substr(1).insert(0,
                                                        "\x1b"
                                                        "0"));
  ExpectFiltered("\x1b" + std::string(MirrorFilter::kMaxHeld, ' ') + "Z.", ".");
}

struct SkipCase {
  std::string shown;
  std::string skipped;
  std::string contains;
  std::string lacks;
};

TEST(MirrorFilterTest, RestoresModes) {
  const std::vector<SkipCase> cases = {
      {"", "", "\x18\x1b[m\x1b(B\x1b)B\x0f\x1b[4l\x1b>", "?"},
      {"", "\x1b[?25l", "\x1b[?25l", "\x1b[?25h"},
      {"", "\x1b[?25l\x1b[?25h", "\x1b[?25h", "\x1b[?25l"},
      {"\x1b[?2004h", "text", "\x1b[?2004h", ""},
      {"\x1b[?1049h", "\x1b[?1049l", "\x1b[?1049l", ""},
      {"", "\x1b[?1049h", "\x1b[?1049h", ""},
      {"\x1b[?1049h\x1b[?1049l", "text", "\x1b[?1047l", "1049"},  // 1049 would move the cursor
      {"", "\x1b[?1;7;1006;2004h\x1b[?7;2004l", "\x1b[?7l\x1b[?2004l\x1b[?1h\x1b[?1006h",
       "\x1b[?7h"},
      {"", "\x1b[?1000h\x1b[?1002h", "\x1b[?1002h", "\x1b[?1000"},
      {"\x1b[?1003h", "\x1b[?1003l", "\x1b[?1000l", "h"},
      {"", "\x1b[4h\x1b=", "\x1b[4h\x1b=", "\x1b>"},
      {"", "\x1b)0\x0e\x1b(0", "\x1b(0\x1b)0\x0e", "\x0f"},
      {"\x1b(0\x0e", "\x1b(B\x0f", "\x1b(B\x1b)B\x0f", "\x0e"},
      {"", "\x1b[5 q", "\x1b[5 q", ""},
      {"", "\x1b[3;9r", "\x1b[3;9r", "\x1b[3;9r\x1b[H"},
      {"", "\x1b[3r", "\x1b[3;r", ""},
      {"\x1b[3;9r", "\x1b[r", "\x1b[r", "\x1b[3"},
      {"\x1b[3;9r", "text", "\x1b[m", "r"},  // as it was: setting it would move the cursor
      {"", "\x1b[?1049h\x1b[3;9r", "\x1b[3;9r", "\x1b[9999;1H"},
      {"", "\x1b[3;9r\x1b[?6h", "\x1b[?6h\x1b[4l\x1b>\x1b[9999;1H", ""},
      {"\x1b[?6h", "text", "\x1b[m", "\x1b[?6"},
      {"\x1b[?1004h", "\x1b[?1004h\x1b[?2031h", "\x1b[m", "h"},
      {"\x1b[?25l\x1b[?1;2004h\x1b[4h\x1b[3;9r\x1b[?1049h\x1b[?1000h", "\033c",
       "\x1b[?1047h\x1b[m\x1b(B\x1b)B\x0f\x1b[r\x1b[?1l\x1b[?2004l\x1b[?25h\x1b[?1000l\x1b[4l\x1b>",
       ""},
  };
  for (const SkipCase& test : cases) {
    SCOPED_TRACE(::testing::PrintToString(test.shown + " | " + test.skipped));
    for (std::size_t cut = 0; cut <= test.skipped.size(); ++cut) {
      MirrorFilter filter;
      EXPECT_EQ(Pass(&filter, test.shown).size(), Filtered(test.shown).size());
      filter.Skip(std::string_view(test.skipped).substr(0, cut));
      filter.Skip(std::string_view(test.skipped).substr(cut));
      const std::string restored = Restored(&filter);
      EXPECT_NE(restored.find(test.contains), std::string::npos)
          << ::testing::PrintToString(restored);
      if (!test.lacks.empty()) {
        EXPECT_EQ(restored.find(test.lacks), std::string::npos)
            << ::testing::PrintToString(restored);
      }
      EXPECT_EQ(Filtered(restored), restored);
    }
  }
}

TEST(MirrorFilterTest, ReadsAfreshAfterASkip) {
  for (const std::string skipped : {"\x1b", "\x1b[3", "\x1b]0;title", "\x1bPq#0"}) {
    MirrorFilter filter;
    filter.Skip(skipped);
    Restored(&filter);
    EXPECT_EQ(Pass(&filter, "line\x1b[6n\r\n"), "line\r\n");
  }
  MirrorFilter filter;
  EXPECT_EQ(Pass(&filter, "\x1b[?104"), "");
  filter.Skip("9h");  // a mode cut by the beginning of the skip counts as well
  EXPECT_TRUE(filter.alternate_screen());
}

TEST(MirrorFilterTest, KnowsTheAlternateScreen) {
  MirrorFilter filter;
  EXPECT_FALSE(filter.alternate_screen());
  Pass(&filter, "\x1b[?1049h");
  EXPECT_TRUE(filter.alternate_screen());
  Pass(&filter, "\033c");  // as tmux has it
  EXPECT_TRUE(filter.alternate_screen());
  filter.Skip("\x1b[?1;47l");
  EXPECT_FALSE(filter.alternate_screen());
}

// Random pieces of everything above, with random bytes in between.
std::string RandomOutput(std::mt19937* random, std::size_t size) {
  static const std::vector<std::string> pieces = Words(
      "\x1b [ ] P \x1b[ \x1b] \x1b\\ \x07 \x18 ? ; 1 6 n c 10 52 $ p q > t 18 m text \xc2 \x9b "
      "\xe5\xad\x90 \x05 \x1b[?1049h \x1b[?6 h l \x1b[?1004;25h \x1b\x63 \x0e r \x1b(0");
  std::string output;
  while (output.size() < size) {
    const auto pick = (*random)() % (pieces.size() + Queries().size() / 4 + 2);
    if (pick < pieces.size()) {
      output += pieces[pick];
    } else if (pick < pieces.size() + 2) {
      output += static_cast<char>(1 + (*random)() % 255);  // NUL separates texts below
    } else {
      output += Queries()[(*random)() % Queries().size()];
    }
  }
  return output;
}

TEST(MirrorFilterTest, RandomOutputInAnyPieces) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::string output = RandomOutput(&random, 2000);
    const std::string shown = Filtered(output);
    EXPECT_LE(shown.size(), output.size());
    EXPECT_EQ(Filtered(shown), shown);
    MirrorFilter filter;
    MirrorFilter skipping;
    std::string pieces;
    std::string_view rest = output;
    while (!rest.empty()) {
      const std::string_view piece = rest.substr(0, random() % 64);
      pieces += Pass(&filter, piece);
      skipping.Skip(piece);
      rest.remove_prefix(piece.size());
    }
    ASSERT_EQ(pieces, shown) << "round " << round;
    EXPECT_EQ(skipping.alternate_screen(), filter.alternate_screen());
  }
}

// A private tmux with one pane, where a program prints texts one by one, after each a query that
// every terminal answers, and collects what comes back up to that answer. tmux answers in order, so
// this does not depend on time.
class TmuxPane {
 public:
  TmuxPane() = default;
  ~TmuxPane() { Run({"tmux", "-S", folder_ + "/s", "kill-server"}); }

  TmuxPane(const TmuxPane&) = delete;
  TmuxPane& operator=(const TmuxPane&) = delete;

  // What tmux answers to each text; nothing at all if it could not be asked.
  std::vector<std::string> Answers(const std::vector<std::string>& texts) {
    // As willing to answer as it can be.
    std::ofstream(folder_ + "/conf") << "set -s set-clipboard on\nset -s focus-events on\n"
                                        "set -s extended-keys on\nset -g allow-passthrough on\n";
    std::ofstream script(folder_ + "/ask.py");
    script << "import os, signal, sys, tty\n"
              "signal.alarm(60)\n"
              "tty.setraw(0)\n"
              "folder = sys.argv[1]\n"
              "answers = []\n"
              "for text in open(folder + '/texts', 'rb').read().split(b'\\0')[:-1]:\n"
              "    text += b'\\x18\\x1b[5n'\n"
              "    while text: text = text[os.write(1, text):]\n"
              "    got = b''\n"
              "    while not got.endswith(b'\\x1b[0n'): got += os.read(0, 4096)\n"
              "    answers.append(got[:-4] + b'\\0')\n"
              "with open(folder + '/new', 'wb') as out: out.write(b''.join(answers))\n"
              "os.rename(folder + '/new', folder + '/answers')\n";
    script.close();
    std::ofstream list(folder_ + "/texts");
    for (const std::string& text : texts) list << text << '\0';
    list.close();
    const std::string command = "python3 " + folder_ + "/ask.py " + folder_;
    Run({"tmux", "-u", "-S", folder_ + "/s", "-f", folder_ + "/conf", "new-session", "-d", "-x",
         "80", "-y", "24", command});
    std::vector<std::string> answers;
    for (int wait = 0; wait < 3000; ++wait) {
      std::ifstream in(folder_ + "/answers");
      for (std::string got; std::getline(in, got, '\0');) answers.push_back(got);
      if (!answers.empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return answers;
  }

 private:
  static void Run(const std::vector<std::string>& arguments) {
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;  // the server may be gone already: nothing to read about
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error == 0) ::waitpid(pid, nullptr, 0);
  }

  const testing::TempDir directory_;
  const std::string folder_ = directory_.path();
};

TEST(MirrorFilterTmuxTest, TmuxAnswersNothingThatWasFiltered) {
  std::mt19937 random(2);
  std::vector<std::string> asked = Queries();
  asked.reserve(asked.size() + 30);
  for (int n = 0; n < 30; ++n) asked.push_back(RandomOutput(&random, 2000));
  std::vector<std::string> texts;
  texts.reserve(2 * asked.size());
  for (const std::string& text : asked) texts.push_back(Filtered(text));
  texts.insert(texts.end(), asked.begin(), asked.end());

  TmuxPane pane;
  const std::vector<std::string> answers = pane.Answers(texts);
  ASSERT_EQ(answers.size(), texts.size()) << "is there tmux, and python3?";
  EXPECT_EQ(answers[asked.size() + 2], "\x1b[?1;2c");
  std::size_t answered = 0;
  for (std::size_t n = 0; n < asked.size(); ++n) {
    EXPECT_EQ(answers[n], "") << ::testing::PrintToString(texts[n]);
    const std::string& unfiltered = answers[asked.size() + n];
    if (!unfiltered.empty()) ++answered;
    if (n < Queries().size() && std::getenv("MIRROR_FILTER_TEST_SHOW") != nullptr) {
      std::cout << ::testing::PrintToString(asked[n]) << " -> "
                << ::testing::PrintToString(unfiltered) << "\n";
    }
  }
  EXPECT_GE(answered, 30U);  // lest the test be blind
}

}  // namespace
}  // namespace paned
