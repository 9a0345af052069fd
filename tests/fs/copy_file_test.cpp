#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

using CopyFileTest = TempTree;

constexpr char kOnlyThese[] = "fs/copy only supports regular files, directories, and symlinks";

TEST_F(CopyFileTest, ToANewFileWithMode) {
  const std::string source = File("f", "hello", 0751);
  for (const bool recursive : {false, true}) {
    ExpectOk(Copy(source, At("n"), recursive));
    EXPECT_EQ(Bytes(At("n")), "hello");
    EXPECT_EQ(Mode(At("n")), 0751U);
    ExpectOk(Remove(At("n"), false, false));
  }
  ExpectOk(Copy(source + "/", At("n/"), false));  // as the reference does
  EXPECT_EQ(Bytes(At("n")), "hello");
  ExpectOk(Copy(File("read-only", "r", 0444), At("r"), false));
  EXPECT_EQ(Mode(At("r")), 0444U);
  ExpectOk(Copy(File("empty", ""), At("e"), false));
  EXPECT_EQ(Bytes(At("e")), "");
}

TEST_F(CopyFileTest, OverAnExistingFileInPlace) {
  File("f", "hello", 0755);
  const std::string old = File("old", "longer contents", 0600);
  const ino_t inode = Stat(old).st_ino;
  ExpectOk(Copy(At("f"), old, false));
  EXPECT_EQ(Bytes(old), "hello");
  EXPECT_EQ(Mode(old), 0755U);
  EXPECT_EQ(Stat(old).st_ino, inode);
}

TEST_F(CopyFileTest, SetIdBitsAreCopiedByRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root: the kernel clears set-id bits on writing";
  File("f", "hello", 06755);
  ExpectOk(Copy(At("f"), At("n"), false));
  EXPECT_EQ(Mode(At("n")), 06755U);
  ExpectOk(Copy(At("f"), File("old", "longer than that"), false));
  EXPECT_EQ(Mode(At("old")), 06755U);
}

TEST_F(CopyFileTest, SetIdBitsAreClearedWithoutRights) {
  Give(File("f", "hello", 04755));
  Give(At("f"));
  ASSERT_EQ(::chmod(At("f").c_str(), 04755), 0);
  const AsNobody nobody;
  ExpectOk(Copy(At("f"), At("n"), false));
  EXPECT_EQ(Mode(At("n")), 0755U);
}

TEST_F(CopyFileTest, OntoItselfLeavesItWhole) {
  const std::string path = File("f", "hello", 0751);
  ASSERT_EQ(::link(path.c_str(), At("hard").c_str()), 0);
  Link("soft", "f");
  for (const char* name : {"f", "f/", "hard", "soft"}) {
    ExpectOk(Copy(path, At(name), false));
    ExpectOk(Copy(path, At(name), true));
    EXPECT_EQ(Bytes(path), "hello") << name;
    EXPECT_EQ(Mode(path), 0751U);
  }
  ExpectOk(Copy(At("hard"), path, false));
  EXPECT_EQ(Bytes(path), "hello");
}

TEST_F(CopyFileTest, DestinationLinksAreFollowed) {
  File("f", "hello");
  File("target", "old");
  ExpectOk(Copy(At("f"), Link("l", "target"), false));
  EXPECT_EQ(Bytes(At("target")), "hello");
  EXPECT_EQ(LinkText(At("l")), "target");
  ExpectOk(Copy(At("f"), Link("broken", "made"), false));
  EXPECT_EQ(Bytes(At("made")), "hello");
}

TEST_F(CopyFileTest, SystemErrors) {
  const std::string file = File("f", "hello");
  Directory("d");
  ExpectError(Copy(file, At("d"), false), ErrorKind::kInternal, kIsDirectory);
  ExpectError(Copy(file, At("d"), true), ErrorKind::kInternal, kIsDirectory);
  ExpectError(Copy(file, Link("to-directory", "d"), false), ErrorKind::kInternal, kIsDirectory);
  ExpectError(Copy(file, At("none/x"), false), ErrorKind::kNotFound, kNoEntry);
  ExpectError(Copy(file, At("f/x"), false), ErrorKind::kInternal, kNotDirectory);
  ExpectError(Copy(file, Link("loop", "loop"), false), ErrorKind::kInternal, kLoop);
  ExpectError(Copy(At("none"), At("n"), false), ErrorKind::kNotFound, kNoEntry);
  ExpectError(Copy(At("none"), At("n"), true), ErrorKind::kNotFound, kNoEntry);
  ExpectError(Copy(At("f/x"), At("n"), true), ErrorKind::kInternal, kNotDirectory);
  ExpectError(Copy(TooLong(), At("n"), true), ErrorKind::kInternal, kTooLong);
  const Status status = Copy(file, TooLong(), false);
  ExpectError(status, ErrorKind::kInternal, kTooLong);
  EXPECT_EQ(status.error().path, TooLong());
  EXPECT_FALSE(Exists(At("n")));
}

