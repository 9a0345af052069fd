#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <thread>

#include "server/fs/write_all.h"
#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

using WriteTest = TempTree;

TEST_F(WriteTest, CreatesWithUmask) {
  const mode_t before = ::umask(027);
  const Status status = WriteFile(At("f"), std::string("a\0b", 3), false);
  ::umask(before);
  ExpectOk(status);
  EXPECT_EQ(Bytes(At("f")), std::string("a\0b", 3));
  EXPECT_EQ(Mode(At("f")), 0640U);
}

TEST_F(WriteTest, OverwritesInPlace) {
  const std::string path = File("f", "long contents", 0751);
  const ino_t inode = Stat(path).st_ino;
  ExpectOk(WriteFile(path, "new", false));
  EXPECT_EQ(Bytes(path), "new");
  EXPECT_EQ(Stat(path).st_ino, inode);
  EXPECT_EQ(Mode(path), 0751U);
  ExpectOk(WriteFile(path + "/", "", false));
  EXPECT_EQ(Bytes(path), "");
}

TEST_F(WriteTest, FollowsLinksAlsoBrokenOnes) {
  File("f");
  ExpectOk(WriteFile(Link("l", "f"), "through", false));
  EXPECT_EQ(Bytes(At("f")), "through");
  EXPECT_EQ(LinkText(At("l")), "f");
  ExpectOk(WriteFile(Link("broken", "made"), "made", false));
  EXPECT_EQ(Bytes(At("made")), "made");
}

TEST_F(WriteTest, SystemErrors) {
  File("f");
  const std::string directory = Directory("d");
  ExpectError(WriteFile(At("none/x"), "a", false), ErrorKind::kNotFound, kNoEntry);
  ExpectError(WriteFile(directory, "a", false), ErrorKind::kInternal, kIsDirectory);
  ExpectError(WriteFile(directory + "/", "a", false), ErrorKind::kInternal, kIsDirectory);
  ExpectError(WriteFile(At("f/x"), "a", false), ErrorKind::kInternal, kNotDirectory);
  ExpectError(WriteFile(Link("loop", "loop"), "a", false), ErrorKind::kInternal, kLoop);
  ExpectError(WriteFile(At(std::string(256, 'a')), "a", false), ErrorKind::kInternal, kTooLong);
  ExpectError(WriteFile(TooLong(), "a", true), ErrorKind::kInternal, kTooLong);
  ExpectError(WriteFile(Socket("s"), "a", false), ErrorKind::kInternal,
              "No such device or address (os error 6)");
}

TEST_F(WriteTest, DeniedWithoutRights) {
  const std::string file = File("f", "kept", 0444);
  Give(file);
  const std::string directory = Directory("d", 0555);
  Give(directory);
  const AsNobody nobody;
  ExpectError(WriteFile(file, "a", false), ErrorKind::kInvalidRequest, kDenied);
  ExpectError(WriteFile(directory + "/new", "a", false), ErrorKind::kInvalidRequest, kDenied);
  EXPECT_EQ(Bytes(file), "kept");
}

TEST_F(WriteTest, CreatesParentsWhenAsked) {
  const mode_t before = ::umask(0);
  const Status status = WriteFile(At("a/b/c"), "deep", true);
  ::umask(before);
  ExpectOk(status);
  EXPECT_EQ(Bytes(At("a/b/c")), "deep");
  EXPECT_EQ(Mode(At("a")), 0755U);
  EXPECT_EQ(Mode(At("a/b")), 0755U);
  ExpectOk(WriteFile(At("a/b/d"), "again", true));
  File("f");
  ExpectError(WriteFile(At("f/b/c"), "x", true), ErrorKind::kInternal, kNotDirectory);
  // The link's target has no parent: making the link's own parents cannot help.
  ExpectError(WriteFile(Link("l", "gone/x"), "x", true), ErrorKind::kNotFound, kNoEntry);
}

TEST_F(WriteTest, FifoWithoutReaderDoesNotHang) {
  ExpectError(WriteFile(Fifo("fifo"), "a", false), ErrorKind::kInternal,
              "No such device or address (os error 6)");
}

