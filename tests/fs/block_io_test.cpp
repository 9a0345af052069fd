// Blocks of open files: where they begin and end, and what cannot be opened for them.
#include "server/fs/block_io.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

constexpr std::uint64_t kLast = std::numeric_limits<std::int64_t>::max();

class BlockTest : public TempTree {
 protected:
  static OpenFile ForReading(const std::string& path) {
    auto opened = OpenForRead(path, std::numeric_limits<std::uint64_t>::max());
    EXPECT_TRUE(opened.ok()) << path;
    if (!opened.ok()) return {};
    return {std::move(opened.value().fd), path};
  }
  static OpenFile ForReplacing(const std::string& path) {
    auto opened = OpenForReplace(path);
    EXPECT_TRUE(opened.ok()) << path;
    if (!opened.ok()) return {};
    return {std::move(opened.value()), path};
  }
  static std::string Read(const OpenFile& file, std::uint64_t offset, std::uint64_t length) {
    auto block = ReadBlock(file, offset, length);
    return block.ok() ? block.value() : "error: " + block.error().message;
  }
};

TEST_F(BlockTest, ReadsWhereTheFileHasBytes) {
  const OpenFile file = ForReading(File("f", "0123456789"));
  EXPECT_EQ(Read(file, 0, 4), "0123");
  EXPECT_EQ(Read(file, 6, 4), "6789");
  EXPECT_EQ(Read(file, 8, 4), "89");
  EXPECT_EQ(Read(file, 10, 1), "");
  EXPECT_EQ(Read(file, 1'000'000, kMaxBlock), "");
}

TEST_F(BlockTest, AnOpenFileMayChangeShrinkGrowAndGo) {
  const std::string path = File("f", "0123456789");
  const OpenFile file = ForReading(path);
  ASSERT_EQ(::truncate(path.c_str(), 2), 0);
  EXPECT_EQ(Read(file, 0, 4), "01");
  EXPECT_EQ(Read(file, 4, 4), "");
  std::ofstream(path, std::ios::app) << "abcd";
  EXPECT_EQ(Read(file, 0, 6), "01abcd");
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_EQ(Read(file, 2, 6), "abcd");
}

TEST_F(BlockTest, FilesOfProcHaveContentButNoSize) {
  const OpenFile file = ForReading("/proc/self/status");
  EXPECT_EQ(Read(file, 0, 5), "Name:");
  EXPECT_EQ(Read(file, kMaxBlock, 5), "");
}

TEST_F(BlockTest, ARangePastTheLargestOffsetIsInvalid) {
  const OpenFile file = ForReading(File("f"));
  const std::pair<std::uint64_t, std::uint64_t> rows[] = {
      {kLast, 1}, {kLast - 1, 2}, {kLast - kMaxBlock + 1, kMaxBlock}, {kLast + 1, 1}, {~0ULL, 1}};
  for (const auto& [offset, length] : rows) {
    ExpectError(ReadBlock(file, offset, length), ErrorKind::kInvalidRequest,
                "Invalid argument (os error 22)");
  }
  EXPECT_EQ(Read(file, kLast - 1, 1), "");
  EXPECT_EQ(Read(file, kLast - kMaxBlock, kMaxBlock), "");
}

TEST_F(BlockTest, TheRulesThatNeedNoFile) {
  constexpr char kRead[] = "file read block length must be between 1 and 1048576";
  constexpr char kWrite[] = "file write block length must be between 1 and 1048576";
  constexpr char kRange[] = "file write range exceeds the signed 64-bit file offset limit";
  ExpectOk(CheckReadBlock(1));
  ExpectOk(CheckReadBlock(kMaxBlock));
  ExpectError(CheckReadBlock(0), ErrorKind::kInvalidRequest, kRead);
  ExpectError(CheckReadBlock(kMaxBlock + 1), ErrorKind::kInvalidRequest, kRead);
  ExpectError(CheckReadBlock(~0ULL), ErrorKind::kInvalidRequest, kRead);
  ExpectOk(CheckWriteBlock(0, 1));
  ExpectOk(CheckWriteBlock(kLast - kMaxBlock, kMaxBlock));
  ExpectError(CheckWriteBlock(0, 0), ErrorKind::kInvalidRequest, kWrite);
  ExpectError(CheckWriteBlock(~0ULL, kMaxBlock + 1), ErrorKind::kInvalidRequest, kWrite);
  ExpectError(CheckWriteBlock(kLast, 1), ErrorKind::kInvalidRequest, kRange);
  ExpectError(CheckWriteBlock(kLast + 1, 1), ErrorKind::kInvalidRequest, kRange);
  ExpectError(CheckWriteBlock(~0ULL, 1), ErrorKind::kInvalidRequest, kRange);
}