TEST_F(CopyFileTest, DeniedChangesNothing) {
  const std::string secret = File("secret", "s", 0);
  const std::string read_only = File("read-only", "kept", 0444);
  Give(secret);
  Give(read_only);
  const std::string source = File("f", "hello", 0640);
  Give(source);
  const std::string foreign = File("foreign", "kept", 0666);
  {
    const AsNobody nobody;
    ExpectError(Copy(secret, At("n"), false), ErrorKind::kInvalidRequest, kDenied);
    EXPECT_FALSE(Exists(At("n")));
    ExpectError(Copy(source, read_only, false), ErrorKind::kInvalidRequest, kDenied);
  }
  EXPECT_EQ(Bytes(read_only), "kept");
  if (::geteuid() != 0) GTEST_SKIP() << "not root: no file of another user to test with";
  const AsNobody nobody;
  // The mode cannot be set on another's file; the reference fails too, but with the file emptied.
  ExpectError(Copy(source, foreign, false), ErrorKind::kInvalidRequest,
              "Operation not permitted (os error 1)");
  EXPECT_EQ(Bytes(foreign), "kept");
}

TEST_F(CopyFileTest, LinksAreCopiedAsLinks) {
  File("f");
  Directory("d");
  for (const char* text : {"f", "d", "none", "n", "/absolute/none"}) {
    Link("l", text);
    for (const bool recursive : {false, true}) {
      ExpectOk(Copy(At("l/"), At("n"), recursive));
      EXPECT_EQ(LinkText(At("n")), text);
      ExpectOk(Remove(At("n"), false, false));
    }
    ExpectOk(Remove(At("l"), false, false));
  }
  const std::string longest(4095, 'x');
  Link("l", longest);
  ExpectOk(Copy(At("l"), At("n"), false));
  EXPECT_EQ(LinkText(At("n")), longest);
}

TEST_F(CopyFileTest, LinksNeverOverwrite) {
  File("f", "kept");
  Directory("d");
  Link("l", "f");
  Link("other", "none");
  for (const char* name : {"f", "d", "l", "other"}) {
    ExpectError(Copy(At("l"), At(name), true), ErrorKind::kInternal, kExists);
  }
  EXPECT_EQ(Bytes(At("f")), "kept");
  ExpectError(Copy(At("l"), At("none/x"), false), ErrorKind::kNotFound, kNoEntry);
}

TEST_F(CopyFileTest, OtherSourcesAreRefused) {
  for (const std::string& source : {Fifo("fifo"), Socket("s"), std::string("/dev/null")}) {
    ExpectError(Copy(source, At("n"), false), ErrorKind::kInvalidRequest, kOnlyThese);
    ExpectError(Copy(source, At("n"), true), ErrorKind::kInvalidRequest, kOnlyThese);
  }
  EXPECT_FALSE(Exists(At("n")));
}

TEST_F(CopyFileTest, ToDevicesAndFifos) {
  const std::string source = File("f", "hello", 0751);
  const mode_t mode = Mode("/dev/null");
  ExpectOk(Copy(source, "/dev/null", false));
  EXPECT_EQ(Mode("/dev/null"), mode);
  const Status full = Copy(source, "/dev/full", false);
  ExpectError(full, ErrorKind::kInternal, kNoSpace);
  EXPECT_EQ(full.error().hint.rfind("0 of 5 bytes were written; ", 0), 0U);
  const std::string fifo = Fifo("fifo");
  ExpectError(Copy(source, fifo, false), ErrorKind::kInternal,
              "No such device or address (os error 6)");
  const UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ExpectOk(Copy(source, fifo, false));
  char buffer[16];
  EXPECT_EQ(::read(reader.get(), buffer, sizeof buffer), 5);
}

