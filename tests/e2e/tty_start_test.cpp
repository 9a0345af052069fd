// What a program on a terminal is given: arguments, environment, directory, name, state.
#include <sys/stat.h>

#include <set>
#include <sstream>

#include "tests/e2e/pattern.h"
#include "tests/e2e/tty_fixture.h"

namespace paned::testing {
namespace {

class TtyStart : public TtyBoth {
 protected:
  using Names = std::set<std::string>;
  // The child's environment.
  Names Entries(const std::string& more) {
    if (!client_) client_ = Open();
    const std::string id = "env-" + std::to_string(++runs_);
    Names entries;
    std::istringstream text(Run(client_.get(), id, {"/usr/bin/env", "-0"}, more).out);
    for (std::string entry; std::getline(text, entry, '\0');) entries.insert(entry);
    return entries;
  }
  static bool Has(const Names& entries, const std::string& prefix) {
    const auto at = entries.lower_bound(prefix);
    return at != entries.end() && at->rfind(prefix, 0) == 0;
  }
  static std::string HashLine(const std::string& text) {
    std::array<char, 32> line;
    std::snprintf(line.data(), line.size(), "%016llx\r\r\n",
                  static_cast<unsigned long long>(Hash(text)));
    return line.data();
  }

  int runs_ = 0;
};
ON_BOTH_BACKENDS(TtyStart);

TEST_P(TtyStart, BigArgumentsAndOnesThatMeanSomethingElsewhere) {
  ServeTty();
  const auto client = Open();
  const std::vector<std::string> arguments = {std::string(100'000, 'a'),
                                              std::string(28 << 10, '\xE2'),
                                              ";",
                                              "a;",
                                              "\\;",
                                              "",
                                              "a b",
                                              "'",
                                              "\"",
                                              "#{pane_id}",
                                              "$(echo x)",
                                              "`x`",
                                              "\n",
                                              "\r",
                                              "\t",
                                              "~",
                                              "%1",
                                              "@1",
                                              "{",
                                              "}",
                                              "-x",
                                              "--",
                                              "\\",
                                              "\x1b[c",
                                              "\x7f",
                                              "\xC3\xA9",
                                              "*",
                                              "\xEF\xBF\xBF"};
  std::vector<std::string> argv = {HelperProgram(), "strings"};
  std::string expected;
  for (const std::string& argument : arguments) {
    // What is no UTF-8 has no form in JSON.
    argv.push_back(argument.front() == '\xE2' ? std::string(28 << 10, 'e') : argument);
    expected += HashLine(argv.back());
  }
  const std::string value(128 << 10 >> 1, 'v');
  const Story story = Run(client.get(), "p", argv,
                          R"("env":{"BIG":)" + Quote(value) + R"(,"HUGE":)" +
                              Quote(value.substr(1)) + R"(,"SHELL":"/bin/;"})");
  for (const std::string& entry : {"BIG=" + value, "HUGE=" + value.substr(1)}) {
    expected += HashLine(entry);
  }
  expected += HashLine("SHELL=/bin/;");
  EXPECT_EQ(story.out, expected);
  EXPECT_EQ(story.exit_code, 0);
}

TEST_P(TtyStart, AnyLocaleOfTheServerWillDo) {
  for (const bool unset : {false, true}) {
    ServerOptions options;
    if (!unset) options.env = {"LC_ALL=C"};
    options.unset = {"LANG", "LC_CTYPE"};
    if (unset) options.unset.emplace_back("LC_ALL");
    ServeTty(options);
    const auto client = Open();
    const std::string text = "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80";
    Start(client.get(), "p", Sh("printf '%s\\n' '" + text + "'; exec sleep 1000"));
    ASSERT_TRUE(AwaitText(client.get(), "p", text + "\r\n"));
    if (on_tmux()) {
      EXPECT_TRUE(Eventually([&] {
        return Screen(client.get(), "p").find(text) != std::string::npos;
      })) << Screen(client.get(), "p");
    }
  }
}

TEST_P(TtyStart, AnyDirectoryWillDo) {
  ServeTty();
  const auto client = Open();
  const TempDir dir;
  int n = 0;
  for (const std::string name :
       {"a b", "\xC3\xA9t\xC3\xA9 \xE2\x82\xAC", "#{x};'\"$(y)", "tab\tnl\n"}) {
    ASSERT_EQ(::mkdir((dir / name).c_str(), 0700), 0);
    const std::string id = "p" + std::to_string(++n);
    const Story story =
        Run(client.get(), id, Sh("stty raw; /bin/pwd -P"), "\"cwd\":" + Quote(dir / name));
    EXPECT_EQ(story.out, (dir / name) + "\n");
  }
}

TEST_P(TtyStart, AnyIdWillDo) {
  ServeTty();
  const auto client = Open();
  const std::vector<std::string> ids = {"",
                                        " ",
                                        ".",
                                        ":",
                                        ";",
                                        "a;",
                                        "a:b.c",
                                        "#{pane_id}",
                                        "#[fg=red]",
                                        "$x",
                                        "%1",
                                        "@1",
                                        "-t",
                                        "=x",
                                        "!",
                                        "{last}",
                                        "'\"\\",
                                        "\n",
                                        "a\tb",
                                        "\x1b[31m",
                                        "\x7f",
                                        "\xC2\x80",
                                        "\xC3\xA9",
                                        std::string(300, 'i'),
                                        std::string(100, '\x01'),
                                        std::string("nul\0nul", 7)};
  for (const std::string& id : ids) {
    Start(client.get(), id, {"/bin/cat"});
    EXPECT_TRUE(Write(client.get(), id, "there\n")) << id;
    EXPECT_TRUE(AwaitText(client.get(), id, "there\r\nthere\r\n")) << id;
  }
  if (on_tmux()) {
    // Every window gets its name in the end, without what means something to tmux.
    std::string names;
    EXPECT_TRUE(Eventually([&] {
      names = TmuxSays(server(), "list-windows -F '#{window_name}'");
      std::size_t cats = 0;
      for (std::size_t at = names.find("cat\n"); at != std::string::npos;
           at = names.find("cat\n", at + 1)) {
        ++cats;
      }
      // The long ones are cut before the program's name.
      return cats + 3 >= ids.size();
    })) << names;
    EXPECT_EQ(names.find_first_of(":.#$\\\x1b\x01\t\x7f"), std::string::npos) << names;
  }
  for (const std::string& id : ids) {
    EXPECT_TRUE(Write(client.get(), id, "\x04"));
    EXPECT_TRUE(client->UntilClosed(id));
    EXPECT_EQ(client->story(id).exit_code, 0);
  }
}

TEST_P(TtyStart, TheEnvironmentIsExact) {
  ServerOptions options;
  options.env = {"TMUX=/outer,1,2", "TMUX_PANE=%99", "PANED_X=1", "E2E_PLAIN=kept",
                 "SHELL=/bin/mine"};
  options.unset = {"TERM", "LINES", "COLUMNS"};
  ServeTty(options);
  const auto only_shell = [](const Names& entries) {
    return entries.size() == 1 && entries.begin()->rfind("SHELL=/", 0) == 0;
  };
  EXPECT_TRUE(only_shell(Entries("\"env\":{}")));
  EXPECT_EQ(
      Entries(R"("env":{"TERM":"dumb","SHELL":"x","TMUX":"t","TMUX_PANE":"p","PANED_Y":"1"})"),
      (Names{"TERM=dumb", "SHELL=x", "TMUX=t", "TMUX_PANE=p", "PANED_Y=1"}));
  const Names inherited = Entries("");
  EXPECT_TRUE(inherited.count("E2E_PLAIN=kept"));
  EXPECT_TRUE(inherited.count("SHELL=/bin/mine"));
  for (const char* none : {"TMUX=", "TMUX_PANE=", "PANED_", "TERM=", "LINES=", "COLUMNS="}) {
    EXPECT_FALSE(Has(inherited, none)) << none;
  }
}

TEST_P(TtyStart, TheServersTermIsInherited) {
  ServerOptions options;
  options.env = {"TERM=e2e-term"};
  ServeTty(options);
  EXPECT_TRUE(Entries("").count("TERM=e2e-term"));
  EXPECT_FALSE(Has(Entries("\"env\":{}"), "TERM="));
}

TEST_P(TtyStart, TheStateIsClearAndTheTerminalItsOwn) {
  ServeTty();
  const auto client = Open();
  for (int n = 0; n < 20; ++n) Start(client.get(), "busy-" + std::to_string(n), {"/bin/cat"});
  EXPECT_EQ(Run(client.get(), "fds", {HelperProgram(), "fds"}).out, "0 1 2 ");
  EXPECT_EQ(Run(client.get(), "state", {HelperProgram(), "state"}).out,
            "leader=1 group=1 masked=0 ignored=0");
  const Story tty = Run(client.get(), "tty", Sh("tty; ps -o tty= -p $$ | tr -d ' '; umask"));
  EXPECT_EQ(tty.out.rfind("/dev/pts/", 0), 0u) << tty.out;
  const std::string name = tty.out.substr(5, tty.out.find('\r') - 5);
  EXPECT_NE(tty.out.find("\r\n" + name + "\r\n"), std::string::npos) << tty.out;
  EXPECT_EQ(tty.out.find("0177"), std::string::npos) << tty.out;
  // Job control works: it is the leader of a session with this terminal.
  const Story jobs = Run(client.get(), "jobs", Sh("set -m; sleep 1000 & kill %1; wait; echo done"));
  EXPECT_NE(jobs.out.find("done"), std::string::npos) << jobs.out;
}

TEST_P(TtyStart, Arg0AndTheInheritedStreams) {
  ServeTty();
  const auto client = Open();
  EXPECT_EQ(Run(client.get(), "arg0",
                {"/bin/sh", "-c", "echo $0; [ -t 0 ] && [ -t 1 ] && [ -t 2 ]"}, R"("arg0":"other")")
                .exit_code,
            0);
  EXPECT_EQ(Run(client.get(), "pipe", Sh("[ -t 0 ] && echo both >&2"), "\"pipeStdin\":true").out,
            "both\r\n");
}

}  // namespace
}  // namespace paned::testing
