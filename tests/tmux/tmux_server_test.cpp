// The private tmux server, with a real tmux: windows, people, screens.
#include "tmux/tmux_server.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/tmux/tmux_fixture.h"

namespace paned {
namespace {

class TmuxServerTest : public TmuxTest {
 protected:
  std::string SizesOf(const std::vector<Window>& windows) {
    std::set<std::string> sizes;
    for (const Window& window : windows) {
      sizes.insert(Tmux("display -p -t " + window.pane +
                        " '#{window_width}x#{window_height} #{pane_width}x#{pane_height}'"));
    }
    std::string text;
    for (const std::string& size : sizes) text += size;
    return text;
  }
  std::string CurrentWindow() { return Tmux("display -p -t paned '#{window_id}'"); }
  bool RunUntilPeople(std::size_t count) {
    return RunUntil([&] { return server_->attached_people() == count; });
  }
};

constexpr const char* kSize = "80x24 80x24\n";

TEST_F(TmuxServerTest, StartsWithTheFirstWindow) {
  Make();
  RunAWhile();
  EXPECT_FALSE(std::filesystem::exists(server_->socket_path()));
  EXPECT_FALSE(server_->running());
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok()) << window.error().message;
  EXPECT_EQ(window.value().window, "@1");
  EXPECT_EQ(window.value().pane, "%1");
  EXPECT_TRUE(server_->running());
  EXPECT_EQ(server_->attached_people(), 0U);
  EXPECT_EQ(Tmux("display -p -t %1 '#{pid}'"), std::to_string(server_->server_pid()) + "\n");
  EXPECT_EQ(Shell("tmux ls 2>&1").find("paned"), std::string::npos);
}

TEST_F(TmuxServerTest, WindowsKeepTheirSizeWhoeverAttaches) {
  Make();
  std::vector<Window> windows;
  int failed = 0;
  for (int n = 0; n < 20; ++n) {
    server_->OpenWindow("w" + std::to_string(n), {"/bin/sleep", "1000"},
                        [&](Result<Window> window) {
                          if (window.ok()) return windows.push_back(window.value());
                          ADD_FAILURE() << window.error().message;
                          ++failed;
                        });
  }
  EXPECT_TRUE(windows.empty());
  ASSERT_TRUE(RunUntil([&] { return windows.size() + std::size_t(failed) == 20; }));
  std::set<std::string> ids;
  for (const Window& window : windows) {
    ids.insert(window.window);
    ids.insert(window.pane);
  }
  EXPECT_EQ(ids.size(), 40U);
  EXPECT_EQ(SizesOf(windows), kSize);
  {
    const Person person(server_->socket_path());
    ASSERT_TRUE(RunUntilPeople(1));
    ASSERT_EQ(Tmux("list-clients -F '#{client_width}x#{client_height}' | grep 200"), "200x50\n");
    EXPECT_EQ(SizesOf(windows), kSize);
    const Result<Window> late = Open();
    ASSERT_TRUE(late.ok());
    EXPECT_EQ(SizesOf({late.value()}), kSize);
    Tmux("select-window -t " + late.value().window);
    EXPECT_EQ(SizesOf({late.value()}), kSize);
    server_->Resize(windows[0], 30, 100);
    ASSERT_TRUE(RunUntil([&] { return SizesOf({windows[0]}) == "100x30 100x30\n"; }));
  }
  ASSERT_TRUE(RunUntilPeople(0));
  windows.erase(windows.begin());
  EXPECT_EQ(SizesOf(windows), kSize);
}

TEST_F(TmuxServerTest, PeopleAreCountedAndNotDisturbed) {
  Make();
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok());
  server_->Select(window.value().window);
  ASSERT_TRUE(RunUntil([&] { return CurrentWindow() == window.value().window + "\n"; }));
  {
    const Person one(server_->socket_path());
    ASSERT_TRUE(RunUntilPeople(1));
    server_->Select("@0");
    ASSERT_TRUE(Open().ok());  // behind it in the queue
    RunAWhile();
    EXPECT_EQ(CurrentWindow(), window.value().window + "\n");
    const Person two(server_->socket_path());
    ASSERT_TRUE(RunUntilPeople(2));
  }
  ASSERT_TRUE(RunUntilPeople(0));
  server_->Select("@0");
  ASSERT_TRUE(RunUntil([&] { return CurrentWindow() == "@0\n"; }));
}

