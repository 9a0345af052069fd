// Output, to the byte: pushed, polled, and to a client that does not keep up.
#include "tests/e2e/fixture.h"
#include "tests/e2e/pattern.h"

namespace paned::testing {
namespace {

class Output : public E2e {
 protected:
  static std::vector<std::string> Emit(std::uint64_t size) {
    return {HelperProgram(), "emit", std::to_string(size)};
  }
  // Runs `emit size` and checks every byte as it is pushed.
  static void ExpectPushed(RpcClient* client, const std::string& id, std::uint64_t size) {
    PatternChecker checker;
    client->on_output = [&](const Note& note) { checker.Feed(note.bytes); };
    const Story story = client->Run(id, StartParams(id, Emit(size)));
    EXPECT_TRUE(checker.good());
    EXPECT_EQ(checker.offset(), size);
    EXPECT_TRUE(story.in_order);
    EXPECT_EQ(story.exit_code, 0);
    client->on_output = nullptr;
  }
};

TEST_F(Output, ThreeHundredKilobytesThenExitAHundredTimes) {
  const auto codex = Open(kCodex);
  const auto go = Open(kGoBridge);
  for (int i = 0; i < Scaled(100, 20); ++i) {
    const std::string id = "p" + std::to_string(i);
    ExpectPushed(codex.get(), id, 307'200);
    // The bridge's way: it reads from the start, stops at exited and closed.
    ASSERT_TRUE(go->Call("process/start", StartParams(id, Emit(307'200))).ok());
    PatternChecker checker;
    std::uint64_t after = 0;
    for (bool over = false; !over;) {
      const Answer read =
          go->Call("process/read", ReadParams(id, after, 250, "\"maxBytes\":65536"));
      ASSERT_TRUE(read.ok()) << read.message();
      for (const auto& chunk : read.result()["chunks"].GetArray()) {
        checker.Feed(FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
      }
      after = read.result()["nextSeq"].GetUint64();
      over = read.result()["exited"].GetBool() && read.result()["closed"].GetBool();
    }
    ASSERT_TRUE(checker.good());
    ASSERT_EQ(checker.offset(), 307'200u) << "run " << i;
  }
}

TEST_F(Output, TwentyMegabytesArePushed) {
  for (const char* name : {kCodex, "generic"}) {
    const auto client = Open(name);
    ExpectPushed(client.get(), "p", 20'000'000);
  }
}

TEST_F(Output, SingleBytesAndManyLines) {
  const auto client = Open();
  const Story story = client->Run(
      "p", StartParams("p", Sh("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done")));
  std::string expected;
  for (int i = 0; i < 3000; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(story.out, expected);
  EXPECT_TRUE(story.in_order);
}

TEST_F(Output, ManyAtOnceStayApart) {
  const auto client = Open();
  constexpr int kProcesses = 20;
  constexpr std::uint64_t kSize = 1'000'000;
  std::map<std::string, PatternChecker> checkers;
  client->on_output = [&](const Note& note) { checkers[note.process_id].Feed(note.bytes); };
  for (int i = 0; i < kProcesses; ++i) {
    const std::string id = std::to_string(i);
    client->Send("process/start", StartParams(id, Emit(kSize)));
  }
  for (int i = 0; i < kProcesses; ++i) {
    const std::string id = std::to_string(i);
    ASSERT_TRUE(client->UntilClosed(id));
    EXPECT_TRUE(client->story(id).in_order);
    EXPECT_TRUE(checkers[id].good());
    EXPECT_EQ(checkers[id].offset(), kSize);
  }
}

TEST_F(Output, APollerGetsAHundredMegabytesInBoundedMemory) {
  const std::uint64_t kSize = Scaled<std::uint64_t>(100'000'000, 10'000'000);
  const auto client = Open(kGoBridge);
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Emit(kSize))).ok());
  PatternChecker checker;
  std::uint64_t after = 0;
  for (bool over = false; !over;) {
    const Answer read =
        client->Call("process/read", ReadParams("p", after, 250, "\"maxBytes\":1048576"));
    ASSERT_TRUE(read.ok()) << read.message();
    EXPECT_FALSE(read.result().HasMember("lostBytes"));
    for (const auto& chunk : read.result()["chunks"].GetArray()) {
      checker.Feed(FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
    }
    after = read.result()["nextSeq"].GetUint64();
    over = read.result()["closed"].GetBool();
  }
  EXPECT_TRUE(checker.good());
  EXPECT_EQ(checker.offset(), kSize);
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), 48 * kMiB);
  }
}

// It reads, and pushes come as well. What a read has returned counts as delivered, so that a push
// may be left out; none comes twice or out of order.
TEST_F(Output, AGenericPollerThatAlsoGetsPushes) {
  const std::uint64_t kSize = Scaled<std::uint64_t>(30'000'000, 5'000'000);
  const auto client = Open();
  std::uint64_t pushed = 0;
  bool ascending = true;
  client->on_output = [&](const Note& note) {
    ascending = ascending && note.seq > pushed;
    pushed = note.seq;
  };
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Emit(kSize))).ok());
  PatternChecker read;
  const ReadStory story =
      client->ReadToClose("p", 0, 1000, [&](const std::string& bytes) { read.Feed(bytes); });
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_TRUE(read.good());
  EXPECT_EQ(read.offset(), kSize);
  EXPECT_TRUE(ascending);
  EXPECT_GT(pushed, 0u);
  EXPECT_EQ(story.lost, 0u);
}

TEST_F(Output, ASlowReaderLosesNothingAndHurtsNobody) {
  const std::uint64_t kSize = Scaled<std::uint64_t>(200'000'000, 20'000'000);
  WsClient::Options narrow;
  narrow.receive_buffer_bytes = 65536;
  const auto slow = Connect(narrow);
  ASSERT_TRUE(slow->Initialize(kCodex).ok());
  PatternChecker checker;
  slow->on_output = [&](const Note& note) { checker.Feed(note.bytes); };
  ASSERT_TRUE(slow->Call("process/start", StartParams("p", Emit(kSize))).ok());
  // It does not read its socket now. Another connection works on, until the flood stands still.
  const auto other = Open();
  std::size_t resident = 0;
  int quiet = 0;
  for (int i = 0; quiet < 20 && i < 2000; ++i) {
    const std::string id = "q" + std::to_string(i);
    ASSERT_TRUE(other->Run(id, StartParams(id, {"/bin/true"}, "\"env\":{}")).closed);
    const std::size_t now = server().ResidentBytes();
    quiet = now == resident ? quiet + 1 : 0;
    resident = now;
  }
  EXPECT_FALSE(slow->story("p").closed);
  ASSERT_TRUE(slow->UntilClosed("p", 3 * kPatience));
  EXPECT_TRUE(checker.good());
  EXPECT_EQ(checker.offset(), kSize);
  EXPECT_TRUE(slow->story("p").in_order);
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), 48 * kMiB);
  }
}