TEST_F(BlockTest, WritesWithGapsAndOverwrites) {
  const std::string path = At("f");
  const OpenFile file = ForReplacing(path);
  ExpectOk(WriteBlock(file, 0, "hello"));
  ExpectOk(WriteBlock(file, 8, "y"));
  ExpectOk(WriteBlock(file, 1, "a"));
  EXPECT_EQ(Bytes(path), std::string("hallo\0\0\0y", 9));
}

TEST_F(BlockTest, DirectionsAreNotMixed) {
  const std::string path = File("f", "keep");
  ExpectError(WriteBlock(ForReading(path), 0, "x"), ErrorKind::kInternal,
              "Bad file descriptor (os error 9)");
  EXPECT_EQ(Bytes(path), "keep");
  ExpectError(ReadBlock(ForReplacing(At("new")), 0, 1), ErrorKind::kInternal,
              "Bad file descriptor (os error 9)");
}

TEST_F(BlockTest, ReplaceCreatesByUmaskOrEmptiesInPlace) {
  const mode_t before = ::umask(027);
  ForReplacing(At("new"));
  ::umask(before);
  EXPECT_EQ(Mode(At("new")), 0640U);
  const std::string path = File("f", "old", 0600);
  const ino_t inode = Stat(path).st_ino;
  ForReplacing(Link("link", "f"));
  EXPECT_EQ(Bytes(path), "");
  EXPECT_EQ(Mode(path), 0600U);
  EXPECT_EQ(Stat(path).st_ino, inode);
  ForReplacing(Link("broken", "made"));
  EXPECT_TRUE(Exists(At("made")));
  ForReplacing(At("f/"));
}

TEST_F(BlockTest, WhatIsNoFileIsNotReplaced) {
  const std::string fifo = Fifo("fifo");
  ExpectError(OpenForReplace(Directory("d")), ErrorKind::kInternal, kIsDirectory);
  ExpectError(OpenForReplace(Link("to-d", "d")), ErrorKind::kInternal, kIsDirectory);
  ExpectError(OpenForReplace(fifo), ErrorKind::kInternal, "No such device or address (os error 6)");
  ExpectError(OpenForReplace(Socket("s")), ErrorKind::kInternal,
              "No such device or address (os error 6)");
  ExpectError(OpenForReplace("/dev/null"), ErrorKind::kInvalidRequest,
              "path `/dev/null` is not a file");
  ExpectError(OpenForReplace("/dev/full"), ErrorKind::kInvalidRequest,
              "path `/dev/full` is not a file");
  ExpectError(OpenForReplace(Link("loop", "loop")), ErrorKind::kInternal, kLoop);
  ExpectError(OpenForReplace(At("none/f")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(OpenForReplace(TooLong()), ErrorKind::kInternal, kTooLong);
  const UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ExpectError(OpenForReplace(fifo), ErrorKind::kInvalidRequest,
              "path `" + fifo + "` is not a file");
}

TEST_F(BlockTest, AWriteThatFailsHalfWaySaysHowFarItCame) {
  const std::string path = At("f");
  const OpenFile file = ForReplacing(path);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = 10;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status half = WriteBlock(file, 6, "12345678");
  const Status none = WriteBlock(file, 10, "x");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ExpectError(half, ErrorKind::kInternal, "File too large (os error 27)");
  EXPECT_EQ(half.error().hint.rfind("4 of 8 bytes were written", 0), 0U) << half.error().hint;
  ExpectError(none, ErrorKind::kInternal, "File too large (os error 27)");
  EXPECT_EQ(none.error().path, path);
  EXPECT_EQ(Bytes(path).size(), 10U);
  ExpectOk(WriteBlock(file, 10, "x"));
}

// As a full disk, which nobody wants to fill for a test.
TEST_F(BlockTest, ADeviceWithoutSpace) {
  OpenFile full;
  full.fd = UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.fd.valid());
  ExpectError(WriteBlock(full, 0, "x"), ErrorKind::kInternal, kNoSpace);
}

}  // namespace
}  // namespace paned
