// Frames: text and binary, fragments, pings, Close codes, the one size limit.
#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Frames : public E2e {};

constexpr unsigned kText = 1;
constexpr unsigned kContinuation = 0;

// A request of exactly `size` bytes, whatever its id.
std::string Padded(std::size_t size) {
  std::string text = R"({"id":"padded","method":"environment/status","pad":")";
  text.resize(size - 2, 'x');
  return text + "\"}";
}

TEST_F(Frames, BinaryIsAsGoodAsText) {
  const auto client = Open();
  ASSERT_TRUE(client->ws().SendBinary(R"({"id":"b","method":"environment/status"})"));
  EXPECT_TRUE(client->AwaitStray().ok());
}

TEST_F(Frames, FragmentsAreJoinedAroundControlFrames) {
  const auto client = Open();
  const std::string text = R"({"id":"fragmented","method":"environment/status"})";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size();
    ASSERT_TRUE(client->ws().SendFrame(last, i == 0 ? kText : kContinuation, text.substr(i, 1)));
    if (i % 10 == 5) {
      ASSERT_TRUE(client->ws().Ping("between"));
    }
  }
  ASSERT_TRUE(client->AwaitStray().ok());
  EXPECT_EQ(client->ws().pongs().size(), 5u);
  EXPECT_EQ(client->ws().pongs().front(), "between");
}

TEST_F(Frames, PongsComeWhileAReadWaits) {
  const auto client = Open();
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh("exec sleep 1000"))).ok());
  const std::int64_t waiting = client->Send("process/read", ReadParams("p", 0, 600'000));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client->ws().Ping(std::to_string(i)));
    const std::optional<WsFrame> frame = client->ws().ReadFrame();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->opcode, 0xAu);
    EXPECT_EQ(frame->payload, std::to_string(i));
  }
  EXPECT_FALSE(client->HasAnswer(waiting));
  EXPECT_TRUE(client->Call("process/terminate", IdParams("p")).ok());
  EXPECT_TRUE(client->Await(waiting).ok());
}

TEST_F(Frames, RequestsOfOneConnectionRunSideBySide) {
  const auto client = Open();
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh("exec sleep 1000"))).ok());
  std::vector<std::int64_t> waiting;
  waiting.reserve(50);
  for (int i = 0; i < 50; ++i) {
    waiting.push_back(client->Send("process/read", ReadParams("p", 0, 600'000)));
  }
  EXPECT_EQ(client->Call("process/stop").code(), -32601);
  EXPECT_TRUE(client->Run("q", StartParams("q", Sh("echo q"))).closed);
  for (const std::int64_t id : waiting) EXPECT_FALSE(client->HasAnswer(id));
  EXPECT_TRUE(client->Call("process/terminate", IdParams("p")).result()["running"].GetBool());
  for (const std::int64_t id : waiting) EXPECT_TRUE(client->Await(id).ok());
}

TEST_F(Frames, CloseIsEchoed) {
  const auto client = Open();
  ASSERT_TRUE(client->ws().SendClose(1000, "bye"));
  EXPECT_TRUE(client->ws().ReadToEnd());
  EXPECT_EQ(client->ws().close_code(), 1000);
}

TEST_F(Frames, UnmaskedFramesEndTheConnection) {
  const auto client = Open();
  client->ws().SendFrame(true, kText, R"({"id":"u","method":"environment/status"})", false);
  EXPECT_FALSE(client->AwaitStray());
  EXPECT_EQ(client->ws().close_code(), 1002);
  EXPECT_TRUE(Open()->Call("environment/status").ok());
}

TEST_F(Frames, TheLimitIsExactInOneFrame) {
  ServeWith({"--max-message-bytes=1M"});
  const auto client = Open();
  ASSERT_TRUE(client->ws().SendText(Padded(kMiB)));
  EXPECT_TRUE(client->AwaitStray().ok());
  client->ws().SendText(Padded(kMiB + 1));
  EXPECT_FALSE(client->AwaitStray());
  EXPECT_EQ(client->ws().close_code(), 1009);
}

TEST_F(Frames, TheLimitIsExactOverFragments) {
  ServeWith({"--max-message-bytes=1M"});
  for (const std::size_t size : {kMiB, kMiB + 1}) {
    const auto client = Open();
    const std::string text = Padded(size);
    constexpr std::size_t kPiece = 100'000;
    for (std::size_t at = 0; at < text.size(); at += kPiece) {
      client->ws().SendFrame(at + kPiece >= text.size(), at == 0 ? kText : kContinuation,
                             text.substr(at, kPiece));
    }
    EXPECT_EQ(client->AwaitStray().ok(), size == kMiB);
    EXPECT_EQ(client->ws().close_code().value_or(0), size == kMiB ? 0 : 1009);
  }
}

TEST_F(Frames, SixtyFourMebibytesAreTakenAndNotAByteMore) {
  const auto client = Open();
  ASSERT_TRUE(client->ws().SendText(Padded(64 * kMiB)));
  EXPECT_TRUE(client->AwaitStray().ok());
  client->ws().SendText(Padded(64 * kMiB + 1));
  EXPECT_FALSE(client->AwaitStray());
  EXPECT_EQ(client->ws().close_code(), 1009);
}

TEST_F(Frames, AThousandPipelinedRequests) {
  const auto client = Open();
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    all += WsClient::Encode(
        true, kText, "{\"id\":\"r" + std::to_string(i) + "\",\"method\":\"environment/status\"}");
  }
  ASSERT_TRUE(client->ws().SendRaw(all));
  for (int i = 0; i < 1000; ++i) {
    const Answer answer = client->AwaitStray();
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(std::string(answer.document()["id"].GetString()), "r" + std::to_string(i));
  }
}

}  // namespace
}  // namespace paned::testing