TEST_F(WriteTest, FifoWithReaderGetsTheBytes) {
  const std::string path = Fifo("fifo");
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const std::string sent(1'000'000, 'q');  // many times what a pipe holds
  std::string got;
  std::thread drain([&] {
    char buffer[65536];
    while (got.size() < sent.size()) {
      pollfd entry{reader.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&entry, 1, 10'000), 1);
      const ssize_t count = ::read(reader.get(), buffer, sizeof buffer);
      if (count > 0) got.append(buffer, static_cast<std::size_t>(count));
    }
  });
  const Status status = WriteFile(path, sent, false);
  drain.join();
  ExpectOk(status);
  EXPECT_EQ(got, sent);
}

TEST_F(WriteTest, FifoWhoseReaderDoesNotReadIsGivenUp) {
  const std::string path = Fifo("fifo");
  const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const Status status = WriteFile(path, std::string(1'000'000, 'q'), false);
  ExpectError(status, ErrorKind::kInternal, "Resource temporarily unavailable (os error 11)");
  EXPECT_EQ(status.error().hint, "65536 of 1000000 bytes were written");
}

TEST_F(WriteTest, FifoWhoseReaderGoesDoesNotKill) {
  const std::string path = Fifo("fifo");
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  std::thread leave([&] {
    pollfd written = {reader.get(), POLLIN, 0};
    ::poll(&written, 1, -1);  // the writer is there, and will stand before a full pipe
    reader.Reset();
  });
  const Status status = WriteFile(path, std::string(1'000'000, 'q'), false);
  leave.join();
  ExpectError(status, ErrorKind::kInternal, "Broken pipe (os error 32)");
}

TEST_F(WriteTest, DevicesTakeBytes) {
  ExpectOk(WriteFile("/dev/null", "a", false));
  const Status status = WriteFile("/dev/full", "abc", false);
  ExpectError(status, ErrorKind::kInternal, kNoSpace);
  EXPECT_EQ(status.error().hint.rfind("0 of 3 bytes were written; ", 0), 0U);
}

TEST_F(WriteTest, FullDiskHalfWaySaysHowFarItCame) {
  const std::string mount = Directory("mount");
  if (::mount("none", mount.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "cannot mount a tmpfs (not root?): a full disk is not tested";
  }
  const Status status = WriteFile(mount + "/f", std::string(200'000, 'q'), false);
  ::unlink((mount + "/f").c_str());
  const Status copied = Copy(File("src", std::string(200'000, 'q')), mount + "/f", false);
  const off_t size = Stat(mount + "/f").st_size;
  EXPECT_EQ(::umount(mount.c_str()), 0);
  ExpectError(status, ErrorKind::kInternal, kNoSpace);
  EXPECT_EQ(status.error().hint.rfind("65536 of 200000 bytes were written; ", 0), 0U)
      << status.error().hint;
  ExpectError(copied, ErrorKind::kInternal, kNoSpace);
  EXPECT_EQ(copied.error().hint.rfind("65536 of 200000 bytes were written; ", 0), 0U)
      << copied.error().hint;
  EXPECT_EQ(size, 65536);
}

// What was there stays there: contents, size, mode, inode; and the room that was tried is given
// back.
TEST_F(WriteTest, AFullDiskDestroysNothing) {
  const std::string mount = Directory("mount");
  if (::mount("none", mount.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "cannot mount a tmpfs (not root?): a full disk is not tested";
  }
  const std::string old(5000, 'o');
  const std::string file = mount + "/f";
  ExpectOk(WriteFile(file, old, false));
  ::chmod(file.c_str(), 0640);
  const struct stat before = Stat(file);
  const Status written = WriteFile(file, std::string(200'000, 'q'), false);
  const std::string after_write = Bytes(file);
  const Status copied = Copy(File("src", std::string(200'000, 'q'), 0600), file, false);
  const std::string after_copy = Bytes(file);
  const struct stat after = Stat(file);
  const Status other = WriteFile(mount + "/other", std::string(40'000, 'x'), false);
  // What fits with the old contents in place is written over them, longer or shorter.
  const Status longer = WriteFile(file, std::string(9000, 'l'), false);
  const std::string is_longer = Bytes(file);
  const Status shorter = Copy(File("short", "s"), file, false);
  const std::string is_shorter = Bytes(file);
  EXPECT_EQ(::umount(mount.c_str()), 0);
  for (const Status* status : {&written, &copied}) {
    ExpectError(*status, ErrorKind::kInternal, kNoSpace);
    EXPECT_EQ(status->error().hint.rfind("0 of 200000 bytes were written; ", 0), 0U);
    EXPECT_NE(status->error().hint.find("; the file keeps its old contents"), std::string::npos)
        << status->error().hint;
  }
  EXPECT_EQ(after_write, old);
  EXPECT_EQ(after_copy, old);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_blocks, before.st_blocks);
  ExpectOk(other);
  ExpectOk(longer);
  EXPECT_EQ(is_longer, std::string(9000, 'l'));
  ExpectOk(shorter);
  EXPECT_EQ(is_shorter, "s");
}

// A limit is met before anything is lost, too.
TEST_F(WriteTest, AFileSizeLimitDestroysNothing) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const std::string file = File("f", "old contents");
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = WriteFile(file, std::string(5000, 'q'), false);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ExpectError(status, ErrorKind::kInternal, "File too large (os error 27)");
  EXPECT_EQ(Bytes(file), "old contents");
}

TEST_F(WriteTest, FileSizeLimitDoesNotKill) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const std::string source = File("src", std::string(5000, 'q'));
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = WriteFile(At("f"), std::string(5000, 'q'), false);
  const Status copied = Copy(source, At("g"), false);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ExpectError(status, ErrorKind::kInternal, "File too large (os error 27)");
  EXPECT_EQ(status.error().hint.rfind("1000 of 5000 bytes were written; ", 0), 0U);
  ExpectError(copied, ErrorKind::kInternal, "File too large (os error 27)");
  EXPECT_EQ(copied.error().hint.rfind("1000 of 5000 bytes were written; ", 0), 0U);
}

TEST_F(WriteTest, GuardLeavesTheSignalMaskAsItWas) {
  sigset_t before;
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  { const WriteSignalGuard guard; }
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < 32; ++signal) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
}

}  // namespace
}  // namespace paned
