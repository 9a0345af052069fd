#include "server/base/os_error.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "server/base/result.h"

namespace paned {
namespace {

TEST(OsErrorText, IsMuslsTextWithTheNumber) {
  EXPECT_EQ(OsErrorText(ENOENT), "No such file or directory (os error 2)");
  EXPECT_EQ(OsErrorText(ENXIO), "No such device or address (os error 6)");
  EXPECT_EQ(OsErrorText(ENOEXEC), "Exec format error (os error 8)");
  EXPECT_EQ(OsErrorText(EBADF), "Bad file descriptor (os error 9)");
  EXPECT_EQ(OsErrorText(EACCES), "Permission denied (os error 13)");
  EXPECT_EQ(OsErrorText(EEXIST), "File exists (os error 17)");
  EXPECT_EQ(OsErrorText(ENOTDIR), "Not a directory (os error 20)");
  EXPECT_EQ(OsErrorText(EISDIR), "Is a directory (os error 21)");
  EXPECT_EQ(OsErrorText(EINVAL), "Invalid argument (os error 22)");
  EXPECT_EQ(OsErrorText(ENOSPC), "No space left on device (os error 28)");
  EXPECT_EQ(OsErrorText(ENOTEMPTY), "Directory not empty (os error 39)");
}

TEST(OsErrorText, IsNotGlibcsWhereTheTwoDiffer) {
  EXPECT_EQ(OsErrorText(EIO), "I/O error (os error 5)");
  EXPECT_EQ(OsErrorText(ENOMEM), "Out of memory (os error 12)");
  EXPECT_EQ(OsErrorText(EBUSY), "Resource busy (os error 16)");
  EXPECT_EQ(OsErrorText(EMFILE), "No file descriptors available (os error 24)");
  EXPECT_EQ(OsErrorText(ENAMETOOLONG), "Filename too long (os error 36)");
  EXPECT_EQ(OsErrorText(ELOOP), "Symbolic link loop (os error 40)");
  EXPECT_EQ(OsErrorText(EDQUOT), "Quota exceeded (os error 122)");
}

TEST(OsErrorText, OfUnknownNumbers) {
  EXPECT_EQ(OsErrorText(0), "No error information (os error 0)");
  EXPECT_EQ(OsErrorText(41), "No error information (os error 41)");
  EXPECT_EQ(OsErrorText(131), "State not recoverable (os error 131)");  // the table's last
  EXPECT_EQ(OsErrorText(132), "No error information (os error 132)");
  EXPECT_EQ(OsErrorText(100000), "No error information (os error 100000)");
  EXPECT_EQ(OsErrorText(-1), "No error information (os error -1)");
}

TEST(FileError, KindsOfTheWire) {
  EXPECT_EQ(FileError(ENOENT, "/a").kind, ErrorKind::kNotFound);
  for (const int number : {EINVAL, EACCES, EPERM}) {
    EXPECT_EQ(FileError(number, "/a").kind, ErrorKind::kInvalidRequest) << number;
  }
  for (const int number : {EISDIR, ENOTDIR, EEXIST, ENOSPC, ELOOP}) {
    EXPECT_EQ(FileError(number, "/a").kind, ErrorKind::kInternal) << number;
  }
}

TEST(FileError, CarriesPathAndHint) {
  const Error error = FileError(ENOSPC, "/a/b");
  EXPECT_EQ(error.message, "No space left on device (os error 28)");
  EXPECT_EQ(error.path, "/a/b");
  EXPECT_FALSE(error.limit.has_value());
  for (const int number : {ENOSPC, EACCES, EROFS, EDQUOT, EMFILE, ETXTBSY}) {
    EXPECT_FALSE(FileError(number, {}).hint.empty()) << number;
  }
  EXPECT_TRUE(FileError(EEXIST, {}).hint.empty());
}

}  // namespace
}  // namespace paned