TEST_F(CopyFileTest, LargeFilesAndOtherFileSystems) {
  std::string bytes;
  for (int i = 0; i < 600'000; ++i) bytes += std::to_string(i);
  const std::string source = File("big", bytes);
  ExpectOk(Copy(source, At("n"), false));
  EXPECT_TRUE(Bytes(At("n")) == bytes);
  const std::string mount = Directory("mount");
  if (::mount("none", mount.c_str(), "tmpfs", 0, "size=16m") != 0) {
    GTEST_SKIP() << "cannot mount a tmpfs (not root?): copying across file systems is not tested";
  }
  const Status there = Copy(source, mount + "/n", false);
  const Status back = Copy(mount + "/n", At("back"), false);
  EXPECT_EQ(::umount(mount.c_str()), 0);
  ExpectOk(there);
  ExpectOk(back);
  EXPECT_TRUE(Bytes(At("back")) == bytes);
}

TEST_F(CopyFileTest, ProcAndSysFilesAreCopiedWhole) {
  ExpectOk(Copy("/proc/version", At("version"), false));
  EXPECT_EQ(Bytes(At("version")), Bytes("/proc/version"));
  // A /sys file says 4096 bytes and has fewer.
  const std::string sys = "/sys/kernel/mm/transparent_hugepage/enabled";
  if (!Exists(sys)) GTEST_SKIP() << "no " << sys << " here";
  ExpectOk(Copy(sys, At("sys"), false));
  EXPECT_EQ(Bytes(At("sys")), Bytes(sys));
}

// The holes of the new contents are holes, and not what stood there before.
TEST_F(CopyFileTest, ASparseFileReplacesAFullOne) {
  const std::string source = File("sparse", "head");
  ASSERT_EQ(::truncate(source.c_str(), 1 << 20), 0);
  const std::string target = File("n", std::string(2 << 20, 'o'));
  ExpectOk(Copy(source, target, false));
  EXPECT_TRUE(Bytes(target) == "head" + std::string((1 << 20) - 4, '\0'));
}

// Nobody reads the old private bytes through the new wider mode, whatever stands there meanwhile.
TEST_F(CopyFileTest, TheModeOfTheSourceComesLast) {
  const std::string target = File("n", "private", 0600);
  ExpectOk(Copy(File("src", "public", 0644), target, false));
  EXPECT_EQ(Mode(target), 0644U);
  EXPECT_EQ(Bytes(target), "public");
  ExpectOk(Copy(File("secret", "s", 0600), target, false));
  EXPECT_EQ(Mode(target), 0600U);
}

TEST_F(CopyFileTest, SparseFilesStaySparse) {
  const std::string source = File("sparse", "head");
  constexpr off_t kSize = off_t{8} * 1024 * 1024 * 1024;
  {
    const UniqueFd fd(::open(source.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(fd.get(), "middle", 6, kSize / 2), 6);
    if (::ftruncate(fd.get(), kSize) != 0) GTEST_SKIP() << "the file system has no 8 GiB files";
  }
  ExpectOk(Copy(source, At("n"), false));
  const struct stat status = Stat(At("n"));
  EXPECT_EQ(status.st_size, kSize);
  EXPECT_LT(status.st_blocks, 2048);
  const UniqueFd fd(::open(At("n").c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[8] = {};
  EXPECT_EQ(::pread(fd.get(), buffer, 6, kSize / 2), 6);
  EXPECT_STREQ(buffer, "middle");
  EXPECT_EQ(::pread(fd.get(), buffer, 4, 0), 4);
  EXPECT_EQ(std::string(buffer, 4), "head");
  EXPECT_EQ(::pread(fd.get(), buffer, 1, kSize - 1), 1);
  EXPECT_EQ(buffer[0], '\0');
}

TEST_F(CopyFileTest, GrowingFileEnds) {
  const std::string source = File("log", std::string(1'000'000, 'a'));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    const UniqueFd fd(::open(source.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    const std::string more(4096, 'b');
    while (!stop && ::lseek(fd.get(), 0, SEEK_END) < 200'000'000) {
      if (::write(fd.get(), more.data(), more.size()) < 0) break;
    }
  });
  for (int round = 0; round < 5; ++round) {
    const Status status = Copy(source, At("n"), false);
    EXPECT_TRUE(status.ok());
    EXPECT_GE(Stat(At("n")).st_size, 1'000'000);
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace paned
