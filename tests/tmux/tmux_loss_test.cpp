// What tmux can do to the server: die, hang, not be there; and what the server does to tmux.
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tmux/tmux_fixture.h"

namespace paned {
namespace {

class TmuxLossTest : public TmuxTest {
 protected:
  void Stop(bool kill) {
    bool stopped = false;
    server_->Stop(kill, [&] { stopped = true; });
    EXPECT_FALSE(stopped) << "called from within";
    EXPECT_TRUE(RunUntil([&] { return stopped; }));
  }
  // While tmux is stopped only the clock, moved by hand, decides.
  void Advance(Duration delay) {
    RunAWhile();
    manual_.Advance(delay);
    RunAWhile();
  }

  ManualClock manual_;
};

TEST_F(TmuxLossTest, AKilledServerIsStartedAnew) {
  Make();
  ASSERT_TRUE(Open().ok());
  const pid_t first = server_->server_pid();
  std::string failed;
  ::kill(first, SIGKILL);
  server_->OpenWindow("w", {"/bin/sleep", "1"}, [&](Result<Window> window) {
    failed = window.ok() ? "opened" : window.error().message;
  });
  ASSERT_TRUE(RunUntil([&] { return lost_ == 1 && gone_ == 1 && !failed.empty(); }));
  EXPECT_EQ(failed.find("tmux opens no window: tmux is lost: "), 0U) << failed;
  EXPECT_FALSE(server_->running());
  EXPECT_TRUE(std::filesystem::exists(server_->socket_path()));  // stale
  server_->Kill("@1");                                           // no reason to start one
  RunAWhile();
  EXPECT_FALSE(server_->running());
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok()) << window.error().message;
  EXPECT_EQ(window.value().window, "@1");
  EXPECT_NE(server_->server_pid(), first);
  EXPECT_EQ(lost_, 1);
}

TEST_F(TmuxLossTest, WindowsOutliveTheControlClient) {
  Make();
  ASSERT_TRUE(Open("kept").ok());
  const pid_t pid = server_->server_pid();
  for (int round = 1; round <= 2; ++round) {
    ::kill(server_->client_pid(), SIGKILL);
    ASSERT_TRUE(RunUntil([&] { return lost_ == round; }));
    EXPECT_FALSE(server_->running());
    const std::string name = "renamed" + std::to_string(round);
    server_->Rename("@1", name);  // connects again
    ASSERT_TRUE(RunUntil([&] { return Tmux("display -p -t @1 '#{window_name}'") == name + "\n"; }));
  }
  ASSERT_TRUE(RunUntil([&] { return server_->running(); }));
  EXPECT_EQ(server_->server_pid(), pid);
  EXPECT_EQ(server_->attached_people(), 0U);
  EXPECT_EQ(gone_, 0);
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok());
  EXPECT_EQ(window.value().window, "@2");
}

TEST_F(TmuxLossTest, APersonMayDetachTheControlClient) {
  Make();
  ASSERT_TRUE(Open().ok());
  Tmux("detach-client -s paned");
  ASSERT_TRUE(RunUntil([&] { return lost_ == 1; }));
  ASSERT_TRUE(Open().ok());
  Tmux("kill-session -t paned");
  ASSERT_TRUE(RunUntil([&] { return lost_ == 2; }));
  EXPECT_EQ(gone_, 0);  // the server is there, with nothing in it
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok()) << window.error().message;
}

