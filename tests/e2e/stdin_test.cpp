// process/write: order, memory of ids, the queue and its limit.
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/e2e/fixture.h"
#include "tests/e2e/pattern.h"

namespace paned::testing {
namespace {

class Stdin : public E2e {
 protected:
  static std::string Status(const Answer& answer) {
    return answer.ok() ? answer.result()["status"].GetString() : answer.message();
  }
  static void Start(RpcClient* client, const std::string& id, const std::string& script) {
    const Answer started =
        client->Call("process/start", StartParams(id, Sh(script), "\"pipeStdin\":true"));
    ASSERT_TRUE(started.ok()) << started.message();
  }
};

TEST_F(Stdin, AMebibyteArrivesWhole) {
  const TempDir dir;
  const auto client = Open();
  Start(client.get(), "p", "exec head -c 1048576 >" + (dir / "copy"));
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("p", Pattern(0, kMiB)))), "accepted");
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").exit_code, 0);
  EXPECT_EQ(ReadWholeFile(dir / "copy"), Pattern(0, kMiB));
}

TEST_F(Stdin, PipelinedWritesKeepTheirOrder) {
  const TempDir dir;
  const auto client = Open();
  constexpr int kWrites = 2000;
  Start(client.get(), "p", "exec head -n " + std::to_string(kWrites) + " >" + (dir / "copy"));
  std::string expected;
  for (int i = 0; i < kWrites; ++i) {
    const std::string line = std::to_string(i) + "\n";
    expected += line;
    client->Send("process/write", WriteParams("p", line));
  }
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(ReadWholeFile(dir / "copy"), expected);
}

TEST_F(Stdin, ARepeatedWriteIdIsWrittenOnceAlsoAcrossAResume) {
  const TempDir dir;
  auto client = Open();
  Start(client.get(), "p", "exec head -n 4 >" + (dir / "copy"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Status(client->Call("process/write", WriteParams("p", "one\n", "id-1"))), "accepted");
  }
  const std::string session = client->session();
  client->ws().Reset();
  client = Open("e2e", session);
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("p", "one\n", "id-1"))), "accepted");
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("p", "two\n", "id-2"))), "accepted");
  // Without an id every write is new.
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("p", "same\n"))), "accepted");
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("p", "same\n"))), "accepted");
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(ReadWholeFile(dir / "copy"), "one\ntwo\nsame\nsame\n");
}

TEST_F(Stdin, StatusesAndRefusals) {
  const auto client = Open();
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("none", "x"))), "unknownProcess");
  ASSERT_TRUE(client->Call("process/start", StartParams("q", Sh("exec sleep 1000"))).ok());
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("q", "x"))), "stdinClosed");
  Start(client.get(), "p", "exec <&-; echo closed; read x; exit 0");
  ASSERT_TRUE(client->UntilClosed("p"));
  const Answer late = client->Call("process/write", WriteParams("p", "x"));
  EXPECT_EQ(late.code(), -32603);
  EXPECT_EQ(late.message(), "failed to write to process stdin");
  Start(client.get(), "r", "exec head -c 1");
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("r", ""))), "accepted");
  EXPECT_EQ(Status(client->Call("process/write", WriteParams("r", "z"))), "accepted");
  ASSERT_TRUE(client->UntilClosed("r"));
  EXPECT_EQ(client->story("r").out, "z");
}

// 20 MiB for a child that does not read yet: what is beyond the queue waits for its reply, and
// nothing else does.
TEST_F(Stdin, AFullQueueParksTheReplyAndNothingElse) {
  const TempDir dir;
  const std::string gate = dir / "gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  const auto client = Open();
  constexpr std::size_t kWrites = 20;
  Start(client.get(), "p",
        "cat " + gate + "; exec head -c " + std::to_string(kWrites * kMiB) + " >" + (dir / "copy"));
  std::vector<std::int64_t> ids;
  ids.reserve(20);
  for (std::size_t i = 0; i < kWrites; ++i) {
    ids.push_back(client->Send("process/write", WriteParams("p", Pattern(i * kMiB, kMiB))));
  }
  // Answered in order of arrival: all calls before this one have been taken.
  EXPECT_TRUE(client->Call("environment/status").ok());
  EXPECT_TRUE(client->Run("q", StartParams("q", Sh("echo q"))).closed);
  std::size_t answered = 0;
  for (const std::int64_t id : ids) answered += client->HasAnswer(id);
  EXPECT_GE(answered, 8u) << "the queue takes 8 MiB";
  EXPECT_LE(answered, 10u);
  { const UniqueFd opened(::open(gate.c_str(), O_WRONLY | O_CLOEXEC)); }
  ASSERT_TRUE(client->UntilClosed("p"));
  for (const std::int64_t id : ids) EXPECT_EQ(Status(client->Await(id)), "accepted");
  EXPECT_TRUE(ReadWholeFile(dir / "copy") == Pattern(0, kWrites * kMiB));
}

// Its closed pipe may be seen before its exit: accepted is then the reference's answer.
TEST_F(Stdin, ParkedWritesAreAnsweredWhenTheChildEnds) {
  const auto client = Open();
  Start(client.get(), "p", "exec sleep 1000");
  std::vector<std::int64_t> ids;
  ids.reserve(20);
  for (int i = 0; i < 12; ++i) {
    ids.push_back(client->Send("process/write", WriteParams("p", std::string(kMiB, 'x'))));
  }
  EXPECT_TRUE(client->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
  ASSERT_TRUE(client->UntilClosed("p"));
  for (const std::int64_t id : ids) {
    const std::string status = Status(client->Await(id));
    EXPECT_TRUE(status == "accepted" || status == "failed to write to process stdin") << status;
  }
}

}  // namespace
}  // namespace paned::testing
