// Connections cut at random points of a flood, resumed as codex 0.169 does it: one recovery read
// from the last seq seen, then pushes. Every byte must arrive once.
#include <map>

#include "tests/e2e/fixture.h"
#include "tests/e2e/pattern.h"

namespace paned::testing {
namespace {

class Resume : public E2e {};

// Puts chunks from pushes and reads in order by their seq; what comes twice counts once.
class Assembler {
 public:
  void Take(std::uint64_t seq, std::string bytes) {
    if (seq <= last_) return;
    ahead_.emplace(seq, std::move(bytes));
    Advance();
  }
  // Exit and close use up a seq each.
  void Skip(std::uint64_t seq) { Take(seq, ""); }
  std::uint64_t last() const { return last_; }
  const PatternChecker& checker() const { return checker_; }
  bool gap() const { return !ahead_.empty(); }

 private:
  void Advance() {
    for (auto it = ahead_.begin(); it != ahead_.end() && it->first == last_ + 1;
         it = ahead_.erase(it)) {
      checker_.Feed(it->second);
      ++last_;
    }
  }
  std::map<std::uint64_t, std::string> ahead_;
  std::uint64_t last_ = 0;
  PatternChecker checker_;
};

struct Flow {
  Assembler assembler;
  bool closed = false;
  std::uint64_t lost = 0;
};

void Listen(RpcClient* client, Flow* flow) {
  client->on_output = [flow](const Note& note) { flow->assembler.Take(note.seq, note.bytes); };
}

// The marks of the exit and the close, which Story keeps.
void NoteMarks(RpcClient* client, const std::string& id, Flow* flow) {
  const Story& story = client->story(id);
  if (story.exit_code) flow->assembler.Skip(story.exited_seq);
  if (story.closed) {
    flow->assembler.Skip(story.last_seq);
    flow->closed = true;
  }
}

void RecoveryRead(RpcClient* client, const std::string& id, Flow* flow) {
  const Answer read =
      client->Call("process/read", R"({"processId":)" + Quote(id) + R"(,"afterSeq":)" +
                                       std::to_string(flow->assembler.last()) +
                                       R"(,"maxBytes":null,"waitMs":0})");
  ASSERT_TRUE(read.ok()) << read.message();
  if (read.result().HasMember("lostBytes")) flow->lost += read.result()["lostBytes"].GetUint64();
  std::uint64_t marks_from = flow->assembler.last() + 1;
  for (const auto& chunk : read.result()["chunks"].GetArray()) {
    const std::uint64_t seq = chunk["seq"].GetUint64();
    // A seq that no chunk has is the exit's: nothing is lost, lostBytes would tell.
    for (; marks_from < seq; ++marks_from) flow->assembler.Skip(marks_from);
    flow->assembler.Take(
        seq, FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
    marks_from = seq + 1;
  }
  if (read.result()["closed"].GetBool()) flow->closed = true;
}

TEST_F(Resume, ThirtyCutsInAFlood) {
  const std::uint32_t kCuts = Scaled(30U, 10U);
  const std::uint64_t kSize = Scaled<std::uint64_t>(100'000'000, 40'000'000);
  // A recovery read brings at most what is kept: thirty of them must not be all.
  ServeWith({"--retain-bytes=1M"});
  std::uint32_t seed = 4711;
  const auto random = [&seed](std::uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
  };
  Flow flow;
  auto client = Open(kCodex);
  const std::string session = client->session();
  Listen(client.get(), &flow);
  ASSERT_TRUE(client
                  ->Call("process/start",
                         StartParams("p", {HelperProgram(), "emit", std::to_string(kSize)}))
                  .ok());
  std::uint32_t cuts = 0;
  while (!flow.closed) {
    const std::uint64_t until =
        flow.assembler.checker().offset() + random(static_cast<std::uint32_t>(kSize) / kCuts / 2);
    ASSERT_TRUE(client->Until([&] {
      NoteMarks(client.get(), "p", &flow);
      return flow.closed || (cuts < kCuts && flow.assembler.checker().offset() >= until);
    }));
    if (flow.closed) break;
    ++cuts;
    if (cuts % 3 == 0) {
      client->ws().ShutdownWrite();  // some end with a FIN, most with a RST
    } else {
      client->ws().Reset();
    }
    client = Open(kCodex, session);
    ASSERT_EQ(client->session(), session);
    Listen(client.get(), &flow);
    RecoveryRead(client.get(), "p", &flow);
    ASSERT_EQ(flow.lost, 0u) << "cut " << cuts;
    ASSERT_TRUE(flow.assembler.checker().good()) << "cut " << cuts;
  }
  EXPECT_EQ(cuts, kCuts);
  EXPECT_FALSE(flow.assembler.gap());
  EXPECT_EQ(flow.assembler.checker().offset(), kSize);
}

TEST_F(Resume, SilenceThenFloodCutInTheMiddle) {
  const std::uint64_t kSize = Scaled<std::uint64_t>(20'000'000, 5'000'000);
  Flow flow;
  auto client = Open(kCodex);
  const std::string session = client->session();
  Listen(client.get(), &flow);
  const std::string script =
      std::string("sleep 1; exec ") + HelperProgram() + " emit " + std::to_string(kSize);
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh(script))).ok());
  ASSERT_TRUE(client->Until([&] { return flow.assembler.checker().offset() > kSize / 3; }));
  client->ws().Reset();
  client = Open(kCodex, session);
  Listen(client.get(), &flow);
  RecoveryRead(client.get(), "p", &flow);
  ASSERT_TRUE(client->Until([&] {
    NoteMarks(client.get(), "p", &flow);
    return flow.closed;
  }));
  EXPECT_EQ(flow.lost, 0u);
  EXPECT_TRUE(flow.assembler.checker().good());
  EXPECT_EQ(flow.assembler.checker().offset(), kSize);
}

// While nobody is attached the child stands still when the log is full, and nothing is dropped.
TEST_F(Resume, OutputOfADetachedProcessWaits) {
  ServeWith({"--retain-bytes=256K"});
  constexpr std::uint64_t kSize = 3'000'000;
  Flow flow;
  auto client = Open(kCodex);
  const std::string session = client->session();
  const TempDir dir;
  const std::string script = "while [ ! -e " + (dir / "go") + " ]; do sleep 0.01; done; exec " +
                             HelperProgram() + " emit " + std::to_string(kSize);
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh(script))).ok());
  // At first the server asks tmux for its version, too.
  ASSERT_TRUE(Eventually([&] { return server().Children().size() == 1; }));
  const std::vector<pid_t> children = server().Children();
  client->ws().Reset();
  WriteWholeFile(dir / "go", "");
  // It is the emitter, and it sleeps in its write.
  const std::string proc = "/proc/" + std::to_string(children[0]);
  ASSERT_TRUE(Eventually([&] {
    return ReadWholeFile(proc + "/comm") == "e2e_helper\n" &&
           ReadWholeFile(proc + "/wchan").find("pipe") != std::string::npos;
  })) << ReadWholeFile(proc + "/wchan");
  client = Open(kCodex, session);
  Listen(client.get(), &flow);
  RecoveryRead(client.get(), "p", &flow);
  ASSERT_TRUE(client->Until([&] {
    NoteMarks(client.get(), "p", &flow);
    return flow.closed;
  }));
  EXPECT_EQ(flow.lost, 0u);
  EXPECT_TRUE(flow.assembler.checker().good());
  EXPECT_EQ(flow.assembler.checker().offset(), kSize);
}

}  // namespace
}  // namespace paned::testing