// Nobody reads and the flag says not to wait: the gap is told, and what is told is exact.
TEST_F(Output, GapsAreCounted) {
  ServeWith({"--when-full=evict", "--retain-bytes=64K"});
  constexpr std::uint64_t kSize = 3'000'000;
  auto client = Open(kGoBridge);
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Emit(kSize))).ok());
  ASSERT_TRUE(client->UntilClosed("p"));
  const Answer read = client->Call("process/read", ReadParams("p", 0, 0));
  ASSERT_TRUE(read.ok());
  std::string kept;
  for (const auto& chunk : read.result()["chunks"].GetArray()) {
    kept += FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()});
  }
  ASSERT_TRUE(read.result().HasMember("lostBytes"));
  const std::uint64_t lost = read.result()["lostBytes"].GetUint64();
  EXPECT_EQ(lost + kept.size(), kSize);
  EXPECT_GE(kept.size(), 65536u) << "the last --retain-bytes stay readable";
  EXPECT_TRUE(kept == Pattern(lost, kept.size()));
  EXPECT_EQ(read.result()["firstSeq"].GetUint64(), read.result()["chunks"][0]["seq"].GetUint64());
}

// Held back for good, not a byte is gone, and terminate still works.
TEST_F(Output, AHeldChildWaitsForItsReader) {
  ServeWith({"--when-full=hold", "--retain-bytes=1M"});
  const auto client = Open(kGoBridge);
  constexpr std::uint64_t kSize = 5'000'000;
  for (const char* id : {"read", "killed"}) {
    ASSERT_TRUE(client->Call("process/start", StartParams(id, Emit(kSize))).ok());
  }
  // Full: a read that could wait comes back at once with what is kept.
  const Answer first = client->Call("process/read", ReadParams("killed", 0, 600'000));
  EXPECT_GT(first.result()["chunks"].Size(), 0u);
  EXPECT_TRUE(client->Call("process/terminate", IdParams("killed")).result()["running"].GetBool());
  PatternChecker checker;
  std::uint64_t after = 0;
  for (bool over = false; !over;) {
    const Answer read = client->Call("process/read", ReadParams("read", after, 1000));
    ASSERT_TRUE(read.ok());
    for (const auto& chunk : read.result()["chunks"].GetArray()) {
      checker.Feed(FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
    }
    after = read.result()["nextSeq"].GetUint64();
    over = read.result()["closed"].GetBool();
  }
  EXPECT_TRUE(checker.good());
  EXPECT_EQ(checker.offset(), kSize);
}

// Forty processes want to keep 8 MiB each; together they get 32.
TEST_F(Output, TheTotalIsBoundedForAllProcesses) {
  ServeWith({"--retain-total-bytes=32M", "--when-full=hold"});
  const auto client = Open(kGoBridge);
  const std::size_t kProcesses = Scaled<std::size_t>(40, 10);
  const std::uint64_t kSize = Scaled<std::uint64_t>(8'000'000, 4'000'000);
  for (std::size_t i = 0; i < kProcesses; ++i) {
    ASSERT_TRUE(client->Call("process/start", StartParams(std::to_string(i), Emit(kSize))).ok());
  }
  std::vector<PatternChecker> checkers(kProcesses);
  std::vector<std::uint64_t> cursors(kProcesses);
  std::vector<bool> over(kProcesses);
  for (bool all = false; !all;) {
    all = true;
    for (std::size_t i = 0; i < checkers.size(); ++i) {
      if (over[i]) continue;
      const Answer read = client->Call(
          "process/read", ReadParams(std::to_string(i), cursors[i], 10, "\"maxBytes\":1048576"));
      ASSERT_TRUE(read.ok());
      for (const auto& chunk : read.result()["chunks"].GetArray()) {
        checkers[i].Feed(
            FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
      }
      cursors[i] = read.result()["nextSeq"].GetUint64();
      over[i] = read.result()["closed"].GetBool();
      all = all && over[i];
    }
  }
  for (const PatternChecker& checker : checkers) {
    EXPECT_TRUE(checker.good());
    EXPECT_EQ(checker.offset(), kSize);
  }
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), 80 * kMiB);
  }
}

}  // namespace
}  // namespace paned::testing