TEST_F(TmuxLossTest, AWedgedTmuxIsGivenUp) {
  Make(Options(), &manual_);
  ASSERT_TRUE(Open().ok());
  const pid_t pid = server_->server_pid();
  ::kill(pid, SIGSTOP);
  std::vector<std::string> failed;
  for (int n = 0; n < 3; ++n) {
    server_->OpenWindow("w", {"/bin/sleep", "1000"}, [&](Result<Window> window) {
      failed.push_back(window.ok() ? "opened" : window.error().message);
    });
  }
  server_->Capture("%1", [&](Result<Screen> screen) {
    failed.push_back(screen.ok() ? "captured" : screen.error().message);
  });
  Advance(std::chrono::milliseconds(4999));
  EXPECT_TRUE(failed.empty());
  EXPECT_EQ(lost_, 0);
  Advance(std::chrono::milliseconds(1));
  ASSERT_EQ(failed.size(), 4U);
  EXPECT_EQ(failed[0], "tmux opens no window: tmux is lost: it has not answered for 5 s");
  EXPECT_EQ(lost_, 1);
  // A new connection fares no better, and is given up as well.
  server_->OpenWindow("w", {"/bin/sleep", "1000"}, [&](Result<Window> window) {
    failed.push_back(window.ok() ? "opened" : window.error().message);
  });
  Advance(std::chrono::milliseconds(50));  // for tmux to get over the loss
  Advance(std::chrono::seconds(5));
  ASSERT_EQ(failed.size(), 5U);
  EXPECT_EQ(failed[4],
            "tmux opens no window: tmux could not be started: it has not answered in time");
  ::kill(pid, SIGCONT);
  Advance(std::chrono::seconds(60));
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok()) << window.error().message;
  EXPECT_EQ(server_->server_pid(), pid);
}

// On a machine that is overloaded tmux may seem wedged, and go on later.
TEST_F(TmuxLossTest, WhatWasToBeSetIsSetOnTheNextConnection) {
  Make(Options(), &manual_);
  for (const char* name : {"first", "second", "third"}) ASSERT_TRUE(Open(name).ok());
  const pid_t pid = server_->server_pid();
  ::kill(pid, SIGSTOP);
  server_->Rename("@1", "earlier");
  server_->Rename("@1", "named");
  server_->Resize({"@2", "%2"}, 30, 100);
  server_->Kill("@3");
  Advance(std::chrono::seconds(5));
  ASSERT_EQ(lost_, 1);
  server_->Rename("@2", "later");  // while there is no connection
  ::kill(pid, SIGCONT);
  Advance(std::chrono::milliseconds(50));  // for tmux to get over the loss
  EXPECT_TRUE(RunUntil([&] {
    return Tmux("list-windows -F '#{window_id} #{window_name} #{window_width}x#{window_height}'")
               .find("@1 named 80x24\n@2 later 100x30\n") != std::string::npos;
  })) << Tmux("list-windows -F '#{window_id} #{window_name} #{window_width}x#{window_height}'");
  EXPECT_EQ(Tmux("list-windows -F '#{window_id}'").find("@3"), std::string::npos);
  EXPECT_EQ(server_->server_pid(), pid);
}

TEST_F(TmuxLossTest, ATmuxThatStaysWedgedIsNotAskedAgainAndAgain) {
  Make(Options(), &manual_);
  ASSERT_TRUE(Open("first").ok());
  const pid_t pid = server_->server_pid();
  ::kill(pid, SIGSTOP);
  server_->Rename("@1", "named");
  Advance(std::chrono::seconds(5));
  for (int n = 0; n < 10; ++n) Advance(std::chrono::seconds(60));
  EXPECT_EQ(lost_, 1);
  EXPECT_EQ(server_->client_pid(), 0);  // the one that was tried was given up
  ::kill(pid, SIGCONT);
  ASSERT_TRUE(Open("second").ok());  // and with the next connection it comes true
  EXPECT_TRUE(RunUntil(
      [&] { return Tmux("list-windows -F '#{window_name}'").find("named") != std::string::npos; }));
}

TEST_F(TmuxLossTest, ALongQueueIsNotAWedge) {
  Make(Options(), &manual_);
  ASSERT_TRUE(Open().ok());
  int opened = 0;
  for (int n = 0; n < 30; ++n) {
    server_->OpenWindow("w", {"/bin/sleep", "1000"}, [&](const Result<Window>& window) {
      if (window.ok()) ++opened;
      manual_.Advance(std::chrono::seconds(4));  // each one takes this long
    });
  }
  ASSERT_TRUE(RunUntil([&] { return opened == 30; }));
  EXPECT_EQ(lost_, 0);
}

