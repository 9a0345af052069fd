// A long silence and then a flood, for clients that read as codex 0.135 and 0.169 do. The silence
// is a second here: no rule of the server begins or ends before 60 s, so eleven are no different.
#include "tests/e2e/fixture.h"
#include "tests/e2e/pattern.h"

namespace paned::testing {
namespace {

class Flood : public E2e {};

const std::uint64_t kSize = Scaled<std::uint64_t>(20'000'000, 5'000'000);

std::string SilenceThenFlood() {
  return std::string("sleep 1; exec ") + HelperProgram() + " emit " + std::to_string(kSize);
}

// 0.135: its output comes from reads alone; a push is only the call for the next one, and several
// pushes are one call.
class WakeUpReader {
 public:
  explicit WakeUpReader(RpcClient* client) : client_(client) {
    client_->on_output = [this](const Note&) { woken_ = true; };
  }

  bool ReadToClose(const std::string& id) {
    std::string cursor = "null";
    while (true) {
      woken_ = false;
      const Answer read =
          client_->Call("process/read", R"({"processId":)" + Quote(id) + R"(,"afterSeq":)" +
                                            cursor + R"(,"maxBytes":null,"waitMs":0})");
      if (!read.ok() || read.result().HasMember("lostBytes")) return false;
      for (const auto& chunk : read.result()["chunks"].GetArray()) {
        checker.Feed(FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
        cursor = std::to_string(chunk["seq"].GetUint64());
      }
      ++reads;
      if (read.result()["closed"].GetBool()) return true;
      const bool called = client_->Until([&] { return woken_ || client_->story(id).closed; });
      if (!called) return false;
    }
  }

  PatternChecker checker;
  int reads = 0;

 private:
  RpcClient* client_;
  bool woken_ = false;
};

TEST_F(Flood, APushIsACallToRead) {
  const auto client = Open(kCodex);
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh(SilenceThenFlood()))).ok());
  WakeUpReader reader(client.get());
  ASSERT_TRUE(reader.ReadToClose("p"));
  EXPECT_TRUE(reader.checker.good());
  EXPECT_EQ(reader.checker.offset(), kSize);
  EXPECT_GE(reader.reads, 3) << "the log holds 8 MiB";
}

// The same client, slow: every read comes late, so that what it has not read must hold the child.
TEST_F(Flood, APushIsACallToReadWithASmallLog) {
  ServeWith({"--retain-bytes=256K"});
  const auto client = Open(kCodex);
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh(SilenceThenFlood()))).ok());
  WakeUpReader reader(client.get());
  ASSERT_TRUE(reader.ReadToClose("p"));
  EXPECT_TRUE(reader.checker.good());
  EXPECT_EQ(reader.checker.offset(), kSize);
}

// 0.169 has pushes alone and no read at all.
TEST_F(Flood, PushesAlone) {
  const auto client = Open(kCodex);
  PatternChecker checker;
  client->on_output = [&](const Note& note) { checker.Feed(note.bytes); };
  const Story story = client->Run("p", StartParams("p", Sh(SilenceThenFlood())));
  EXPECT_TRUE(checker.good());
  EXPECT_EQ(checker.offset(), kSize);
  EXPECT_TRUE(story.in_order);
}

}  // namespace
}  // namespace paned::testing
