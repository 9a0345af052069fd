// Files of megabytes: what each client can take, in which frames, and what it costs the server.
#include <unistd.h>

#include <algorithm>

#include "tests/e2e/fixture.h"
#include "tests/e2e/pattern.h"

namespace paned::testing {
namespace {

class BigFiles : public E2e {
 protected:
  // A file of the pattern.
  std::string Make(std::size_t size) {
    const std::string path = dir_ / ("file-" + std::to_string(size));
    WriteWholeFile(path, Pattern(0, size));
    return path;
  }
  std::string MakeSparse(std::size_t size) {
    const std::string path = dir_ / ("sparse-" + std::to_string(size));
    WriteWholeFile(path, "");
    EXPECT_EQ(::truncate(path.c_str(), static_cast<off_t>(size)), 0);
    return path;
  }

  TempDir dir_;
};

constexpr std::size_t kLargestFrame = 16 * kMiB;

TEST_F(BigFiles, ArriveWholeInFramesOfSixteenMebibytes) {
  const auto client = Open(kCodex);
  for (const std::size_t mebibytes : std::vector<std::size_t>{1, 8, 12, 13, 32, 44}) {
    const std::size_t size = mebibytes * kMiB + 1;
    const Answer read = client->Call("fs/readFile", PathParams(Make(size)));
    ASSERT_TRUE(read.ok()) << mebibytes << " MiB: " << read.message();
    const rapidjson::Value& data = read.result()["dataBase64"];
    EXPECT_TRUE(FromBase64({data.GetString(), data.GetStringLength()}) == Pattern(0, size))
        << mebibytes;
  }
  EXPECT_LE(client->largest_frame(), kLargestFrame);
}

TEST_F(BigFiles, WhatCodexCannotTakeIsRefusedAndTheConnectionLives) {
  const auto client = Open(kCodex);
  for (const std::size_t mebibytes : std::vector<std::size_t>{50, 64, 1000}) {
    const Answer read =
        client->Call("fs/readFile", PathParams("file://" + MakeSparse(mebibytes * kMiB)));
    EXPECT_EQ(read.code(), -32600);
    const std::string text = "file is too large to read: limit is ";
    ASSERT_EQ(read.message().rfind(text, 0), 0u) << read.message();
    const std::size_t limit = std::stoul(read.message().substr(text.size()));
    EXPECT_EQ(read.message(), text + std::to_string(limit) + " bytes");
    EXPECT_GT(limit, 44 * kMiB);
    EXPECT_LT(limit, 48 * kMiB);
    ASSERT_TRUE(read.document()["error"].HasMember("data"));
    EXPECT_EQ(read.document()["error"]["data"]["limit"].GetUint64(), limit);
  }
  EXPECT_EQ(client->Run("p", StartParams("p", Sh("echo on"))).out, "on\n");
}

TEST_F(BigFiles, OthersGetUpToHalfAGibibyte) {
  const auto client = Open();
  const Answer read = client->Call("fs/readFile", PathParams(MakeSparse(513 * kMiB)));
  EXPECT_EQ(read.code(), -32600);
  EXPECT_EQ(read.message(), "file is too large to read: limit is 536870912 bytes");
}

// Taken frame by frame, so that only the server could be the one to hold it all.
TEST_F(BigFiles, ThreeHundredMebibytesInBoundedMemory) {
  const std::size_t kSize = Scaled<std::size_t>(300, 40) * kMiB;
  const auto client = Open();
  const auto other = Open();
  ASSERT_TRUE(client->ws().SendText(R"({"id":"big","method":"fs/readFile","params":)" +
                                    PathParams(MakeSparse(kSize)) + "}"));
  const std::string head = R"({"jsonrpc":"2.0","id":"big","result":{"dataBase64":")";
  const std::string tail = "\"}}";
  std::uint64_t total = 0;
  std::uint64_t zeros = 0;  // 'A' is six zero bits
  std::string first;
  std::string last;
  for (bool fin = false; !fin;) {
    const std::optional<WsFrame> frame = client->ws().ReadFrame(kPatience);
    ASSERT_TRUE(frame.has_value());
    EXPECT_LE(frame->payload.size(), kLargestFrame);
    if (first.empty()) {
      first = frame->payload.substr(0, head.size());
      EXPECT_TRUE(other->Call("environment/status").ok()) << "in the middle of it";
    }
    zeros +=
        static_cast<std::uint64_t>(std::count(frame->payload.begin(), frame->payload.end(), 'A'));
    total += frame->payload.size();
    last = frame->payload;
    fin = frame->fin;
  }
  EXPECT_EQ(first, head);
  ASSERT_GE(last.size(), tail.size());
  EXPECT_EQ(last.substr(last.size() - tail.size()), tail);
  EXPECT_EQ(total, head.size() + (kSize + 2) / 3 * 4 + tail.size());
  EXPECT_EQ(zeros, (kSize * 8 + 5) / 6);
  EXPECT_TRUE(client->Call("environment/status").ok());
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), 64 * kMiB);
  }
}

TEST_F(BigFiles, WritesUpToTheMessageLimit) {
  const auto client = Open();
  for (const std::size_t size : {kMiB, 47 * kMiB}) {
    const std::string path = dir_ / "written";
    const Answer written = client->Call(
        "fs/writeFile", PathParams(path, "\"dataBase64\":\"" + ToBase64(Pattern(0, size)) + "\""));
    ASSERT_TRUE(written.ok()) << written.message();
    EXPECT_TRUE(ReadWholeFile(path) == Pattern(0, size));
  }
}

// Several at once, and pushes between them: fragments of one message are not torn apart.
TEST_F(BigFiles, SideBySideWithPushes) {
  const auto client = Open();
  const std::string path = Make(20 * kMiB);
  std::vector<std::int64_t> ids;
  ids.reserve(3);
  PatternChecker pushed;
  client->on_output = [&](const Note& note) { pushed.Feed(note.bytes); };
  client->Send("process/start", StartParams("p", {HelperProgram(), "emit", "10000000"}));
  for (int i = 0; i < 3; ++i) ids.push_back(client->Send("fs/readFile", PathParams(path)));
  for (const std::int64_t id : ids) {
    const Answer read = client->Await(id);
    ASSERT_TRUE(read.ok()) << read.message();
    const rapidjson::Value& data = read.result()["dataBase64"];
    EXPECT_TRUE(FromBase64({data.GetString(), data.GetStringLength()}) == Pattern(0, 20 * kMiB));
  }
  EXPECT_TRUE(client->UntilClosed("p"));
  EXPECT_TRUE(pushed.good());
  EXPECT_EQ(pushed.offset(), 10'000'000u);
}

}  // namespace
}  // namespace paned::testing