TEST_F(TmuxServerTest, ConfigurationIsInEffect) {
  TmuxOptions options = Options();
  options.history_limit = 1234;
  Make(options);
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok());
  EXPECT_EQ(Tmux("display -p -t " + window.value().pane + " '#{history_limit}'"), "1234\n");
  const std::string shown = Tmux("show -s") + Tmux("show -g") + Tmux("show -gw");
  for (const char* line :
       {"exit-empty off", "escape-time 0", "set-clipboard off", "focus-events off", "status off",
        "default-size 80x24", "mouse off", "allow-rename off", "automatic-rename off",
        "remain-on-exit off", "aggressive-resize off", "monitor-bell off", "bell-action none",
        "default-shell /bin/sh"}) {
    EXPECT_NE(shown.find(std::string("\n") + line + "\n"), std::string::npos) << line;
  }
  struct stat status = {};
  ASSERT_EQ(::stat((directory_ + "/tmux.conf").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(TmuxServerTest, NothingOfOursGetsIntoIt) {
  ::setenv("PANED_TEST_SECRET", "hidden", 1);              // NOLINT(concurrency-mt-unsafe)
  ::setenv("LC_ALL", "C", 1);                              // NOLINT(concurrency-mt-unsafe)
  const UniqueFd leak(::open("/proc/version", O_RDONLY));  // not close-on-exec
  Make();
  const Result<Window> window =
      Open("w", {"/bin/sh", "-c",
                 "env > " + directory_ + "/env.part; mv " + directory_ + "/env.part " + directory_ +
                     "/env; exec sleep 1000"});
  ASSERT_TRUE(window.ok());
  ASSERT_TRUE(RunUntil([&] { return std::filesystem::exists(directory_ + "/env"); }));
  ::unsetenv("PANED_TEST_SECRET");  // NOLINT(concurrency-mt-unsafe)
  ::unsetenv("LC_ALL");             // NOLINT(concurrency-mt-unsafe)
  const std::string env = ReadFile(directory_ + "/env");
  EXPECT_EQ(env.find("PANED_TEST_SECRET"), std::string::npos);
  EXPECT_EQ(env.find("LC_ALL"), std::string::npos);
  EXPECT_NE(env.find("LANG=C.UTF-8\n"), std::string::npos);
  for (const pid_t pid : {server_->server_pid(), server_->client_pid()}) {
    const std::string proc = "/proc/" + std::to_string(pid);
    EXPECT_EQ(ReadFile(proc + "/environ").find("PANED_TEST_SECRET"), std::string::npos);
    for (const auto& entry : std::filesystem::directory_iterator(proc + "/fd")) {
      std::error_code gone;
      EXPECT_NE(std::filesystem::read_symlink(entry.path(), gone), "/proc/version");
    }
    EXPECT_EQ(std::filesystem::read_symlink(proc + "/cwd"), "/");
    EXPECT_NE(::getsid(pid), ::getsid(0));
    EXPECT_NE(ReadFile(proc + "/status").find("SigBlk:\t0000000000000000"), std::string::npos);
  }
}

TEST_F(TmuxServerTest, RenamesAndKills) {
  Make();
  const Result<Window> window = Open("first");
  ASSERT_TRUE(window.ok());
  server_->Rename(window.value().window, "it's: $HOME;");
  const std::string list = "list-windows -t paned -F '#{window_id} #{window_name}'";
  ASSERT_TRUE(RunUntil([&] { return Tmux(list) == "@0 front\n@1 it's_ _HOME;\n"; }));
  server_->Rename("@1;kill-server", "x");
  server_->Kill("@99");
  server_->Kill(window.value().pane);  // names its window
  ASSERT_TRUE(RunUntil([&] { return Tmux(list) == "@0 front\n"; }));
  ASSERT_TRUE(RunUntil(
      [&] { return log_.find("debug tmux: can't find window: @99") != std::string::npos; }));
  // A gap is not filled: the next one is the last all the same.
  ASSERT_TRUE(Open("next").ok());
  EXPECT_EQ(Tmux(list), "@0 front\n@2 next\n");
  EXPECT_EQ(lost_, 0);
}

TEST_F(TmuxServerTest, CapturesAScreen) {
  Make();
  const Result<Window> window =
      Open("w", {"/bin/sh", "-c",
                 R"(printf 'gr\303\274\303\237 \346\274\242\345\255\227|\r\n\n%%end 1 2 1\r\n)"
                 R"(trailing   \r\nhere'; exec sleep 1000)"});
  ASSERT_TRUE(window.ok());
  Result<Screen> screen = Capture(window.value().pane);
  ASSERT_TRUE(RunUntil([&] {
    screen = Capture(window.value().pane);
    return !screen.ok() || screen.value().lines[4] == "here";
  }));
  ASSERT_TRUE(screen.ok()) << screen.error().message;
  const Screen& seen = screen.value();
  EXPECT_EQ(seen.rows, 24U);
  EXPECT_EQ(seen.cols, 80U);
  EXPECT_EQ(seen.cursor_row, 4U);
  EXPECT_EQ(seen.cursor_col, 4U);
  EXPECT_FALSE(seen.alternate);
  std::vector<std::string> lines(24);
  lines[0] = "gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2\xe5\xad\x97|";
  lines[2] = "%end 1 2 1";
  lines[3] = "trailing";
  lines[4] = "here";
  EXPECT_EQ(seen.lines, lines);
}

TEST_F(TmuxServerTest, CapturesTheAlternateScreen) {
  Make();
  const Result<Window> window = Open(
      "w", {"/bin/sh", "-c", R"(printf 'main\033[?1049h\033[3;5Halternate'; exec sleep 1000)"});
  ASSERT_TRUE(window.ok());
  Result<Screen> screen = Capture(window.value().pane);
  ASSERT_TRUE(RunUntil([&] {
    screen = Capture(window.value().pane);
    return !screen.ok() || screen.value().lines[2] == "    alternate";
  }));
  ASSERT_TRUE(screen.ok()) << screen.error().message;
  EXPECT_TRUE(screen.value().alternate);
  EXPECT_EQ(screen.value().cursor_row, 2U);
  EXPECT_EQ(screen.value().cursor_col, 13U);
  EXPECT_EQ(screen.value().lines[0], "");
}

// A screen full of what could be the end of the reply is a screen like others.
TEST_F(TmuxServerTest, AScreenCannotForgeAnAnswer) {
  Make();
  const Result<Window> window =
      Open("w", {"/bin/sh", "-c",
                 R"(stty -onlcr; while :; do now=$(date +%s); n=260; printf '\033[H'; )"
                 R"(while [ $n -lt 283 ]; do printf '%%end %s %s 1\r\n' $now $n; n=$((n+1)); )"
                 R"(done; done)"});
  ASSERT_TRUE(window.ok());
  for (int n = 0; n < 50; ++n) {
    const Result<Screen> screen = Capture(window.value().pane);
    ASSERT_TRUE(screen.ok()) << screen.error().message;
    EXPECT_EQ(screen.value().lines.size(), 24U);
  }
  EXPECT_EQ(lost_, 0);
}

TEST_F(TmuxServerTest, NoScreenOfNoPane) {
  Make();
  EXPECT_EQ(Capture("%1").error().message, "tmux shows no screen: tmux does not run");
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Capture("%99").error().message, "tmux shows no screen: can't find pane: %99");
  EXPECT_EQ(Capture("%1 ; kill-server").error().message,
            "tmux shows no screen: no pane has this name");
  ASSERT_TRUE(Capture("%1").ok());
}

// The program is started by tmux, so tmux's word for a failure is all there is: none.
TEST_F(TmuxServerTest, AProgramThatIsNotThereEndsItsWindow) {
  Make();
  ASSERT_TRUE(Open("w", {"/nowhere/program", "x"}).ok());
  ASSERT_TRUE(RunUntil([&] { return Tmux("list-windows -t paned -F '#{window_id}'") == "@0\n"; }));
  ASSERT_TRUE(Open().ok());
}

}  // namespace
}  // namespace paned
