// What others do to the same names meanwhile may make a call fail, but never hang, crash or reach
// outside its tree.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

// Repeats `work` in a thread of its own while it lives.
class Meanwhile {
 public:
  explicit Meanwhile(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          while (!stop_) work();
        }) {}
  ~Meanwhile() {
    stop_ = true;
    thread_.join();
  }
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class RaceTest : public TempTree {
 protected:
  // The two names change places; nothing happens when one is missing.
  void Exchange(const std::string& one, const std::string& other) {
    ::renameat2(AT_FDCWD, At(one).c_str(), AT_FDCWD, At(other).c_str(), RENAME_EXCHANGE);
  }
  void MakeTree(const std::string& name) {
    Directory(name);
    for (const char* sub : {"/a", "/b", "/c"}) {
      Directory(name + sub);
      for (const char* file : {"/1", "/2", "/3"}) File(name + sub + file, "tree");
    }
  }
};

TEST_F(RaceTest, RemoveIsNotLedOutByASwappedLink) {
  Directory("outside");
  Directory("outside/sub");
  File("outside/kept");
  File("outside/sub/kept");
  for (int round = 0; round < 100; ++round) {
    MakeTree("d");
    Directory("d/swap");
    Directory("d/swap/sub");
    Link("l", At("outside"));
    {
      const Meanwhile swapping([&] { Exchange("d/swap", "l"); });
      for (int attempt = 0; attempt < 3; ++attempt) (void)Remove(At("d"), true, true).ok();
    }
    ASSERT_TRUE(Exists(At("outside/kept")));
    ASSERT_TRUE(Exists(At("outside/sub/kept")));
    ExpectOk(Remove(At("d"), true, true));
    ExpectOk(Remove(At("l"), true, true));
  }
}

TEST_F(RaceTest, TwoRemoversOfOneTreeBothSucceed) {
  for (int round = 0; round < 100; ++round) {
    MakeTree("d");
    std::atomic<int> failures{0};
    const auto remove = [&] { failures += Remove(At("d"), true, true).ok() ? 0 : 1; };
    std::thread other(remove);
    remove();
    other.join();
    ASSERT_EQ(failures, 0);
    ASSERT_FALSE(Exists(At("d")));
  }
}

TEST_F(RaceTest, RemoveAgainstCreationEnds) {
  MakeTree("d");
  {
    std::atomic<int> number{0};
    const Meanwhile creating(
        [&] { (void)WriteFile(At("d/a/new" + std::to_string(++number)), "n", true).ok(); });
    for (int round = 0; round < 50; ++round) {
      const Status status = Remove(At("d"), true, true);
      if (!status.ok()) {
        EXPECT_EQ(status.error().message, kNotEmpty);
      }
    }
  }
  ExpectOk(Remove(At("d"), true, true));
}

TEST_F(RaceTest, CopyAgainstVanishingEntriesSucceeds) {
  MakeTree("d");
  const Meanwhile coming_and_going([&] {
    (void)WriteFile(At("d/b/fleeting"), "f", false).ok();
    (void)CreateDirectory(At("d/b/directory"), false).ok();
    (void)Remove(At("d/b/fleeting"), false, true).ok();
    (void)Remove(At("d/b/directory"), false, true).ok();
  });
  for (int round = 0; round < 100; ++round) {
    const std::string copy = At("n");
    const Status status = Copy(At("d"), copy, true);
    ASSERT_TRUE(status.ok()) << status.error().message << ' ' << status.error().path;
    EXPECT_EQ(Bytes(copy + "/c/3"), "tree");
    ExpectOk(Remove(copy, true, false));
  }
}

TEST_F(RaceTest, CopyDoesNotFollowASwappedSourceLink) {
  Directory("outside");
  File("outside/secret", "secret");
  MakeTree("d");
  Directory("d/swap");
  Link("l", At("outside"));
  const Meanwhile swapping([&] { Exchange("d/swap", "l"); });
  for (int round = 0; round < 100; ++round) {
    (void)Copy(At("d"), At("n"), true).ok();
    struct stat status = {};
    const bool is_link = ::lstat(At("n/swap").c_str(), &status) == 0 && S_ISLNK(status.st_mode);
    ASSERT_TRUE(is_link || !Exists(At("n/swap/secret")));
    ExpectOk(Remove(At("n"), true, true));
  }
}

TEST_F(RaceTest, ReadNeverHangsOnAFifoSwappedIn) {
  File("f", "file");
  Fifo("fifo");
  const Meanwhile swapping([&] { Exchange("f", "fifo"); });
  for (int round = 0; round < 2000; ++round) {
    const auto file = OpenForRead(At("f"), kMaxReadableFile);
    if (file.ok()) {
      EXPECT_EQ(ReadPiece(file.value(), 10).value(), "file");
    }
  }
}

}  // namespace
}  // namespace paned
