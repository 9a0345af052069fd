#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <ctime>
#include <string>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

class MetadataTest : public TempTree {
 protected:
  static protocol::Metadata Get(const std::string& path) {
    auto metadata = GetMetadata(path);
    EXPECT_TRUE(metadata.ok()) << path << ' ' << metadata.error().message;
    return metadata.ok() ? metadata.value() : protocol::Metadata();
  }
  static void Expect(const std::string& path, bool directory, bool file, bool symlink) {
    const protocol::Metadata metadata = Get(path);
    EXPECT_EQ(metadata.is_directory, directory) << path;
    EXPECT_EQ(metadata.is_file, file) << path;
    EXPECT_EQ(metadata.is_symlink, symlink) << path;
  }
  static void SetTime(const std::string& path, time_t seconds, long nanoseconds) {
    const timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
};

TEST_F(MetadataTest, TypesOfTheTarget) {
  File("f");
  Directory("d");
  Expect(At("f"), false, true, false);
  Expect(At("f/"), false, true, false);
  Expect(At("d"), true, false, false);
  Expect(Link("to-file", "f"), false, true, true);
  Expect(Link("to-directory", "d"), true, false, true);
  Expect(At("to-directory/"), true, false, true);
  Expect(Fifo("fifo"), false, false, false);
  Expect(Link("to-fifo", "fifo"), false, false, true);
  Expect(Socket("s"), false, false, false);
  Expect("/dev/null", false, false, false);
  Expect("/", true, false, false);
}

TEST_F(MetadataTest, SizeOfTheTarget) {
  File("f", "hello");
  EXPECT_EQ(Get(At("f")).size, 5U);
  EXPECT_EQ(Get(Link("l", "f")).size, 5U);
  const std::string directory = Directory("d");
  EXPECT_EQ(Get(directory).size, static_cast<std::uint64_t>(Stat(directory).st_size));
}

TEST_F(MetadataTest, TimesInMilliseconds) {
  const std::string path = File("f");
  SetTime(path, 1, 999'999'999);
  EXPECT_EQ(Get(path).modified_at_ms, 1999U);
  SetTime(path, 1'700'000'000, 123'456'789);
  EXPECT_EQ(Get(path).modified_at_ms, 1'700'000'000'123U);
  SetTime(path, -5, 0);
  EXPECT_EQ(Get(path).modified_at_ms, 0U);
  SetTime(path, -1, 999'000'000);  // half a step before 1970
  EXPECT_EQ(Get(path).modified_at_ms, 0U);
}

TEST_F(MetadataTest, BirthTimeIsRealWhereTheFileSystemKnowsIt) {
  const std::string path = File("f");
  struct statx status = {};
  ASSERT_EQ(::statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &status), 0);
  const auto now = static_cast<std::uint64_t>(std::time(nullptr)) * 1000;
  SetTime(path, 1000, 0);
  const std::uint64_t created = Get(path).created_at_ms;
  if ((status.stx_mask & STATX_BTIME) != 0) {
    EXPECT_GT(created + 60'000, now);
    EXPECT_LT(created, now + 60'000);
  } else {
    EXPECT_EQ(created, 0U);
  }
  EXPECT_EQ(Get("/proc/self/status").created_at_ms, 0U);
}

TEST_F(MetadataTest, SystemErrors) {
  File("f");
  ExpectError(GetMetadata(At("none")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(GetMetadata(Link("broken", "none")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(GetMetadata(Link("loop", "loop")), ErrorKind::kInternal, kLoop);
  ExpectError(GetMetadata(At("f/x")), ErrorKind::kInternal, kNotDirectory);
  ExpectError(GetMetadata(At(std::string(256, 'a'))), ErrorKind::kInternal, kTooLong);
  ExpectError(GetMetadata(TooLong()), ErrorKind::kInternal, kTooLong);
}

TEST_F(MetadataTest, DeniedBelowALockedDirectory) {
  const std::string locked = Directory("locked", 0);
  Give(locked);
  const AsNobody nobody;
  ExpectError(GetMetadata(locked + "/x"), ErrorKind::kInvalidRequest, kDenied);
  Expect(locked, true, false, false);
}

TEST_F(MetadataTest, CanonicalizeResolvesEverything) {
  const std::string real_root = Canonicalize(root_).value();
  Directory("d");
  File("d/f");
  Link("l", "d");
  EXPECT_EQ(Canonicalize(At("l/f")).value(), real_root + "/d/f");
  EXPECT_EQ(Canonicalize(At("l/../d/./f")).value(), real_root + "/d/f");
  EXPECT_EQ(Canonicalize(At("l/")).value(), real_root + "/d");
  EXPECT_EQ(Canonicalize(At("d/f/")).value(), real_root + "/d/f");
  EXPECT_EQ(Canonicalize("/").value(), "/");
}

TEST_F(MetadataTest, CanonicalizeNeedsEveryPart) {
  File("f");
  ExpectError(Canonicalize(At("none")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(Canonicalize(At("none/x")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(Canonicalize(Link("broken", "none")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(Canonicalize(Link("loop", "loop")), ErrorKind::kInternal, kLoop);
  ExpectError(Canonicalize(At("f/x")), ErrorKind::kInternal, kNotDirectory);
  ExpectError(Canonicalize(TooLong()), ErrorKind::kInternal, kTooLong);
}

}  // namespace
}  // namespace paned
