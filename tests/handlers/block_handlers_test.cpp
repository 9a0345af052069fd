// fs/open, fs/readBlock, fs/writeBlock, fs/close and fs/walk as a peer sees them: texts, order of
// checks, what a failure costs, pipelining and the end of a connection. Measured on the reference.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "protocol/base64.h"
#include "server/fs/block_io.h"
#include "tests/handlers/handler_fixture.h"
#include "tests/support/temp_dir.h"

namespace paned {
namespace {

class BlockHandlerTest : public HandlerTest {
 protected:
  // Takes the answer to one request, pulling it when it is streamed.
  std::string Ask(const std::string& method, const std::string& params) {
    peer_->connection->Receive(Request(method, params));
    return Next();
  }
  std::string Next() {
    EXPECT_TRUE(RunUntil([&] {
      if (!peer_->connection->sent().empty()) return true;
      if (peer_->connection->streaming()) peer_->connection->Pull();
      io_.poll();
      return !peer_->connection->sent().empty();
    }));
    return peer_->connection->Take();
  }
  std::string Open(const std::string& id, const std::string& path, const std::string& more = {}) {
    return Ask("fs/open", Handle(id) + R"(,"path":")" + path + '"' + more + '}');
  }
  std::string Replace(const std::string& id, const std::string& path) {
    return Open(id, path, R"(,"mode":"replace")");
  }
  std::string Read(const std::string& id, const std::string& offset, const std::string& length) {
    return Ask("fs/readBlock", ReadParams(id, offset, length));
  }
  std::string Write(const std::string& id, const std::string& offset, const std::string& bytes) {
    return Ask("fs/writeBlock", WriteParams(id, offset, bytes));
  }
  std::string Close(const std::string& id) { return Ask("fs/close", Handle(id) + '}'); }

  static std::string Handle(const std::string& id) { return R"({"handleId":")" + id + '"'; }
  static std::string ReadParams(const std::string& id, const std::string& offset,
                                const std::string& length) {
    return Handle(id) + R"(,"offset":)" + offset + R"(,"len":)" + length + '}';
  }
  static std::string WriteParams(const std::string& id, const std::string& offset,
                                 const std::string& bytes) {
    std::string text;
    protocol::AppendBase64(bytes, &text);
    return Handle(id) + R"(,"offset":)" + offset + R"(,"chunk":")" + text + "\"}";
  }
  static std::string Opened(const std::string& id) {
    return Result(R"({"handleId":")" + id + "\"}");
  }
  static std::string Block(const std::string& bytes, bool eof) {
    std::string text;
    protocol::AppendBase64(bytes, &text);
    return Result(R"({"chunk":")" + text + R"(","eof":)" + (eof ? "true}" : "false}"));
  }
  std::string MakeFile(const std::string& name, const std::string& bytes) const {
    std::ofstream(root_ + '/' + name, std::ios::binary) << bytes;
    return root_ + '/' + name;
  }
  static std::ptrdiff_t OpenDescriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  }

  const testing::TempDir directory_;
  const std::string root_ = directory_.path();
  std::unique_ptr<Peer> peer_ = Ready();
};

constexpr char kTooLongId[] = "file handle ID must not exceed 32 bytes";
constexpr char kNoEntry[] = "No such file or directory (os error 2)";
constexpr char kBadDescriptor[] = "Bad file descriptor (os error 9)";
constexpr char kInvalid[] = "Invalid argument (os error 22)";
const std::string kLongId(33, 'x');

TEST_F(BlockHandlerTest, AFileIsCopiedBlockByBlock) {
  const std::string from = MakeFile("from", "0123456789");
  EXPECT_EQ(Open("r", "file://" + from), Opened("r"));
  EXPECT_EQ(Replace("w", "file://" + root_ + "/to"), Opened("w"));
  EXPECT_EQ(Read("r", "0", "4"), Block("0123", false));
  EXPECT_EQ(Write("w", "0", "0123"), Result("{}"));
  EXPECT_EQ(Read("r", "4", "6"), Block("456789", false)) << "a block that ends at the end";
  EXPECT_EQ(Write("w", "4", "456789"), Result("{}"));
  EXPECT_EQ(Read("r", "10", "4"), Block("", true));
  EXPECT_EQ(Read("r", "8", "4"), Block("89", true));
  EXPECT_EQ(Close("r"), Result("{}"));
  EXPECT_EQ(Close("w"), Result("{}"));
  EXPECT_EQ(std::filesystem::file_size(root_ + "/to"), 10U);
  ExpectFailure(Read("r", "0", "4"), -32004, "unknown file handle `r`");
}