TEST_F(TmuxLossTest, FailuresInARowMakeItWait) {
  TmuxOptions options = Options();
  options.program = directory_ + "/fake";
  Make(options, &manual_);
  const std::string none = "tmux opens no window: there is no program " + options.program;
  const auto fails = [&] {
    Result<Window> window = Open();
    return window.ok() ? "opened" : window.error().message;
  };
  for (int n = 0; n < 3; ++n) EXPECT_EQ(fails(), none);
  for (const int delay : {1, 2, 4, 8, 16, 30, 30}) {
    const std::string in = " (the next try is in " + std::to_string(delay) + " s at the earliest)";
    EXPECT_EQ(fails(), none + in);
    manual_.Advance(std::chrono::seconds(delay) - std::chrono::milliseconds(1));
    EXPECT_EQ(fails(), none + " (the next try is in 1 s at the earliest)");
    manual_.Advance(std::chrono::milliseconds(1));
    EXPECT_EQ(fails(), none);
  }
  WriteProgram("fake", "exec tmux \"$@\"\n");
  manual_.Advance(std::chrono::seconds(30));
  ASSERT_TRUE(Open().ok());
  manual_.Advance(std::chrono::seconds(5));  // it has run: past failures are forgotten
  ::kill(server_->server_pid(), SIGKILL);
  ASSERT_TRUE(RunUntil([&] { return lost_ == 1 && gone_ == 1; }));
  ASSERT_TRUE(Open().ok());
}

TEST_F(TmuxLossTest, TmuxsOwnWordsAreTold) {
  struct Case {
    const char* script;
    const char* said;
  };
  for (const Case& one :
       {Case{"echo 'tmux: unknown option -- C' >&2; exit 1", "tmux: unknown option -- C"},
        Case{"head -c 60000 /dev/zero | tr '\\0' x >&2", "xxxxxxxxxxxxxxxx"},
        Case{"echo Welcome; sleep 1000", "a line out of place: Welcome"},
        Case{"printf '%%begin 1 2 0\\nno luck\\n%%error 1 2 0\\n%%exit\\n'", "no luck"},
        Case{"exit 0", "tmux could not be started: it"}}) {
    TmuxOptions options = Options();
    options.program = directory_ + "/fake";
    WriteProgram("fake", one.script);
    Make(options);
    const Result<Window> window = Open();
    ASSERT_FALSE(window.ok());
    EXPECT_NE(window.error().message.find(one.said), std::string::npos) << window.error().message;
    EXPECT_LT(window.error().message.size(), 4400U);
  }
}

TEST_F(TmuxLossTest, AFrontCommandThatEndsIsAFailure) {
  TmuxOptions options = Options();
  options.front_command = {"/bin/false"};
  Make(options);
  const Result<Window> window = Open();
  // The session may live long enough for the window to be made, but not without it.
  if (!window.ok()) {
    // Told by tmux's goodbye, or by its answer to the first command behind that.
    const std::string& said = window.error().message;
    EXPECT_TRUE(said.find("it has ended the session") != std::string::npos ||
                said.find("no current target") != std::string::npos)
        << said;
  }
}

TEST_F(TmuxLossTest, StopEndsAllOfIt) {
  Make();
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok());
  const pid_t server = server_->server_pid();
  const pid_t client = server_->client_pid();
  const pid_t pane = std::stoi(Tmux("display -p -t %1 '#{pane_pid}'"));
  Stop(/*kill=*/true);
  EXPECT_FALSE(Alive(server));
  EXPECT_FALSE(std::filesystem::exists(server_->socket_path()));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/tmux.conf"));
  ASSERT_TRUE(RunUntil([&] { return !Alive(client) && !Alive(pane); }));
  EXPECT_EQ(lost_ + gone_, 0);
  EXPECT_EQ(Open().error().message, "tmux opens no window: tmux is stopped");
}

