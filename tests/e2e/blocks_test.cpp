// Files that stay open between calls, and walks: copies at bounded memory, what a cut connection
// leaves behind, and clients that ask for more than they take.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/e2e/fixture.h"
#include "tests/e2e/pattern.h"

namespace paned::testing {
namespace {

class Blocks : public E2e {
 protected:
  static std::string OpenParams(const std::string& id, const std::string& path,
                                const std::string& mode = "read") {
    return PathParams("file://" + path, "\"handleId\":" + Quote(id) + ",\"mode\":" + Quote(mode));
  }
  static std::string ReadBlockParams(const std::string& id, std::size_t offset,
                                     std::size_t length) {
    return "{\"handleId\":" + Quote(id) + ",\"offset\":" + std::to_string(offset) +
           ",\"len\":" + std::to_string(length) + "}";
  }
  static std::string WriteBlockParams(const std::string& id, std::size_t offset,
                                      std::string_view bytes) {
    return "{\"handleId\":" + Quote(id) + ",\"offset\":" + std::to_string(offset) +
           ",\"chunk\":\"" + ToBase64(bytes) + "\"}";
  }
  static std::string CloseParams(const std::string& id) {
    return "{\"handleId\":" + Quote(id) + "}";
  }
  static std::string BytesOf(const Answer& answer) {
    const rapidjson::Value& chunk = answer.result()["chunk"];
    return FromBase64({chunk.GetString(), chunk.GetStringLength()});
  }
  static bool Eof(const Answer& answer) { return answer.result()["eof"].GetBool(); }

  TempDir dir_;
};

// As codex's client copies between two environments.
TEST_F(Blocks, AFileIsCopiedFromOneConnectionToAnother) {
  const std::size_t size = 5 * kMiB + 7;
  WriteWholeFile(dir_ / "from", Pattern(0, size));
  const auto source = Open(kCodex);
  const auto destination = Open(kCodex);
  ASSERT_TRUE(source->Call("fs/open", OpenParams("r", dir_ / "from")).ok());
  const Answer opened = destination->Call("fs/open", OpenParams("w", dir_ / "to", "replace"));
  ASSERT_TRUE(opened.ok()) << opened.message();
  EXPECT_STREQ(opened.result()["handleId"].GetString(), "w");
  std::size_t offset = 0;
  for (bool eof = false; !eof;) {
    const Answer block = source->Call("fs/readBlock", ReadBlockParams("r", offset, kMiB));
    ASSERT_TRUE(block.ok()) << block.message();
    const std::string bytes = BytesOf(block);
    eof = Eof(block);
    EXPECT_EQ(eof, bytes.size() < kMiB);
    ASSERT_TRUE(destination->Call("fs/writeBlock", WriteBlockParams("w", offset, bytes)).ok());
    offset += bytes.size();
  }
  EXPECT_EQ(offset, size);
  EXPECT_TRUE(source->Call("fs/close", CloseParams("r")).ok());
  EXPECT_TRUE(destination->Call("fs/close", CloseParams("w")).ok());
  EXPECT_TRUE(ReadWholeFile(dir_ / "to") == Pattern(0, size));
  EXPECT_TRUE(
      source->Call("environment/info").result()["capabilities"]["fileWriteStreaming"].GetBool());
}

TEST_F(Blocks, AskedForAllAtOnceAndNotTakenTheyCostNoMemory) {
  const std::size_t kCount = Scaled<std::size_t>(80, 20);
  WriteWholeFile(dir_ / "f", Pattern(0, kCount * kMiB));
  const auto client = Open(kCodex);
  const auto other = Open();
  ASSERT_TRUE(client->Call("fs/open", OpenParams("r", dir_ / "f")).ok());
  std::vector<std::int64_t> ids;
  for (std::size_t n = 0; n < kCount; ++n) {
    ids.push_back(client->Send("fs/readBlock", ReadBlockParams("r", n * kMiB, kMiB)));
  }
  // Nobody takes a byte of it, and everybody else is served.
  for (int n = 0; n < 20; ++n) EXPECT_TRUE(other->Call("environment/status").ok());
  for (std::size_t n = 0; n < kCount; ++n) {
    const Answer block = client->Await(ids[n]);
    ASSERT_TRUE(block.ok()) << n << ' ' << block.message();
    ASSERT_TRUE(BytesOf(block) == Pattern(n * kMiB, kMiB)) << n;
    EXPECT_FALSE(Eof(block));
  }
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), 40 * kMiB);
  }
}