TEST_F(BlockHandlerTest, OrderOfChecksWhenOpening) {
  const std::string file = MakeFile("f", "x");
  EXPECT_EQ(Open("a", file), Opened("a"));
  EXPECT_EQ(Open("", file), Opened(""));
  ExpectFailure(Open(kLongId, "file://host/x"), -32600, kTooLongId);
  ExpectFailure(Open("a", root_ + "/none"), -32600, "file handle `a` already exists");
  ExpectFailure(Open("a", "file://host/x"), -32600, "file handle `a` already exists");
  ExpectFailure(Open("b", "file://host/x"), -32600, "'file://host/x' is invalid on 'linux'");
  ExpectFailure(Open("b", root_ + "/none"), -32004, kNoEntry);
  ExpectFailure(Open("b", root_), -32600, "path `" + root_ + "` is not a file");
  ExpectFailure(Replace("b", root_), -32603, "Is a directory (os error 21)");
  ExpectFailure(Open("b", file, R"(,"mode":"bad")"), -32602,
                "unknown variant `bad`, expected `read` or `replace`");
  for (int n = 0; n < 126; ++n)
    EXPECT_EQ(Open("h" + std::to_string(n), file), Opened("h" + std::to_string(n)));
  ExpectFailure(Replace("b", root_ + "/fresh"), -32600,
                "at most 128 file handles may be open per connection");
  EXPECT_FALSE(std::filesystem::exists(root_ + "/fresh"));
  ExpectFailure(Open("b", "file://host/x"), -32600,
                "at most 128 file handles may be open per connection");
  ExpectFailure(Open("a", file), -32600, "file handle `a` already exists");
  EXPECT_EQ(Close("h0"), Result("{}"));
  EXPECT_EQ(Open("b", file), Opened("b"));
}

TEST_F(BlockHandlerTest, OrderOfChecksOfBlocks) {
  const std::string length = "block length must be between 1 and 1048576";
  const std::string range = "file write range exceeds the signed 64-bit file offset limit";
  ExpectFailure(Read(kLongId, "0", "0"), -32600, kTooLongId);
  ExpectFailure(Read("no", "0", "0"), -32600, "file read " + length);
  ExpectFailure(Read("no", "18446744073709551615", "1048577"), -32600, "file read " + length);
  ExpectFailure(Read("no", "18446744073709551615", "1"), -32004, "unknown file handle `no`");
  ExpectFailure(Write(kLongId, "0", ""), -32600, kTooLongId);
  ExpectFailure(Write("no", "18446744073709551615", ""), -32600, "file write " + length);
  ExpectFailure(Write("no", "0", std::string(kMaxBlock + 1, 'x')), -32600, "file write " + length);
  ExpectFailure(Write("no", "9223372036854775807", "x"), -32600, range);
  ExpectFailure(Write("no", "0", "x"), -32004, "unknown file handle `no`");
  ExpectFailure(Ask("fs/writeBlock", R"({"handleId":"no","offset":0,"chunk":"%"})"), -32602,
                "Invalid symbol 37, offset 0.");
  ExpectFailure(Close(kLongId), -32600, kTooLongId);
  EXPECT_EQ(Close("no"), Result("{}"));
}

TEST_F(BlockHandlerTest, AFailedReadDropsTheHandleAFailedWriteDoesNot) {
  const std::string file = MakeFile("f", "0123");
  EXPECT_EQ(Open("r", file), Opened("r"));
  ExpectFailure(Write("r", "0", "x"), -32603, kBadDescriptor);
  EXPECT_EQ(Read("r", "0", "1"), Block("0", false));
  ExpectFailure(Read("r", "0", "0"), -32600,
                "file read block length must be between 1 and 1048576");
  EXPECT_EQ(Read("r", "9223372036854775806", "1"), Block("", true));
  ExpectFailure(Read("r", "9223372036854775806", "2"), -32600, kInvalid);
  ExpectFailure(Read("r", "0", "1"), -32004, "unknown file handle `r`");
  EXPECT_EQ(Replace("w", root_ + "/new"), Opened("w"));
  ExpectFailure(Write("w", "9223372036854775806", "x"), -32603, "File too large (os error 27)");
  EXPECT_EQ(Write("w", "0", "x"), Result("{}"));
  ExpectFailure(Read("w", "0", "1"), -32603, kBadDescriptor);
  ExpectFailure(Write("w", "0", "x"), -32004, "unknown file handle `w`");
}

