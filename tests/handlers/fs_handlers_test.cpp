// fs/*: through workers and real files; large files in pieces; refusals.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "protocol/base64.h"
#include "server/handlers/file_reply.h"
#include "tests/handlers/handler_fixture.h"
#include "tests/support/temp_dir.h"

namespace paned {
namespace {

class FsHandlerTest : public HandlerTest {
 protected:
  std::string Ask(const std::string& method, const std::string& params) {
    return AskAndWait(*peer_, Request(method, params));
  }
  std::string PathOf(const std::string& name) const {
    return R"("path":")" + root_ + '/' + name + '"';
  }
  // A file of `size` bytes that a shifted or doubled piece would change.
  std::string MakeFile(const std::string& name, std::size_t size) const {
    std::string bytes(size, '\0');
    for (std::size_t n = 0; n < size; ++n) bytes[n] = static_cast<char>((n * 131 + n / 251) & 255);
    std::ofstream(root_ + '/' + name, std::ios::binary) << bytes;
    return bytes;
  }
  static std::string WholeReply(const std::string& bytes) {
    std::string text;
    protocol::AppendBase64(bytes, &text);
    return Result(R"({"dataBase64":")" + text + "\"}");
  }
  // Pulls one piece of a streamed reply.
  bool PullPiece() {
    const int before = peer_->connection->pieces();
    peer_->connection->Pull();
    return RunUntil([&] { return peer_->connection->pieces() > before; });
  }
  bool BeginRead(const std::string& name) {
    peer_->connection->Receive(Request("fs/readFile", '{' + PathOf(name) + '}'));
    return RunUntil([&] { return peer_->connection->streaming(); });
  }
  static std::ptrdiff_t OpenDescriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  }

  const testing::TempDir directory_;
  const std::string root_ = directory_.path();
  std::unique_ptr<Peer> peer_ = Ready("generic");
};

TEST_F(FsHandlerTest, ASmallFileIsOneMessage) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kFilePiece - 1}) {
    const std::string bytes = MakeFile("f", size);
    EXPECT_TRUE(Ask("fs/readFile", '{' + PathOf("f") + '}') == WholeReply(bytes)) << size;
    EXPECT_EQ(peer_->connection->pieces(), 0);
  }
}

TEST_F(FsHandlerTest, ALargeFileComesInPiecesOfBoundedSize) {
  for (const std::size_t size : {kFilePiece, kFilePiece + 1, 3 * kFilePiece, 3 * kFilePiece + 7}) {
    const std::string bytes = MakeFile("f", size);
    ASSERT_TRUE(BeginRead("f")) << size;
    EXPECT_TRUE(peer_->connection->sent().empty());
    int pieces = 0;
    while (peer_->connection->streaming() && pieces < 20) {
      ASSERT_TRUE(PullPiece());
      ++pieces;
    }
    EXPECT_EQ(pieces, static_cast<int>(size / kFilePiece) + 1);
    EXPECT_TRUE(peer_->connection->Take() == WholeReply(bytes)) << size;
    EXPECT_LE(peer_->connection->largest_piece(), (std::size_t{1} << 20) + 100);
  }
}

TEST_F(FsHandlerTest, RepliesBehindAStreamWaitForIt) {
  MakeFile("f", kFilePiece);
  ASSERT_TRUE(BeginRead("f"));
  EXPECT_EQ(peer_->Ask(Request("environment/status", "null")), "");
  ASSERT_TRUE(PullPiece());
  ASSERT_TRUE(PullPiece());
  EXPECT_EQ(peer_->connection->sent().size(), 2U);
}