TEST_F(TmuxLossTest, StopEndsAWedgedTmuxByForce) {
  Make(Options(), &manual_);
  ASSERT_TRUE(Open().ok());
  const pid_t pid = server_->server_pid();
  ::kill(pid, SIGSTOP);
  bool stopped = false;
  server_->Stop(/*kill=*/true, [&] { stopped = true; });
  RunAWhile();
  EXPECT_FALSE(stopped);
  manual_.Advance(std::chrono::seconds(2));
  ASSERT_TRUE(RunUntil([&] { return stopped; }));
  EXPECT_FALSE(Alive(pid));
  EXPECT_FALSE(std::filesystem::exists(server_->socket_path()));
}

TEST_F(TmuxLossTest, StopWhileItStarts) {
  for (int turns = 0; turns < 12; ++turns) {
    Make();
    std::string failed;
    server_->OpenWindow("w", {"/bin/sleep", "1000"}, [&](Result<Window> window) {
      failed = window.ok() ? "opened" : window.error().message;
    });
    for (int n = 0; n < turns; ++n) io_.run_one_for(std::chrono::milliseconds(20));
    Stop(/*kill=*/true);
    ASSERT_TRUE(RunUntil([&] { return !failed.empty(); }));
    pid_t pid = 0;
    EXPECT_FALSE(ListeningServer(server_->socket_path(), &pid).valid()) << failed;
    EXPECT_FALSE(std::filesystem::exists(server_->socket_path())) << failed;
    EXPECT_EQ(lost_ + gone_, 0);
  }
}

TEST_F(TmuxLossTest, StopOfWhatNeverRan) {
  Make();
  Stop(/*kill=*/true);
  Stop(/*kill=*/true);
  Make();
  Stop(/*kill=*/false);
}

TEST_F(TmuxLossTest, WindowsOutliveTheServer) {
  Make();
  ASSERT_TRUE(Open("kept").ok());
  const pid_t pid = server_->server_pid();
  Stop(/*kill=*/false);
  const pid_t client = server_->client_pid();
  EXPECT_EQ(client, 0);
  EXPECT_TRUE(Alive(pid));
  ASSERT_TRUE(RunUntil([&] { return Tmux("list-clients") == ""; }));
  Make();  // the next paned
  const Result<Screen> screen = Capture("%1");
  ASSERT_TRUE(screen.ok()) << screen.error().message;
  EXPECT_EQ(server_->server_pid(), pid);
  const Result<Window> window = Open();
  ASSERT_TRUE(window.ok());
  EXPECT_EQ(window.value().window, "@2");
  EXPECT_EQ(Tmux("display -p -t @1 '#{window_name}'"), "kept\n");
  ASSERT_TRUE(RunUntil([&] { return Tmux("list-clients | wc -l") == "1\n"; }));
  // A third one, which never connected, can end it as well.
  Stop(/*kill=*/false);
  Make();
  Stop(/*kill=*/true);
  EXPECT_FALSE(Alive(pid));
}

TEST_F(TmuxLossTest, NobodyIsCalledAfterTheDestruction) {
  for (int turns = 0; turns < 12; ++turns) {
    Make();
    bool alive = true;
    server_->OpenWindow("w", {"/bin/sleep", "1000"},
                        [&](const Result<Window>&) { EXPECT_TRUE(alive); });
    for (int n = 0; n < turns; ++n) io_.run_one_for(std::chrono::milliseconds(20));
    server_.reset();
    alive = false;
    RunAWhile();
  }
}

TEST_F(TmuxLossTest, MayBeDestroyedFromACallback) {
  Make();
  bool called = false;
  server_->OpenWindow("w", {"/bin/sleep", "1000"}, [&](const Result<Window>& window) {
    EXPECT_TRUE(window.ok());
    called = true;
    server_.reset();
  });
  ASSERT_TRUE(RunUntil([&] { return called; }));
  RunAWhile();
  Make();
  ASSERT_TRUE(Open().ok());
  server_->set_on_lost([&](const std::string&) { server_.reset(); });
  ::kill(server_->client_pid(), SIGKILL);
  ASSERT_TRUE(RunUntil([&] { return server_ == nullptr; }));
}

}  // namespace
}  // namespace paned