TEST_F(BlockHandlerTest, OddFilesNeverHang) {
  const std::string fifo = root_ + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ExpectFailure(Open("h", fifo), -32600, "path `" + fifo + "` is not a file");
  ExpectFailure(Replace("h", fifo), -32603, "No such device or address (os error 6)");
  ExpectFailure(Open("h", "/dev/zero"), -32600, "path `/dev/zero` is not a file");
  ExpectFailure(Replace("h", "/dev/full"), -32600, "path `/dev/full` is not a file");
  ASSERT_EQ(::symlink("loop", (root_ + "/loop").c_str()), 0);
  ExpectFailure(Open("h", root_ + "/loop"), -32603, "Symbolic link loop (os error 40)");
  ExpectFailure(Replace("h", root_ + "/loop"), -32603, "Symbolic link loop (os error 40)");
  ExpectFailure(Replace("h", root_ + "/none/f"), -32004, kNoEntry);
  EXPECT_EQ(Open("h", "/proc/self/status"), Opened("h"));
  EXPECT_EQ(Read("h", "0", "5"), Block("Name:", false));
}

TEST_F(BlockHandlerTest, AClientNeedNotWaitForItsOpen) {
  const std::string file = MakeFile("f", "0123");
  peer_->connection->Receive(Request("fs/open", Handle("a") + R"(,"path":")" + file + "\"}"));
  peer_->connection->Receive(Request("fs/readBlock", ReadParams("a", "0", "4")));
  EXPECT_EQ(Next(), Opened("a"));
  EXPECT_EQ(Next(), Block("0123", false));
  EXPECT_EQ(Close("a"), Result("{}"));
  // Also with a close right behind, and when it fails.
  peer_->connection->Receive(Request("fs/open", Handle("b") + R"(,"path":")" + file + "\"}"));
  peer_->connection->Receive(Request("fs/readBlock", ReadParams("b", "0", "4")));
  EXPECT_EQ(Close("b"), Result("{}"));
  EXPECT_EQ(Next(), Opened("b"));
  EXPECT_EQ(Next(), Block("0123", false));
  ExpectFailure(Read("b", "0", "4"), -32004, "unknown file handle `b`");
  peer_->connection->Receive(Request("fs/open", Handle("c") + R"(,"path":"/none"})"));
  peer_->connection->Receive(Request("fs/readBlock", ReadParams("c", "0", "4")));
  ExpectFailure(Next(), -32004, kNoEntry);
  ExpectFailure(Next(), -32004, "unknown file handle `c`");
}

TEST_F(BlockHandlerTest, ACloseTakesNothingFromAWriteBeforeIt) {
  EXPECT_EQ(Replace("w", root_ + "/f"), Opened("w"));
  const std::string bytes(kMaxBlock, 'x');
  peer_->connection->Receive(Request("fs/writeBlock", WriteParams("w", "0", bytes)));
  EXPECT_EQ(Close("w"), Result("{}"));
  EXPECT_EQ(Next(), Result("{}"));
  EXPECT_EQ(std::filesystem::file_size(root_ + "/f"), kMaxBlock);
}

TEST_F(BlockHandlerTest, BlocksAreReadOnlyWhenTheyCanBeSent) {
  const std::string path = MakeFile("f", "old");
  EXPECT_EQ(Open("r", path), Opened("r"));
  for (int n = 0; n < 3; ++n) {
    peer_->connection->Receive(Request("fs/readBlock", ReadParams("r", "0", "3")));
  }
  peer_->connection->Receive(Request("fs/close", Handle("r") + '}'));
  std::ofstream(path) << "new";
  for (int n = 0; n < 3; ++n) EXPECT_EQ(Next(), Block("new", false));
  EXPECT_EQ(Next(), Result("{}"));
}

TEST_F(BlockHandlerTest, HandlesEndWithTheConnectionAndAreItsOwn) {
  const std::string file = MakeFile("f", "0123");
  const auto before = OpenDescriptors();
  for (int n = 0; n < 20; ++n) Open("h" + std::to_string(n), file);
  EXPECT_EQ(Replace("w", root_ + "/new"), Opened("w"));
  const auto other = Ready();
  ExpectFailure(other->Ask(Request("fs/writeBlock", WriteParams("w", "0", "x"))), -32004,
                "unknown file handle `w`");
  EXPECT_GE(OpenDescriptors(), before + 21);
  // With a block that waits to be read, one being read and one being written.
  peer_->connection->Receive(Request("fs/writeBlock", WriteParams("w", "0", "0123")));
  peer_->connection->Receive(Request("fs/readBlock", ReadParams("h1", "0", "4")));
  peer_->connection->Receive(Request("fs/readBlock", ReadParams("h2", "0", "4")));
  EXPECT_TRUE(RunUntil([&] { return peer_->connection->streaming(); }));
  peer_->connection->Pull();
  peer_->connection->Die();
  EXPECT_TRUE(RunUntil([&] {
    io_.poll();
    return OpenDescriptors() <= before;
  }));
}

