// process/start with shellSnapshot: what is refused and in which order, and what a start waits for.
#include "server/handlers/shell_snapshot_start.h"

#include "server/process/shell_collector.h"
#include "tests/handlers/handler_fixture.h"

namespace paned {
namespace {

class SnapshotStartTest : public HandlerTest {
 protected:
  static std::string Snapshot(const std::string& scope, const std::string& name = "bash") {
    return R"("shellSnapshot":{"scopeId":")" + scope + R"(","shell":{"name":")" + name +
           R"(","path":"/bin/bash"}})";
  }
  std::string Start(const std::string& id, const std::string& members) {
    return peer_->Ask(Request("process/start",
                              R"({"processId":")" + id + R"(","env":{"A":"1"},)" + members + "}"));
  }
  std::string StartLogin(const std::string& id, const std::string& more = {}) {
    return Start(id, R"("argv":["/bin/bash","-lc","run"],)" + Snapshot("s") + more);
  }
  // The shell that takes the snapshot ends well.
  void FinishShell() {
    FakeChild& shell = backend_.child(0);
    const std::string& code = shell.plan().argv.at(2);
    const std::size_t at = code.find("paned-");
    const std::string line = MarkLine(code.substr(at, code.find('\\', at) - at));
    shell.Print(line + "f () { :; }\n" + line + std::string("RC=1\0A=rc\0", 10) + line);
    shell.Exit(0);
    clock_.Advance(std::chrono::milliseconds(0));
  }

  std::unique_ptr<Peer> peer_ = Ready();
};

constexpr char kScope[] = "shell snapshot scope must be non-empty and at most 256 bytes";

TEST_F(SnapshotStartTest, AScopeHasOneTo256Bytes) {
  ExpectFailure(Start("a", R"("argv":["/x"],)" + Snapshot("")), -32602, kScope);
  ExpectFailure(Start("a", R"("argv":["/x"],)" + Snapshot(std::string(257, 'x'))), -32602, kScope);
  std::string longest;
  for (int n = 0; n < 128; ++n) longest += "\xC3\xA9";
  EXPECT_EQ(Start("a", R"("argv":["/x"],)" + Snapshot(longest)),
            Result(R"({"processId":"a","sandboxType":"none"})"));
}

TEST_F(SnapshotStartTest, ShellsWithoutSnapshotsAreRefusedWhereOneWouldBeTaken) {
  ExpectFailure(Start("a", R"("argv":["/bin/bash","-lc","x"],)" + Snapshot("s", "fish")), -32602,
                "shell snapshots are unsupported for shell `fish`");
  EXPECT_EQ(Start("a", R"("argv":["/bin/bash","-c","x"],)" + Snapshot("s", "fish")),
            Result(R"({"processId":"a","sandboxType":"none"})"));
  ExpectFailure(Start("a", R"("argv":["/bin/bash","-lc","x"],)" + Snapshot("s", "fish")), -32602,
                "shell snapshots are unsupported for shell `fish`");
}

TEST_F(SnapshotStartTest, TheOrderOfRefusals) {
  ExpectFailure(Start("a", R"("argv":[],)" + Snapshot("")), -32602, kScope);
  ExpectFailure(Start("a", R"("argv":[],"cwd":"file://host/x",)" + Snapshot("")), -32602,
                "cwd URI `file://host/x` is not valid on this exec-server host: "
                "'file://host/x' is invalid on 'linux'");
  ExpectFailure(Start("a", R"("argv":[],)" + Snapshot("s", "fish")), -32602,
                "argv must not be empty");
  Start("a", R"("argv":["x"])");
  ExpectFailure(Start("a", R"("argv":["x"],)" + Snapshot("")), -32602, kScope);
  EXPECT_EQ(backend_.started(), 1U);
}

TEST_F(SnapshotStartTest, TheCommandWaitsForTheSnapshot) {
  EXPECT_EQ(StartLogin("a"), "");
  EXPECT_EQ(backend_.started(), 1U);
  ExpectFailure(StartLogin("a"), -32600, "process a already exists");
  FinishShell();
  EXPECT_EQ(peer_->connection->Take(), Result(R"({"processId":"a","sandboxType":"none"})"));
  const LaunchPlan& plan = backend_.last().plan();
  EXPECT_EQ(plan.argv[1], "-pc");
  EXPECT_EQ(plan.env,
            (std::vector<std::string>{"A=1", "RC=1", "__PANED_SHELL_SNAPSHOT_0=f () { :; }\n"}));
  EXPECT_EQ(StartLogin("b"), Result(R"({"processId":"b","sandboxType":"none"})"));
  EXPECT_EQ(backend_.started(), 3U);
}

TEST_F(SnapshotStartTest, ATerminalGetsTheShellsName) {
  EXPECT_EQ(StartLogin("a", R"(,"tty":true)"), "");
  FinishShell();
  EXPECT_EQ(terminals_.last().plan().env[2], "SHELL=/bin/login-shell");
}

TEST_F(SnapshotStartTest, WithoutASnapshotTheCommandRunsAsItCame) {
  EXPECT_EQ(StartLogin("a"), "");
  clock_.Advance(std::chrono::seconds(10));
  EXPECT_EQ(peer_->connection->Take(), Result(R"({"processId":"a","sandboxType":"none"})"));
  EXPECT_EQ(backend_.last().plan().argv, (std::vector<std::string>{"/bin/bash", "-lc", "run"}));
  EXPECT_EQ(backend_.last().plan().env, std::vector<std::string>{"A=1"});
}

TEST_F(SnapshotStartTest, TerminatedMeanwhileItNeverRuns) {
  EXPECT_EQ(StartLogin("a"), "");
  EXPECT_EQ(peer_->Ask(R"({"id":2,"method":"process/terminate","params":{"processId":"a"}})"),
            R"({"jsonrpc":"2.0","id":2,"result":{"running":true}})");
  clock_.Advance(std::chrono::milliseconds(0));
  ExpectFailure(peer_->connection->Take(), -32600, "process a start was cancelled");
  FinishShell();
  EXPECT_EQ(backend_.started(), 1U);
}

TEST_F(SnapshotStartTest, SessionsDoNotShareSnapshots) {
  StartLogin("a");
  const auto other = Ready();
  other->Ask(Request("process/start",
                     R"({"processId":"a","argv":["/bin/bash","-lc","x"],)" + Snapshot("s") + "}"));
  EXPECT_EQ(backend_.started(), 2U);
  EXPECT_EQ(backend_.last().plan().argv[1], "-lc");
  // Their waiting starts are answered before the test ends.
  clock_.Advance(std::chrono::seconds(10));
}

}  // namespace
}  // namespace paned