TEST_F(Blocks, WrittenAllAtOnceTheyCostNoMemory) {
  const std::size_t kCount = Scaled<std::size_t>(80, 20);
  const auto client = Open(kCodex);
  ASSERT_TRUE(client->Call("fs/open", OpenParams("w", dir_ / "f", "replace")).ok());
  std::vector<std::int64_t> ids;
  // From the end to the front: every one but the last leaves a gap before it.
  for (std::size_t n = kCount; n-- > 0;) {
    ids.push_back(
        client->Send("fs/writeBlock", WriteBlockParams("w", n * kMiB, Pattern(n * kMiB, kMiB))));
  }
  for (const std::int64_t id : ids) EXPECT_TRUE(client->Await(id).ok());
  EXPECT_TRUE(ReadWholeFile(dir_ / "f") == Pattern(0, kCount * kMiB));
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), 64 * kMiB);
  }
}

TEST_F(Blocks, ACutConnectionGivesItsFilesBack) {
  WriteWholeFile(dir_ / "f", "bytes");
  ServeWith({"--tty-backend=pty"});  // nothing of its own to open and close meanwhile
  const auto witness = Open();
  auto client = Open();
  const std::string session = client->session();
  const std::size_t before = server().OpenDescriptors();
  for (int n = 0; n < 127; ++n) {
    ASSERT_TRUE(client->Call("fs/open", OpenParams("h" + std::to_string(n), dir_ / "f")).ok());
  }
  ASSERT_TRUE(client->Call("fs/open", OpenParams("w", dir_ / "new", "replace")).ok());
  EXPECT_EQ(client->Call("fs/open", OpenParams("more", dir_ / "f")).message(),
            "at most 128 file handles may be open per connection");
  EXPECT_EQ(server().OpenDescriptors(), before + 128);
  // With calls under way.
  for (int n = 0; n < 50; ++n) client->Send("fs/readBlock", ReadBlockParams("h1", 0, 5));
  client->Send("fs/writeBlock", WriteBlockParams("w", 0, Pattern(0, kMiB)));
  client.reset();
  EXPECT_TRUE(Eventually([&] { return server().OpenDescriptors() <= before - 1; }))
      << server().OpenDescriptors() << " of " << before;
  // They are the connection's, not the session's.
  const auto resumed = Open("e2e", session);
  EXPECT_EQ(resumed->Call("fs/readBlock", ReadBlockParams("h1", 0, 5)).code(), -32004);
  EXPECT_EQ(resumed->Call("fs/readBlock", ReadBlockParams("h1", 0, 5)).message(),
            "unknown file handle `h1`");
  EXPECT_TRUE(witness->Call("environment/status").ok());
}

TEST_F(Blocks, OpensAndClosesInAHurryLeaveNothing) {
  WriteWholeFile(dir_ / "f", "bytes");
  ServeWith({"--tty-backend=pty"});
  const auto client = Open();
  const std::size_t before = server().OpenDescriptors();
  std::vector<std::int64_t> reads;
  std::int64_t last = 0;
  for (int n = 0; n < 300; ++n) {
    client->Send("fs/open", OpenParams("h", dir_ / "f"));
    reads.push_back(client->Send("fs/readBlock", ReadBlockParams("h", 1, 3)));
    last = client->Send("fs/close", CloseParams("h"));
  }
  EXPECT_TRUE(client->Await(last).ok());
  for (const std::int64_t id : reads) EXPECT_EQ(BytesOf(client->Await(id)), "yte");
  EXPECT_TRUE(Eventually([&] { return server().OpenDescriptors() == before; }));
}

