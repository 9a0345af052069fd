#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

class ReadTest : public TempTree {
 protected:
  static std::string ReadAll(const std::string& path) {
    auto file = OpenForRead(path, kMaxReadableFile);
    EXPECT_TRUE(file.ok()) << file.error().message;
    if (!file.ok()) return {};
    auto bytes = ReadPiece(file.value(), static_cast<std::size_t>(kMaxReadableFile));
    EXPECT_TRUE(bytes.ok());
    return bytes.ok() ? bytes.value() : std::string();
  }
  static void ExpectNotAFile(const std::string& path) {
    const auto file = OpenForRead(path, kMaxReadableFile);
    ExpectError(file, ErrorKind::kInvalidRequest, "path `" + path + "` is not a file");
    EXPECT_EQ(file.error().path, path);
  }
};

TEST_F(ReadTest, ReadsFilesAlsoThroughLinks) {
  const std::string bytes("a\0\xff\n", 4);
  File("f", bytes);
  Link("l", "f");
  EXPECT_EQ(ReadAll(At("f")), bytes);
  EXPECT_EQ(ReadAll(At("l")), bytes);
  EXPECT_EQ(ReadAll(At("f/")), bytes);  // as the reference does
  EXPECT_EQ(ReadAll(File("empty", "")), "");
}

TEST_F(ReadTest, ReadsInPieces) {
  auto file = OpenForRead(File("f", "abcdefg"), kMaxReadableFile);
  ExpectOk(file);
  EXPECT_EQ(file.value().size, 7U);
  EXPECT_EQ(ReadPiece(file.value(), 3).value(), "abc");
  EXPECT_EQ(ReadPiece(file.value(), 3).value(), "def");
  EXPECT_EQ(ReadPiece(file.value(), 3).value(), "g");
  EXPECT_EQ(ReadPiece(file.value(), 3).value(), "");
  EXPECT_EQ(ReadPiece(file.value(), 0).value(), "");
}

TEST_F(ReadTest, ReadsWhatWasAppendedAfterOpening) {
  const std::string path = File("f", "ab");
  auto file = OpenForRead(path, kMaxReadableFile);
  ExpectOk(file);
  const std::string grown(300'000, 'z');
  File("f", grown);
  EXPECT_EQ(ReadPiece(file.value(), 1'000'000).value(), grown);
}

TEST_F(ReadTest, WhatIsNotAFileIsSaidAndNeverBlocks) {
  ExpectNotAFile(Directory("d"));
  ExpectNotAFile(Fifo("fifo"));
  ExpectNotAFile(Link("to-fifo", "fifo"));
  ExpectNotAFile(Socket("socket"));
  ExpectNotAFile("/dev/null");
  ExpectNotAFile("/dev/zero");
  ExpectNotAFile("/");
  ExpectError(OpenForRead(At("d/"), kMaxReadableFile), ErrorKind::kInvalidRequest,
              "path `" + At("d") + "` is not a file");
}

TEST_F(ReadTest, SystemErrors) {
  const std::string file = File("f");
  ExpectError(OpenForRead(At("none"), 1), ErrorKind::kNotFound, kNoEntry);
  ExpectError(OpenForRead(At("none/x"), 1), ErrorKind::kNotFound, kNoEntry);
  ExpectError(OpenForRead(Link("broken", "none"), 1), ErrorKind::kNotFound, kNoEntry);
  ExpectError(OpenForRead(Link("loop", "loop"), 1), ErrorKind::kInternal, kLoop);
  ExpectError(OpenForRead(file + "/x", 1), ErrorKind::kInternal, kNotDirectory);
  ExpectError(OpenForRead(At(std::string(256, 'a')), 1), ErrorKind::kInternal, kTooLong);
  ExpectError(OpenForRead(TooLong(), 1), ErrorKind::kInternal, kTooLong);
}

TEST_F(ReadTest, UnreadableFile) {
  const std::string path = File("f", "x", 0);
  Give(path);
  const AsNobody nobody;
  const auto file = OpenForRead(path, 1);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().message, kDenied);
  EXPECT_FALSE(file.error().hint.empty());
}

TEST_F(ReadTest, LimitIsInTheText) {
  const std::string path = File("big", "");
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(kMaxReadableFile)), 0);
  EXPECT_TRUE(OpenForRead(path, kMaxReadableFile).ok());
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(kMaxReadableFile) + 1), 0);
  const auto file = OpenForRead(path, kMaxReadableFile);
  ExpectError(file, ErrorKind::kInvalidRequest,
              "file is too large to read: limit is 536870912 bytes");
  EXPECT_EQ(file.error().limit, std::optional<std::uint64_t>(536'870'912));
  EXPECT_NE(file.error().hint.find("fs/readBlock"), std::string::npos);
  ExpectError(OpenForRead(File("small", "abc"), 2), ErrorKind::kInvalidRequest,
              "file is too large to read: limit is 2 bytes");
}

TEST_F(ReadTest, ProcFilesAreReadWhole) {
  EXPECT_EQ(Stat("/proc/self/status").st_size, 0);
  EXPECT_NE(ReadAll("/proc/self/status").find("Name:"), std::string::npos);
  EXPECT_NE(ReadAll("/proc/self/maps").find("[stack]"), std::string::npos);
}

TEST_F(ReadTest, FailedReadIsAnError) {
  auto file = OpenForRead("/proc/self/mem", kMaxReadableFile);
  ExpectOk(file);
  ExpectError(ReadPiece(file.value(), 10), ErrorKind::kInternal, "I/O error (os error 5)");
}

TEST_F(ReadTest, HugeCountTakesOnlyTheFilesMemory) {
  auto file = OpenForRead(File("f", "abc"), kMaxReadableFile);
  ExpectOk(file);
  EXPECT_EQ(ReadPiece(file.value(), std::numeric_limits<std::size_t>::max()).value(), "abc");
}

}  // namespace
}  // namespace paned