TEST_F(FsHandlerTest, TheConnectionDiesBetweenPieces) {
  const auto before = OpenDescriptors();
  MakeFile("f", 3 * kFilePiece);
  ASSERT_TRUE(BeginRead("f"));
  ASSERT_TRUE(PullPiece());
  EXPECT_GT(OpenDescriptors(), before);
  peer_->connection->Die();
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(FsHandlerTest, TheConnectionDiesWhileAPieceIsRead) {
  const auto before = OpenDescriptors();
  MakeFile("f", 3 * kFilePiece);
  ASSERT_TRUE(BeginRead("f"));
  ASSERT_TRUE(PullPiece());
  peer_->connection->Pull();
  peer_->connection->Die();
  // The piece may still come, to nobody; the worker lets go of the file.
  EXPECT_TRUE(RunUntil([&] {
    io_.poll();
    return OpenDescriptors() == before;
  }));
  EXPECT_TRUE(peer_->connection->sent().empty());
}

TEST_F(FsHandlerTest, TheConnectionDiesWhileTheFileIsOpened) {
  const auto before = OpenDescriptors();
  MakeFile("f", 3 * kFilePiece);
  const std::weak_ptr<void> frame =
      peer_->connection->Receive(Request("fs/readFile", '{' + PathOf("f") + '}'));
  peer_->connection->Die();
  EXPECT_TRUE(RunUntil([&] { return frame.expired(); }));
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(FsHandlerTest, AFileThatShrinksEndsEarly) {
  const std::string bytes = MakeFile("f", 2 * kFilePiece);
  ASSERT_TRUE(BeginRead("f"));
  std::filesystem::resize_file(root_ + "/f", kFilePiece + 3);
  while (peer_->connection->streaming()) ASSERT_TRUE(PullPiece());
  EXPECT_TRUE(peer_->connection->Take() == WholeReply(bytes.substr(0, kFilePiece + 3)));
}

TEST_F(FsHandlerTest, ErrorsOfAFile) {
  ExpectFailure(Ask("fs/readFile", '{' + PathOf("none") + '}'), -32004,
                "No such file or directory (os error 2)");
  ExpectFailure(Ask("fs/readFile", R"({"path":")" + root_ + "\"}"), -32600,
                "path `" + root_ + "` is not a file");
}

TEST_F(FsHandlerTest, WritesReadsAndRemoves) {
  EXPECT_EQ(Ask("fs/writeFile", '{' + PathOf("new") + R"(,"dataBase64":"aGk="})"), Result("{}"));
  EXPECT_EQ(Ask("fs/readFile", '{' + PathOf("new") + '}'), Result(R"({"dataBase64":"aGk="})"));
  EXPECT_EQ(Ask("fs/copy", R"({"sourcePath":")" + root_ + R"(/new","destinationPath":")" + root_ +
                               R"(/copy","recursive":false})"),
            Result("{}"));
  EXPECT_EQ(Ask("fs/remove", '{' + PathOf("new") + '}'), Result("{}"));
  EXPECT_EQ(Ask("fs/createDirectory", '{' + PathOf("a/b") + '}'), Result("{}"));
  EXPECT_EQ(Ask("fs/readDirectory", '{' + PathOf("a") + '}'),
            Result(R"({"entries":[{"fileName":"b","isDirectory":true,"isFile":false}]})"));
  EXPECT_NE(Ask("fs/getMetadata", '{' + PathOf("copy") + '}').find(R"("isFile":true)"),
            std::string::npos);
}

TEST_F(FsHandlerTest, CanonicalizeAnswersInTheRequestsForm) {
  const std::string real = std::filesystem::canonical(root_).string();
  EXPECT_EQ(Ask("fs/canonicalize", R"({"path":")" + root_ + "/.\"}"),
            Result(R"({"path":")" + real + "\"}"));
  EXPECT_EQ(Ask("fs/canonicalize", R"({"path":"file://)" + root_ + "\"}"),
            Result(R"({"path":"file://)" + real + "\"}"));
}

TEST_F(FsHandlerTest, BadBase64) {
  ExpectFailure(Ask("fs/writeFile", '{' + PathOf("new") + R"(,"dataBase64":"%"})"), -32600,
                "fs/writeFile requires valid base64 dataBase64: Invalid symbol 37, offset 0.");
  EXPECT_FALSE(std::filesystem::exists(root_ + "/new"));
}

TEST_F(FsHandlerTest, BadBase64IsToldBeforeARefusedPath) {
  ExpectFailure(Ask("fs/writeFile", R"({"path":"file://host/x","dataBase64":"%"})"), -32600,
                "fs/writeFile requires valid base64 dataBase64: Invalid symbol 37, offset 0.");
  ExpectFailure(Ask("fs/writeFile", R"({"path":"file://host/x","dataBase64":""})"), -32600,
                "'file://host/x' is invalid on 'linux'");
}

TEST_F(FsHandlerTest, PathsOfOtherHosts) {
  ExpectFailure(Ask("fs/readFile", R"({"path":"file://host/x"})"), -32600,
                "'file://host/x' is invalid on 'linux'");
}

// --- sandbox -------------------------------------------------------------------------------------

constexpr char kRestricted[] =
    R"("sandbox":{"permissions":{"type":"managed","file_system":{"type":"restricted","entries":[]},)"
    R"("network":"restricted"},"windowsSandboxLevel":"disabled"})";
constexpr char kDisabled[] =
    R"("sandbox":{"permissions":{"type":"disabled"},"windowsSandboxLevel":"disabled"})";

TEST_F(FsHandlerTest, RestrictedCallsAreRefusedByEveryMethod) {
  MakeFile("f", 3);
  const std::string path = '{' + PathOf("f") + ',';
  const std::pair<const char*, std::string> rows[] = {
      {"fs/readFile", path},
      {"fs/getMetadata", path},
      {"fs/canonicalize", path},
      {"fs/readDirectory", path},
      {"fs/writeFile", path + R"("dataBase64":"",)"},
      {"fs/createDirectory", path},
      {"fs/remove", path},
      {"fs/copy", R"({"sourcePath":"/a","destinationPath":"/b","recursive":false,)"}};
  for (const auto& [method, params] : rows) {
    const std::string answer = Ask(method, params + kRestricted + '}');
    EXPECT_EQ(
        answer,
        Failure(-32603, "this exec-server has no sandbox and does not make restricted file calls") +
            R"(,"data":{"hint":"isolate the whole workspace and run codex with --sandbox )"
            R"(danger-full-access"}},"id":1})")
        << method;
  }
  EXPECT_EQ(std::filesystem::file_size(root_ + "/f"), 3U);
}

TEST_F(FsHandlerTest, AnUnrestrictedSandboxIsNone) {
  MakeFile("f", 0);
  EXPECT_EQ(Ask("fs/readFile", '{' + PathOf("f") + ',' + kDisabled + '}'),
            Result(R"({"dataBase64":""})"));
}

}  // namespace
}  // namespace paned