TEST_F(Blocks, OddFilesHoldNobodyUp) {
  const auto client = Open();
  const std::string fifo = dir_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(client->Call("fs/open", OpenParams("a", fifo)).code(), -32600);
  EXPECT_EQ(client->Call("fs/open", OpenParams("a", fifo, "replace")).message(),
            "No such device or address (os error 6)");
  EXPECT_EQ(client->Call("fs/open", OpenParams("a", "/dev/zero")).code(), -32600);
  EXPECT_EQ(client->Call("fs/open", OpenParams("a", "/dev/full", "replace")).code(), -32600);
  ASSERT_TRUE(client->Call("fs/open", OpenParams("mem", "/proc/self/mem")).ok());
  EXPECT_EQ(client->Call("fs/readBlock", ReadBlockParams("mem", 0, 10)).message(),
            "I/O error (os error 5)");
  EXPECT_EQ(client->Call("fs/readBlock", ReadBlockParams("mem", 0, 10)).message(),
            "unknown file handle `mem`");
  ASSERT_TRUE(client->Call("fs/open", OpenParams("s", "/proc/self/status")).ok());
  EXPECT_EQ(BytesOf(client->Call("fs/readBlock", ReadBlockParams("s", 0, 5))), "Name:");
}

TEST_F(Blocks, AnErrorAmongPipelinedBlocksIsOnlyItsOwn) {
  WriteWholeFile(dir_ / "f", "0123");
  const auto client = Open();
  ASSERT_TRUE(client->Call("fs/open", OpenParams("w", dir_ / "w", "replace")).ok());
  ASSERT_TRUE(client->Call("fs/open", OpenParams("r", dir_ / "f")).ok());
  const auto good = client->Send("fs/readBlock", ReadBlockParams("r", 0, 2));
  const auto bad = client->Send("fs/readBlock", ReadBlockParams("w", 0, 2));
  const auto after = client->Send("fs/readBlock", ReadBlockParams("r", 2, 3));
  EXPECT_EQ(BytesOf(client->Await(good)), "01");
  EXPECT_EQ(client->Await(bad).message(), "Bad file descriptor (os error 9)");
  EXPECT_EQ(BytesOf(client->Await(after)), "23");
}

// --- walks ---------------------------------------------------------------------------------------

std::string WalkParams(const std::string& path) {
  return PathParams("file://" + path,
                    "\"options\":{\"maxDepth\":64,\"maxDirectories\":10000,\"maxEntries\":50000,"
                    "\"followDirectorySymlinks\":true}");
}

TEST_F(Blocks, TenThousandFilesAtBoundedMemory) {
  const int kDirectories = Scaled(100, 10);
  for (int d = 0; d < kDirectories; ++d) {
    const std::string directory = dir_ / ("d" + std::to_string(1000 + d));
    ASSERT_EQ(::mkdir(directory.c_str(), 0755), 0);
    for (int f = 0; f < 100; ++f) WriteWholeFile(directory + "/f" + std::to_string(f), "");
  }
  ASSERT_EQ(::symlink("..", (dir_ / "d1000/up").c_str()), 0);
  const auto client = Open(kCodex);
  const auto other = Open();
  const auto id = client->Send("fs/walk", WalkParams(dir_.path()));
  EXPECT_TRUE(other->Call("environment/status").ok());
  const Answer walked = client->Await(id);
  ASSERT_TRUE(walked.ok()) << walked.message();
  const rapidjson::Value& entries = walked.result()["entries"];
  EXPECT_EQ(entries.Size(), static_cast<unsigned>(kDirectories * 101 + 1));
  EXPECT_EQ(std::string(entries[0]["path"].GetString()), "file://" + (dir_ / "d1000"));
  EXPECT_EQ(std::string(entries[0]["kind"].GetString()), "directory");
  EXPECT_EQ(walked.result()["errors"].Size(), 0U);
  EXPECT_FALSE(walked.result()["truncated"].GetBool());
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), 24 * kMiB);
  }
}

}  // namespace
}  // namespace paned::testing