TEST_F(BlockHandlerTest, TheConnectionDiesWhileAFileIsOpened) {
  const std::string file = MakeFile("f", "0123");
  const auto before = OpenDescriptors();
  const std::weak_ptr<void> frame =
      peer_->connection->Receive(Request("fs/open", Handle("a") + R"(,"path":")" + file + "\"}"));
  peer_->connection->Receive(Request("fs/readBlock", ReadParams("a", "0", "4")));
  peer_->connection->Die();
  EXPECT_TRUE(RunUntil([&] {
    io_.poll();
    return frame.expired() && OpenDescriptors() <= before;
  }));
}

TEST_F(BlockHandlerTest, OnlyAfterTheHandshake) {
  const auto peer = Connect();
  for (const char* method : {"fs/open", "fs/close", "fs/readBlock"}) {
    ExpectFailure(peer->Ask(Request(method, R"({"handleId":"a","path":"/x","offset":0,"len":1})")),
                  -32600, "client must call initialize before using filesystem methods");
  }
  ExpectFailure(peer->Ask(Request("fs/writeBlock", R"({"chunk":"%"})")), -32602,
                "Invalid symbol 37, offset 0.");
}

constexpr char kRestricted[] =
    R"(,"sandbox":{"permissions":{"type":"managed","file_system":{"type":"restricted","entries":[]},)"
    R"("network":"restricted"},"windowsSandboxLevel":"disabled"})";
constexpr char kRefusal[] =
    "this exec-server has no sandbox and does not make restricted file calls";

TEST_F(BlockHandlerTest, RestrictedCallsAreRefused) {
  const std::string file = MakeFile("f", "0123");
  ExpectFailure(Open("a", file, kRestricted), -32603, kRefusal);
  ExpectFailure(Open("a", file, std::string(R"(,"mode":"replace")") + kRestricted), -32603,
                kRefusal);
  EXPECT_EQ(std::filesystem::file_size(file), 4U);
  ExpectFailure(Open(kLongId, file, kRestricted), -32600, kTooLongId);
}

// --- fs/walk -------------------------------------------------------------------------------------

std::string WalkParams(const std::string& path, const std::string& entries = "10",
                       const std::string& more = {}) {
  return R"({"path":")" + path + R"(","options":{"maxDepth":3,"maxDirectories":10,"maxEntries":)" +
         entries + R"(,"followDirectorySymlinks":false})" + more + '}';
}

TEST_F(BlockHandlerTest, WalkAnswersInTheRequestsForm) {
  std::filesystem::create_directory(root_ + "/a b");
  MakeFile("a b/\xff", "");
  const std::string uri = "file://" + root_;
  EXPECT_EQ(Ask("fs/walk", WalkParams(uri)),
            Result(R"({"entries":[{"path":")" + uri + R"(/a%20b","kind":"directory"},{"path":")" +
                   uri + R"(/a%20b/%FF","kind":"file"}],"errors":[],"truncated":false})"));
  EXPECT_EQ(Ask("fs/walk", WalkParams(root_ + "/", "1")),
            Result(R"({"entries":[{"path":")" + root_ +
                   R"(/a b","kind":"directory"}],"errors":[],"truncated":true})"));
}

TEST_F(BlockHandlerTest, OrderOfChecksOfAWalk) {
  const std::string zero = "filesystem walk limits must be greater than zero";
  ExpectFailure(Ask("fs/walk", WalkParams("file://host/x", "0", kRestricted)), -32600, zero);
  ExpectFailure(Ask("fs/walk", WalkParams("file://host/x", "50001")), -32600,
                "filesystem walk limits exceed maximums: depth=64, directories=10000, "
                "entries=50000");
  ExpectFailure(Ask("fs/walk", WalkParams("file://host/x")), -32600,
                "'file://host/x' is invalid on 'linux'");
  ExpectFailure(Ask("fs/walk", WalkParams(root_, "1", kRestricted)), -32603, kRefusal);
  ExpectFailure(Ask("fs/walk", WalkParams(root_ + "/none")), -32004, kNoEntry);
}

}  // namespace
}  // namespace paned
