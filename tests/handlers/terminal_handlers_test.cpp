// Processes on a tty, as the wire has them: starts that take their time, paned/resize,
// paned/screen, and what the server says it can do.
#include <csignal>

#include "protocol/codec.h"
#include "server/handlers/environment_handlers.h"
#include "tests/handlers/handler_fixture.h"

namespace paned {
namespace {

constexpr char kStarted[] = R"({"processId":"p","sandboxType":"none"})";

class TerminalHandlerTest : public HandlerTest {
 protected:
  std::string Ask(const std::string& method, const std::string& params) {
    return peer_->Ask(Request(method, params));
  }
  std::string Start(const std::string& more = {}) {
    return Ask("process/start", R"({"processId":"p","argv":["sh"],"tty":true)" + more + "}");
  }
  // A start that waits for the test.
  void StartLater() {
    terminals_.StartLater();
    ASSERT_EQ(Start(), "");
  }
  std::string Take() { return peer_->connection->Take(); }
  FakeChild& child() { return terminals_.last(); }

  std::unique_ptr<Peer> peer_ = Ready();
};

// --- process/start -------------------------------------------------------------------------------

TEST_F(TerminalHandlerTest, StartGoesToTheTerminalsWithWhatWasAsked) {
  EXPECT_EQ(Start(R"(,"cwd":"/w","env":{"A":"1"})"), Result(kStarted));
  EXPECT_EQ(backend_.started(), 0U);
  const LaunchPlan& plan = child().plan();
  EXPECT_TRUE(plan.tty);
  EXPECT_EQ(plan.process_id, "p");
  EXPECT_EQ(plan.cwd, "/w");
  EXPECT_EQ(plan.size.rows, 24);
  EXPECT_EQ(plan.size.cols, 80);
  EXPECT_EQ(plan.env, (std::vector<std::string>{"A=1", "SHELL=/bin/login-shell"}));
}

TEST_F(TerminalHandlerTest, WhatTheClientSetsStays) {
  Start(R"(,"env":{"SHELL":"","TERM":"vt100","TMUX":"mine"})");
  EXPECT_EQ(child().plan().env, (std::vector<std::string>{"SHELL=", "TERM=vt100", "TMUX=mine"}));
}

TEST_F(TerminalHandlerTest, OnlyShellItselfIsTheShell) {
  Start(R"(,"env":{"SHELLS":"1","XSHELL":"x"})");
  EXPECT_EQ(child().plan().env,
            (std::vector<std::string>{"SHELLS=1", "XSHELL=x", "SHELL=/bin/login-shell"}));
}

TEST_F(TerminalHandlerTest, NeitherShellNorTerminalOnPipes) {
  EXPECT_EQ(Ask("process/start", R"({"processId":"p","argv":["sh"],"tty":false,"env":{}})"),
            Result(kStarted));
  EXPECT_EQ(terminals_.started(), 0U);
  EXPECT_TRUE(backend_.last().plan().env.empty());
  EXPECT_FALSE(backend_.last().plan().tty);
  EXPECT_EQ(backend_.last().plan().process_id, "p");
}

TEST_F(TerminalHandlerTest, WithoutTerminalsItIsSaidAndWhatToDo) {
  services_.terminals = nullptr;
  services_.terminals_hint = "install tmux";
  EXPECT_EQ(Start(), Failure(-32603, "this exec-server cannot run tty processes") +
                         R"(,"data":{"hint":"install tmux"}},"id":1})");
  EXPECT_EQ(backend_.started(), 0U);
}

TEST_F(TerminalHandlerTest, TheReplyComesWhenItRunsAndBeforeItsOutput) {
  StartLater();
  child().Started();
  child().Print("hi", OutputStream::kPty);
  EXPECT_EQ(Take(), Result(kStarted));
  EXPECT_EQ(Take(), R"({"jsonrpc":"2.0","method":"process/output","params":)"
                    R"({"processId":"p","seq":1,"stream":"pty","chunk":"aGk="}})");
}

TEST_F(TerminalHandlerTest, AStartThatFailsLaterIsToldAndFreesTheId) {
  StartLater();
  ExpectFailure(Start(), -32600, "process p already exists");
  EXPECT_EQ(Ask("process/read", R"({"processId":"p","waitMs":60000})"), "");
  child().FailStart({ErrorKind::kInternal, "Permission denied (os error 13)", "/x"});
  EXPECT_NE(Take().find(R"("exited":false)"), std::string::npos);  // the read
  ExpectFailure(Take(), -32603, "Permission denied (os error 13)");
  ExpectFailure(Ask("process/read", R"({"processId":"p"})"), -32600, "unknown process id p");
  EXPECT_EQ(Start(), Result(kStarted));
}

TEST_F(TerminalHandlerTest, WhatComesWhileItStartsIsServed) {
  StartLater();
  EXPECT_EQ(Ask("process/write", R"({"processId":"p","chunk":"aGk="})"),
            Result(R"({"status":"accepted"})"));
  EXPECT_EQ(Ask("process/read", R"({"processId":"p"})"),
            Result(R"({"chunks":[],"nextSeq":1,"exited":false,"exitCode":null,"closed":false,)"
                   R"("failure":null,"sandboxDenied":false})"));
  EXPECT_EQ(Ask("process/signal", R"({"processId":"p","signal":"interrupt"})"), Result("{}"));
  EXPECT_EQ(Ask("process/terminate", R"({"processId":"p"})"), Result(R"({"running":true})"));
  child().Started();
  EXPECT_EQ(Take(), Result(kStarted));
  EXPECT_EQ(child().signals(), (std::vector<int>{SIGINT, SIGKILL}));
  EXPECT_EQ(child().queued_input(), "hi");
}

TEST_F(TerminalHandlerTest, AReplyThatNobodyWaitsForIsDropped) {
  StartLater();
  const std::string id = session_id_;
  peer_->connection->Die();
  child().Started();
  const auto next = Connect();
  EXPECT_EQ(SessionId(next->Ask(Initialize("codex-environment", id))), id);
  next->Ask(R"({"method":"initialized"})");
  EXPECT_EQ(next->Ask(Request("process/terminate", R"({"processId":"p"})")),
            Result(R"({"running":true})"));
}

TEST_F(TerminalHandlerTest, ASessionMayEndWhileItStarts) {
  StartLater();
  peer_->connection->Die();
  clock_.Advance(std::chrono::seconds(80));
  EXPECT_TRUE(child().destroyed());
  child().Started();
}

// --- paned/resize and paned/screen ---------------------------------------------------------------

TEST_F(TerminalHandlerTest, Resize) {
  Start();
  EXPECT_EQ(Ask("paned/resize", R"({"processId":"p","rows":1,"cols":1000})"), Result("{}"));
  EXPECT_EQ(child().sizes(), std::vector<std::string>{"1x1000"});
  ExpectFailure(Ask("paned/resize", R"({"processId":"p","rows":0,"cols":80})"), -32602,
                "rows must be an integer from 1 to 1000");
  EXPECT_EQ(child().sizes().size(), 1U);
}

TEST_F(TerminalHandlerTest, Screen) {
  Start();
  EXPECT_EQ(Ask("paned/screen", R"({"processId":"p"})"), "");
  protocol::ScreenResult screen;
  screen.size = {2, 5};
  screen.cursor = {1, 4};
  screen.lines = {"$ ls", ""};
  screen.alternate_screen = true;
  child().ShowScreen(screen);
  EXPECT_EQ(Take(), Result(R"({"rows":2,"cols":5,"cursor":{"row":1,"col":4},"lines":["$ ls",""],)"
                           R"("alternateScreen":true})"));
  EXPECT_EQ(Ask("paned/screen", R"({"processId":"p"})"), "");
  child().ShowScreen(Error{ErrorKind::kInternal, "tmux is gone", {}, {}, "look there"});
  EXPECT_EQ(Take(), Failure(-32603, "tmux is gone") + R"(,"data":{"hint":"look there"}},"id":1})");
}

TEST_F(TerminalHandlerTest, WhoHasNoTerminal) {
  const std::pair<const char*, const char*> methods[] = {
      {"paned/resize", R"({"processId":"p","rows":2,"cols":3})"},
      {"paned/screen", R"({"processId":"p"})"}};
  const auto expect = [&](const std::string& message) {
    for (const auto& [method, params] : methods)
      ExpectFailure(Ask(method, params), -32600, message);
  };
  expect("unknown process id p");
  Start();
  child().Exit(0);
  Take();
  expect("process p has exited");
  peer_ = Ready();
  Ask("process/start", R"({"processId":"p","argv":["x"]})");
  expect("process p has no terminal");
}

TEST_F(TerminalHandlerTest, OtherSessionsTerminalsAreUnknown) {
  Start();
  const auto other = Ready();
  ExpectFailure(other->Ask(Request("paned/screen", R"({"processId":"p"})")), -32600,
                "unknown process id p");
}

TEST_F(TerminalHandlerTest, TheHandshakeComesFirst) {
  const auto other = Connect();
  ExpectFailure(other->Ask(Request("paned/resize", R"({"processId":"p","rows":2,"cols":3})")),
                -32600, "client must call initialize before using paned methods");
}

// --- capabilities --------------------------------------------------------------------------------

std::string Capabilities(const std::optional<protocol::PanedCapabilities>& terminals) {
  std::string json;
  protocol::AppendJson(DescribeEnvironment(ServerDirectories(), terminals), &json);
  return json.substr(json.find(R"("capabilities")"));
}

TEST(EnvironmentDescription, TellsOfTerminalsWhenThereAreSome) {
  EXPECT_EQ(Capabilities(std::nullopt).find(R"("paned")"), std::string::npos);
  const std::string some = Capabilities(protocol::PanedCapabilities{true, true, "tmux"});
  EXPECT_NE(some.find(R"("paned":{"resize":true,"screen":true,"ttyBackend":"tmux"})"),
            std::string::npos)
      << some;
}

TEST(EnvironmentDescription, TellsWhatTheServerCanDo) {
  const std::string some = Capabilities(std::nullopt);
  for (const char* flag :
       {"environmentConfigRead", "fileWriteStreaming", "fsWatchMissing", "shellSnapshotV2"}) {
    EXPECT_NE(some.find('"' + std::string(flag) + "\":true"), std::string::npos) << flag;
  }
}

}  // namespace
}  // namespace paned
