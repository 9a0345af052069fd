// process/*: replies to the byte, and what is refused.
#include <csignal>

#include "tests/handlers/handler_fixture.h"

namespace paned {
namespace {

class ProcessHandlerTest : public HandlerTest {
 protected:
  std::string Ask(const std::string& method, const std::string& params) {
    return peer_->Ask(Request(method, params));
  }
  std::string Start(const std::string& more = {}) {
    return Ask("process/start", R"({"processId":"p","argv":["prog","arg"])" + more + "}");
  }
  std::string Take() { return peer_->connection->Take(); }

  std::unique_ptr<Peer> peer_ = Ready();
};

TEST_F(ProcessHandlerTest, StartAnswersAndLaunchesWhatWasAsked) {
  EXPECT_EQ(Start(R"(,"cwd":"file:///a%20b","env":{"A":"1"},"arg0":"zero","pipeStdin":true)"),
            Result(R"({"processId":"p","sandboxType":"none"})"));
  const LaunchPlan& plan = backend_.last().plan();
  EXPECT_EQ(plan.argv, (std::vector<std::string>{"prog", "arg"}));
  EXPECT_EQ(plan.cwd, "/a b");
  EXPECT_EQ(plan.env, std::vector<std::string>{"A=1"});
  EXPECT_EQ(plan.arg0, "zero");
  EXPECT_TRUE(plan.pipe_stdin);
}

TEST_F(ProcessHandlerTest, WhatIsLeftOutHasTheServersDefaults) {
  Start();
  const LaunchPlan& plan = backend_.last().plan();
  EXPECT_EQ(plan.cwd, "/server/cwd");
  EXPECT_EQ(plan.env, std::vector<std::string>{"INHERITED=yes"});
  EXPECT_FALSE(plan.arg0);
  EXPECT_FALSE(plan.pipe_stdin);
}

TEST_F(ProcessHandlerTest, AFailedStartIsToldWithCauseAndFreesTheId) {
  backend_.FailNext({ErrorKind::kInternal, "Permission denied (os error 13)", "/x", {}, "hint"});
  EXPECT_EQ(Start(), Failure(-32603, "Permission denied (os error 13)") +
                         R"(,"data":{"path":"/x","hint":"hint"}},"id":1})");
  EXPECT_EQ(Start(), Result(R"({"processId":"p","sandboxType":"none"})"));
  ExpectFailure(Start(), -32600, "process p already exists");
}

struct RefusalRow {
  std::string members;
  int code;
  std::string message;
};
class StartRefusal : public ProcessHandlerTest, public ::testing::WithParamInterface<RefusalRow> {};

TEST_P(StartRefusal, IsSaidAndNothingRuns) {
  ExpectFailure(Ask("process/start", R"({"processId":"p",)" + GetParam().members + "}"),
                GetParam().code, GetParam().message);
  EXPECT_EQ(backend_.started(), 0U);
  EXPECT_EQ(terminals_.started(), 0U);
}

constexpr char kRestricted[] =
    R"({"permissions":{"type":"managed","file_system":{"type":"restricted","entries":[]},)"
    R"("network":"restricted"},"windowsSandboxLevel":"disabled"})";

// Also one that is switched off: who asks for it relies on it.
constexpr char kNetworkProxy[] =
    R"("networkProxy":{"proxy":{"enabled":false,"enableSocks5":false,"enableSocks5Udp":false,)"
    R"("allowUpstreamProxy":false,"dangerouslyAllowAllUnixSockets":false,"mode":"limited",)"
    R"("allowLocalBinding":false}})";

TEST_F(ProcessHandlerTest, NothingAskedOfTheNetworkIsFine) {
  EXPECT_EQ(Start(R"(,"enforceManagedNetwork":false,"managedNetwork":null,"networkProxy":null)"),
            Result(R"({"processId":"p","sandboxType":"none"})"));
}

TEST_F(ProcessHandlerTest, ARefusedNetworkComesWithARemedy) {
  EXPECT_NE(Start(R"(,"managedNetwork":{})").find(R"("data":{"hint":)"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, StartRefusal,
    ::testing::Values(
        RefusalRow{R"("argv":[])", -32602, "argv must not be empty"},
        RefusalRow{R"("argv":["x"],"cwd":"file://host/x")", -32602,
                   "cwd URI `file://host/x` is not valid on this exec-server host: "
                   "'file://host/x' is invalid on 'linux'"},
        RefusalRow{R"("argv":["x"],"enforceManagedNetwork":true)", -32603,
                   "this exec-server cannot enforce a managed network (enforceManagedNetwork)"},
        RefusalRow{R"("argv":["x"],"managedNetwork":{})", -32603,
                   "this exec-server cannot enforce a managed network (managedNetwork)"},
        RefusalRow{std::string(R"("argv":["x"],"enforceManagedNetwork":true,)") + kNetworkProxy,
                   -32603, "this exec-server cannot enforce a managed network (networkProxy)"},
        RefusalRow{std::string(R"("argv":["x"],)") + kNetworkProxy, -32603,
                   "this exec-server cannot enforce a managed network (networkProxy)"},
        RefusalRow{std::string(R"("argv":["x"],"sandbox":)") + kRestricted, -32603,
                   "this exec-server has no sandbox and does not run restricted commands"}));

TEST_F(ProcessHandlerTest, PushesToTheByte) {
  Start();
  backend_.last().Print("hi");
  EXPECT_EQ(Take(), R"({"jsonrpc":"2.0","method":"process/output","params":)"
                    R"({"processId":"p","seq":1,"stream":"stdout","chunk":"aGk="}})");
  backend_.last().Print("!", OutputStream::kStderr);
  EXPECT_EQ(Take(), R"({"jsonrpc":"2.0","method":"process/output","params":)"
                    R"({"processId":"p","seq":2,"stream":"stderr","chunk":"IQ=="}})");
  backend_.last().EndOutput();
  backend_.last().Exit(2);
  EXPECT_EQ(Take(), R"({"jsonrpc":"2.0","method":"process/exited","params":)"
                    R"({"processId":"p","seq":3,"exitCode":2,"sandboxDenied":false}})");
  EXPECT_EQ(Take(), R"({"jsonrpc":"2.0","method":"process/closed","params":)"
                    R"({"processId":"p","seq":4}})");
}

TEST_F(ProcessHandlerTest, ReadToTheByte) {
  Start();
  EXPECT_EQ(Ask("process/read", R"({"processId":"p"})"),
            Result(R"({"chunks":[],"nextSeq":1,"exited":false,"exitCode":null,"closed":false,)"
                   R"("failure":null,"sandboxDenied":false})"));
  backend_.last().Print("hi");
  Take();
  backend_.last().EndOutput();
  backend_.last().Exit(0);
  Take();
  Take();
  EXPECT_EQ(Ask("process/read", R"({"processId":"p","afterSeq":0,"maxBytes":null,"waitMs":5})"),
            Result(R"({"chunks":[{"seq":1,"stream":"stdout","chunk":"aGk="}],"nextSeq":4,)"
                   R"("exited":true,"exitCode":0,"closed":true,"failure":null,)"
                   R"("sandboxDenied":false})"));
}

TEST_F(ProcessHandlerTest, AWaitingReadHoldsUpNothing) {
  Start();
  EXPECT_EQ(Ask("process/read", R"({"processId":"p","waitMs":60000})"), "");
  EXPECT_EQ(Ask("process/terminate", R"({"processId":"p"})"), Result(R"({"running":true})"));
  EXPECT_EQ(backend_.last().signals(), std::vector<int>{SIGKILL});
  backend_.last().Exit(137);
  const std::string first = Take();
  EXPECT_NE((first + Take()).find(R"("exitCode":137,"closed":false)"), std::string::npos);
}

TEST_F(ProcessHandlerTest, LostOutputIsSaid) {
  context_.limits.retain_bytes = 4096;
  context_.limits.max_chunk = 4096;
  context_.limits.when_full = WhenFull::kEvict;
  Start();
  for (int n = 0; n < 5; ++n) backend_.last().Print(std::string(4096, 'x'));
  while (!peer_->connection->sent().empty()) Take();
  const std::string answer = Ask("process/read", R"({"processId":"p"})");
  EXPECT_NE(answer.find(R"("firstSeq":3,"lostBytes":8192)"), std::string::npos)
      << answer.substr(answer.size() - 200);
}

TEST_F(ProcessHandlerTest, WriteToTheByte) {
  Start(R"(,"pipeStdin":true)");
  EXPECT_EQ(Ask("process/write", R"({"processId":"p","chunk":"aGk=","writeId":"1"})"),
            Result(R"({"status":"accepted"})"));
  EXPECT_EQ(Ask("process/write", R"({"processId":"p","chunk":"aGk=","writeId":"1"})"),
            Result(R"({"status":"accepted"})"));
  EXPECT_EQ(Ask("process/write", R"({"processId":"p","chunk":""})"),
            Result(R"({"status":"accepted"})"));
  EXPECT_EQ(backend_.last().queued_input(), "hi");
  EXPECT_EQ(Ask("process/write", R"({"processId":"q","chunk":""})"),
            Result(R"({"status":"unknownProcess"})"));
  ExpectFailure(Ask("process/write", R"({"processId":"q","chunk":"","writeId":""})"), -32602,
                "writeId must not be empty");
  backend_.last().Exit(0);
  Take();
  ExpectFailure(Ask("process/write", R"({"processId":"p","chunk":""})"), -32603,
                "failed to write to process stdin");
}

TEST_F(ProcessHandlerTest, WriteWithoutAPipe) {
  Start();
  EXPECT_EQ(Ask("process/write", R"({"processId":"p","chunk":"aGk="})"),
            Result(R"({"status":"stdinClosed"})"));
}

TEST_F(ProcessHandlerTest, SignalAndTerminateOfNobody) {
  EXPECT_EQ(Ask("process/signal", R"({"processId":"p","signal":"interrupt"})"), Result("{}"));
  EXPECT_EQ(Ask("process/terminate", R"({"processId":"p"})"), Result(R"({"running":false})"));
  ExpectFailure(Ask("process/read", R"({"processId":"p"})"), -32600, "unknown process id p");
}

TEST_F(ProcessHandlerTest, SignalInterrupts) {
  Start();
  EXPECT_EQ(Ask("process/signal", R"({"processId":"p","signal":"interrupt"})"), Result("{}"));
  EXPECT_EQ(backend_.last().signals(), std::vector<int>{SIGINT});
}

TEST_F(ProcessHandlerTest, SessionsDoNotSeeEachOthersProcesses) {
  Start();
  const auto other = Ready();
  ExpectFailure(other->Ask(Request("process/read", R"({"processId":"p"})")), -32600,
                "unknown process id p");
  EXPECT_EQ(other->Ask(Request("process/start", R"({"processId":"p","argv":["x"]})")),
            Result(R"({"processId":"p","sandboxType":"none"})"));
}

TEST_F(ProcessHandlerTest, AResumedSessionHasItsProcessesAndTheGap) {
  Start();
  backend_.last().Print("a");
  const std::string id = session_id_;
  peer_->connection->Die();
  backend_.last().Print("b");
  const auto next = Connect();
  EXPECT_EQ(SessionId(next->Ask(Initialize("codex-environment", id))), id);
  next->Ask(R"({"method":"initialized"})");
  const std::string answer =
      next->Ask(Request("process/read", R"({"processId":"p","afterSeq":1})"));
  EXPECT_NE(answer.find(R"("chunks":[{"seq":2,"stream":"stdout","chunk":"Yg=="}],"nextSeq":3)"),
            std::string::npos)
      << answer;
}

TEST_F(ProcessHandlerTest, ASlowPeerIsServedAgainWhenItIsWritable) {
  Start();
  peer_->connection->SetWantsOutput(false);
  backend_.last().Print("hi");
  EXPECT_EQ(Take(), "");
  EXPECT_NE(Ask("process/read", R"({"processId":"p"})"), "");  // replies may always be sent
  peer_->connection->Writable();
  EXPECT_NE(Take().find("process/output"), std::string::npos);
}

TEST_F(ProcessHandlerTest, ATakenOverPeerGetsNoEvents) {
  Start();
  const auto other = Connect();
  other->Ask(Initialize("codex-environment", session_id_));
  peer_->connection->AnswerProbe(false);
  backend_.last().Print("hi");
  EXPECT_EQ(Take(), "");
  for (const char* method : {"process/terminate", "process/signal", "process/write"}) {
    ExpectFailure(Ask(method, R"({"processId":"p","signal":"interrupt","chunk":""})"), -32600,
                  "session has been resumed by another connection");
  }
  EXPECT_TRUE(backend_.last().signals().empty());
}

}  // namespace
}  // namespace paned
