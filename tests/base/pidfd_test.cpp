// Children by descriptor: when they end, how they ended, and whose status is whose.
#include "server/base/pidfd.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace paned {
namespace {

// A child that waits for Go(), then ends with `code` or kills itself.
struct Child {
  void Go() const { EXPECT_EQ(::write(go.get(), "g", 1), 1); }

  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd go;
};

Child Fork(int code, int signal_number = 0) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[1]);
    char byte = 0;
    const ssize_t got = ::read(ends[0], &byte, 1);
    if (signal_number != 0) ::raise(signal_number);
    ::_exit(got == 1 ? code : 99);
  }
  ::close(ends[0]);
  return {pid, OpenPidfd(pid), UniqueFd(ends[1])};
}

bool Readable(const UniqueFd& fd, int patience_ms) {
  pollfd wait = {fd.get(), POLLIN, 0};
  return ::poll(&wait, 1, patience_ms) == 1;
}

TEST(Pidfd, IsReadableWhenTheChildEnds) {
  Child child = Fork(7);
  ASSERT_TRUE(child.pidfd.valid());
  EXPECT_FALSE(Readable(child.pidfd, 0));
  bool lost = true;
  EXPECT_FALSE(Reap(child.pidfd, &lost).has_value());  // it still runs
  EXPECT_FALSE(lost);
  child.Go();
  ASSERT_TRUE(Readable(child.pidfd, 20'000));
  const auto end = Reap(child.pidfd, &lost);
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->signaled);
  EXPECT_EQ(end->code, 7);
  EXPECT_FALSE(lost);
}

TEST(Pidfd, TellsSignalsFromCodes) {
  Child child = Fork(0, SIGTERM);
  child.Go();
  ASSERT_TRUE(Readable(child.pidfd, 20'000));
  bool lost = false;
  const auto end = Reap(child.pidfd, &lost);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->signaled);
  EXPECT_EQ(end->code, SIGTERM);
}

TEST(Pidfd, AStatusTakenBySomebodyElseIsLost) {
  Child child = Fork(3);
  child.Go();
  ReapNow(child.pid);
  bool lost = false;
  EXPECT_FALSE(Reap(child.pidfd, &lost).has_value());
  EXPECT_TRUE(lost);
}

TEST(Pidfd, ReapsItsOwnChildOnly) {
  Child one = Fork(1);
  Child two = Fork(2);
  one.Go();
  ASSERT_TRUE(Readable(one.pidfd, 20'000));
  bool lost = false;
  EXPECT_FALSE(Reap(two.pidfd, &lost).has_value());
  EXPECT_EQ(Reap(one.pidfd, &lost)->code, 1);
  two.Go();
  ASSERT_TRUE(Readable(two.pidfd, 20'000));
  EXPECT_EQ(Reap(two.pidfd, &lost)->code, 2);
}

TEST(Pidfd, OfNobodyIsInvalidWithTheReason) {
  Child child = Fork(0);
  child.Go();
  ReapNow(child.pid);
  errno = 0;
  EXPECT_FALSE(OpenPidfd(child.pid).valid());
  EXPECT_EQ(errno, ESRCH);
}

TEST(UniqueFd, ClosesOnceAndMoves) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  UniqueFd read(ends[0]);
  {
    UniqueFd write(ends[1]);
    UniqueFd moved(std::move(write));
    EXPECT_FALSE(write.valid());  // NOLINT: what is left behind is the question
    EXPECT_TRUE(moved.valid());
    UniqueFd& itself = moved;
    moved = std::move(itself);
    EXPECT_TRUE(moved.valid());  // NOLINT: it was moved to itself
    EXPECT_FALSE(Readable(read, 0));
  }
  EXPECT_TRUE(Readable(read, 0));  // the end of the file
  UniqueFd other(read.Release());
  EXPECT_FALSE(read.valid());
  EXPECT_EQ(other.get(), ends[0]);
}

}  // namespace
}  // namespace paned
