// `paned attach` on a real tmux: what a person sees, may do and may not do, and what is left of it.
#include "server/client/attach.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "tests/client/client_fixture.h"

namespace paned::testing {
namespace {

constexpr char kPrefix[] = "\x02";  // C-b

// A server whose tmux has two windows, %0 with cat in it and %1 with sleep.
class AttachTest : public ClientFixture {
 protected:
  void SetUp() override {
    if (std::system("tmux -V >/dev/null 2>&1") != 0) GTEST_SKIP() << "there is no tmux";
    served_by_ = Serve({Row("cat", "tmux", "%0")});
    tmux_ = served_by_->directory.Socket("tmux.sock").value();
    // Set on each window: as a global option, tmux 3.3a dies of it.
    Tmux(
        "-u -f /dev/null new-session -d -s main -x 80 -y 24 'exec cat' ';' "
        "set-option -s exit-empty off ';' set-option -g remain-on-exit on ';' "
        "set-option -w remain-on-exit off ';' set-option -w window-size manual ';' "
        "new-window -d 'exec sleep 1000'");
  }

  void TearDown() override {
    if (!tmux_.empty()) Tmux("kill-server");
  }

  std::string Tmux(const std::string& arguments) const {
    const std::string line = "env -u TMUX tmux -S '" + tmux_ + "' " + arguments + " 2>&1";
    FILE* pipe = ::popen(line.c_str(), "re");
    std::string output;
    std::array<char, 4096> buffer = {};
    std::size_t got = 0;
    while ((got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
      output.append(buffer.data(), got);
    }
    ::pclose(pipe);
    return output;
  }

  std::string Sessions() const { return Tmux("list-sessions -F '#{session_name}'"); }
  std::string Windows() const { return Tmux("list-windows -t main -F '#{window_id}'"); }
  std::string Screen() const { return Tmux("capture-pane -p -t %0"); }

  std::unique_ptr<Child> Attach(
      bool write, const std::function<void()>& prepare = [] {}) {
    return std::make_unique<Child>(
        [&] {
          ::setenv("TERM", "xterm", 1);
          ::unsetenv("TMUX");
          prepare();
          return RunAttach({"cat", write, base()}, nullptr, &std::cout, &std::cerr);
        },
        true);
  }

  // Whether a client of this name is attached; its flags.
  bool IsAttached(const Child& child, std::string* flags = nullptr) const {
    const std::string name = "attach-" + std::to_string(child.pid());
    const std::string line = Tmux("list-clients -t " + name + " -F '#{client_flags}'");
    if (flags != nullptr) *flags = line;
    return line.find("attached") == 0;
  }

  void AwaitAttached(Child* child) {
    ASSERT_TRUE(Eventually([&] { return IsAttached(*child) || child->Ended(); }));
    ASSERT_FALSE(child->Ended()) << child->Output();
  }

  Served* served_by_ = nullptr;
  std::string tmux_;
};

TEST_F(AttachTest, ReadOnlyUnlessAskedOtherwise) {
  const auto child = Attach(false);
  AwaitAttached(child.get());
  std::string flags;
  EXPECT_TRUE(IsAttached(*child, &flags));
  EXPECT_NE(flags.find("read-only"), std::string::npos) << flags;
  EXPECT_NE(flags.find("ignore-size"), std::string::npos) << flags;
  child->Type("typed\r");
  child->Type(std::string(kPrefix) + "c" + kPrefix + ")" + kPrefix + "n" + kPrefix + "d");
  EXPECT_EQ(Wait(child.get()), 0) << child->Output();
  // Keys come in order: what was typed before the detach has been dealt with.
  EXPECT_EQ(Screen().find("typed"), std::string::npos) << Screen();
  EXPECT_EQ(Sessions(), "main\n");
  EXPECT_EQ(Windows(), "@0\n@1\n");
}

TEST_F(AttachTest, ThePaneKeepsItsSize) {
  const auto child = Attach(true);
  AwaitAttached(child.get());
  EXPECT_EQ(Tmux("display-message -p -t %0 '#{pane_width}x#{pane_height}'"), "80x24\n");
  child->Type(std::string(kPrefix) + "d");
  EXPECT_EQ(Wait(child.get()), 0) << child->Output();
  EXPECT_EQ(Tmux("display-message -p -t %0 '#{pane_width}x#{pane_height}'"), "80x24\n");
}

TEST_F(AttachTest, ShowsThePane) {
  Tmux("send-keys -t %0 'seen before' Enter");
  const auto child = Attach(false);
  EXPECT_TRUE(Eventually([&] { return child->Output().find("seen before") != std::string::npos; }));
  Tmux("send-keys -t %0 'and after' Enter");
  EXPECT_TRUE(Eventually([&] { return child->Output().find("and after") != std::string::npos; }));
}

TEST_F(AttachTest, WithWriteThePersonTypes) {
  const auto child = Attach(true);
  AwaitAttached(child.get());
  std::string flags;
  EXPECT_TRUE(IsAttached(*child, &flags));
  EXPECT_EQ(flags.find("read-only"), std::string::npos) << flags;
  child->Type("typed\r");
  EXPECT_TRUE(Eventually([&] { return Screen().find("typed\ntyped\n") == 0; })) << Screen();
  child->Type(std::string(kPrefix) + kPrefix + "x\r");
  EXPECT_TRUE(Eventually([&] { return Screen().find("^Bx\n") != std::string::npos; })) << Screen();
  child->Type(std::string(kPrefix) + "d");
  EXPECT_EQ(Wait(child.get()), 0) << child->Output();
}

TEST_F(AttachTest, OtherWindowsAreOutOfReach) {
  const auto child = Attach(true);
  AwaitAttached(child.get());
  // A new window, the next one, kill this one, the next session, a tree, a prompt: none of them.
  for (const char* key : {"c", "n", "p", "1", "&y", ")", "(", "L", "s", "w", "%", "\"", "!", ","}) {
    child->Type(kPrefix + std::string(key));
  }
  child->Type("\rend\r");
  ASSERT_TRUE(Eventually([&] { return Screen().find("end") != std::string::npos; })) << Screen();
  EXPECT_TRUE(IsAttached(*child));
  EXPECT_EQ(Windows(), "@0\n@1\n");
  EXPECT_EQ(Tmux("list-panes -a -F x").size(), 6U) << "%0 twice, and %1";
  EXPECT_EQ(Tmux("display-message -p -t %0 '#{pane_in_mode}'"), "0\n");
}

TEST_F(AttachTest, TheEndOfTheWindowIsTheEnd) {
  for (const char* how : {"kill-window -t %0", "send-keys -t %0 C-d"}) {
    const std::string pane = Tmux("new-window -d -P -F '#{pane_id}' -t main:9 'exec cat'");
    Tmux("set-option -w -t main:9 remain-on-exit off");
    served_by_->rows[0].pane = pane.substr(0, pane.size() - 1);
    const auto child = Attach(false);
    AwaitAttached(child.get());
    std::string command = how;
    command.replace(command.find("%0"), 2, served_by_->rows[0].pane);
    Tmux(command);
    EXPECT_EQ(Wait(child.get()), 0) << child->Output();
    EXPECT_EQ(Sessions(), "main\n");
  }
}

TEST_F(AttachTest, AClientThatIsKilledLeavesNothing) {
  const auto child = Attach(false);
  AwaitAttached(child.get());
  const std::string client = Tmux("list-clients -F '#{client_pid}'");
  ASSERT_EQ(::kill(static_cast<pid_t>(std::stol(client)), SIGKILL), 0);
  EXPECT_EQ(Wait(child.get()), 128 + SIGKILL);
  EXPECT_EQ(Sessions(), "main\n");
  EXPECT_EQ(Windows(), "@0\n@1\n");
}

TEST_F(AttachTest, ASignalEndsItAndLeavesNothing) {
  for (const int number : {SIGHUP, SIGTERM}) {
    const auto child = Attach(false);
    AwaitAttached(child.get());
    ::kill(child->pid(), number);
    EXPECT_TRUE(Wait(child.get()).has_value());
    EXPECT_EQ(Sessions(), "main\n");
  }
  EXPECT_EQ(Windows(), "@0\n@1\n");
}

// What destroy-unattached does not survive: other clients come and go while one detaches.
TEST_F(AttachTest, TmuxSurvivesManyDetaches) {
  for (int i = 0; i < 40; ++i) {
    const auto child = Attach(true);
    AwaitAttached(child.get());
    Screen();
    child->Type(std::string(kPrefix) + "d");
    Screen();
    ASSERT_EQ(Wait(child.get()), 0) << "round " << i;
    ASSERT_EQ(Sessions(), "main\n") << "round " << i;
  }
}

TEST_F(AttachTest, SeveralMayLookAtOnce) {
  const auto first = Attach(false);
  const auto second = Attach(true);
  AwaitAttached(first.get());
  AwaitAttached(second.get());
  first->Type(std::string(kPrefix) + "d");
  EXPECT_EQ(Wait(first.get()), 0);
  second->Type("still here\r");
  EXPECT_TRUE(Eventually([&] { return Screen().find("still here") == 0; })) << Screen();
}

TEST_F(AttachTest, APaneThatIsGoneIsAnErrorThatLeavesNothing) {
  served_by_->rows[0].pane = "%99";
  const auto child = Attach(false);
  EXPECT_EQ(Wait(child.get()), 1);
  EXPECT_NE(child->Output().find("%99"), std::string::npos) << child->Output();
  EXPECT_TRUE(Eventually([&] { return Sessions() == "main\n"; })) << Sessions();
}

TEST_F(AttachTest, WorksInsideTmux) {
  const auto child = Attach(false, [] { ::setenv("TMUX", "/tmp/tmux-0/default,1,0", 1); });
  AwaitAttached(child.get());
  child->Type(std::string(kPrefix) + "d");
  EXPECT_EQ(Wait(child.get()), 0) << child->Output();
}

TEST_F(AttachTest, WithoutTmuxItSaysSo) {
  const auto child = Attach(false, [this] { ::setenv("PATH", base().c_str(), 1); });
  EXPECT_EQ(Wait(child.get()), 1);
  EXPECT_EQ(child->Output(), "Error: there is no tmux in PATH: install it\r\n");
}

TEST_F(AttachTest, WithoutATerminalItSaysSo) {
  Child child(
      [&] {
        return RunAttach({"", false, base()}, nullptr, &std::cout, &std::cerr);
      },
      false);
  EXPECT_EQ(Wait(&child), 1);
  EXPECT_EQ(child.Output(), "Error: standard input is not a terminal: run paned attach in one\n");
}

TEST_F(AttachTest, WithoutAServerItSaysSo) {
  const std::string none = base() + "/none";
  Child child([&] { return RunAttach({"", false, none}, nullptr, &std::cout, &std::cerr); }, false);
  EXPECT_EQ(Wait(&child), 1);
  EXPECT_EQ(child.Output(), "Error: no running paned found in " + none + "\n");
}

}  // namespace
}  // namespace paned::testing
