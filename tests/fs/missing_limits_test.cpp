// Watches for missing files where it gets tight: thousands of them, a queue that overflows, limits
// of the machine, and changes at the worst moment.
#include <sched.h>
#include <sys/mount.h>

#include <cstring>
#include <thread>

#include "tests/fs/missing_fixture.h"

namespace paned {
namespace {

class MissingLimitsTest : public MissingFixture {
 protected:
  std::vector<std::string> Names(std::size_t count, const std::string& before,
                                 const std::string& behind) {
    std::vector<std::string> names;
    for (std::size_t n = 0; n < count; ++n) names.push_back(before + std::to_string(n) + behind);
    return names;
  }
};

TEST_F(MissingLimitsTest, ThousandsOfPathsInOneCall) {
  const auto watched = Watch(Names(kMaxWatchedPaths, "n", ""));
  ASSERT_TRUE(watched->watching());
  File("other");
  Settle();
  EXPECT_EQ(watched->changes, 0);
  File("n9999");
  EXPECT_TRUE(Changes(watched));
  EXPECT_EQ(watcher_.table().directories(), 0U);
  EXPECT_FALSE(Watch(Names(kMaxWatchedPaths + 1, "n_", ""))->watching());
}

TEST_F(MissingLimitsTest, AThousandDirectoriesInOneCall) {
  for (const std::string& name : Names(kMaxWatchedDirectories, "d", "")) Directory(name);
  const auto watched = Watch(Names(1000, "d", "/n"));
  ASSERT_TRUE(watched->watching());
  File("d999/n");
  EXPECT_TRUE(Changes(watched));
  EXPECT_EQ(watcher_.table().directories(), 0U);
  const auto too_many = Watch(Names(kMaxWatchedDirectories, "d", "/m"));  // and those above
  EXPECT_FALSE(too_many->watching());
  EXPECT_EQ(watcher_.table().directories(), 0U);
}

TEST_F(MissingLimitsTest, ThousandsOfWatchesShareTheirDirectories) {
  std::vector<std::shared_ptr<Watched>> all;
  for (int n = 0; n < 3000; ++n) all.push_back(Begin({"n", "only" + std::to_string(n)}));
  ASSERT_TRUE(RunUntil([&] { return all.back()->answered; }));
  std::size_t watching = 0;
  ASSERT_TRUE(RunUntil([&] {
    watching = 0;
    for (const auto& watched : all) {
      if (watched->watching()) ++watching;
    }
    return watching == all.size();
  }));
  EXPECT_LE(watcher_.table().directories(), 3U);  // "/", "/tmp" and the test's own
  File("only7");
  EXPECT_TRUE(Changes(all[7]));
  EXPECT_EQ(watcher_.table().watches(), all.size() - 1);
  File("n");
  for (const auto& watched : all) ASSERT_TRUE(Changes(watched));
  Settle();
  for (const auto& watched : all) EXPECT_EQ(watched->changes, 1);
  EXPECT_EQ(watcher_.table().directories(), 0U);
}

TEST_F(MissingLimitsTest, AnOverflowOfTheQueueEndsEveryWatch) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 200000) GTEST_SKIP() << "a queue of " << most;
  Directory("busy");
  Directory("quiet");
  const auto busy = Watch({"busy/n"});
  const auto quiet = Watch({"quiet/n"});
  ASSERT_TRUE(busy->watching() && quiet->watching());
  for (std::size_t n = 0; n < most; ++n) {  // two events each, and nobody reads
    const std::string name = At("busy/f" + std::to_string(n % 2));
    ASSERT_EQ(::mkfifo(name.c_str(), 0600), 0);
    ASSERT_EQ(::unlink(name.c_str()), 0);
  }
  File("quiet/n");  // no event of this is left
  EXPECT_TRUE(Changes(quiet));
  EXPECT_TRUE(Changes(busy));
  const auto again = Watch({"n"});
  ASSERT_TRUE(again->watching());
  File("n");
  EXPECT_TRUE(Changes(again));
}

TEST_F(MissingLimitsTest, NoInstanceLeft) {
  inotify_->open_error = EMFILE;
  const auto refused = Watch({"n"});
  ASSERT_TRUE(refused->error.has_value());
  EXPECT_EQ(refused->error->message,
            "no inotify instance is left to this user (fs.inotify.max_user_instances), or no file "
            "descriptor to this server");
  EXPECT_EQ(refused->error->hint,
            "raise the sysctl fs.inotify.max_user_instances or the limit of open files");
  EXPECT_EQ(watcher_.table().watches(), 0U);
  inotify_->open_error = 0;
  EXPECT_TRUE(Watch({"n"})->watching());
}

TEST_F(MissingLimitsTest, NoWatchLeft) {
  for (int adds = 0; adds < 3; ++adds) {
    inotify_->adds_left = adds;
    const auto refused = Watch({"n", "m"});
    ASSERT_TRUE(refused->error.has_value()) << adds;
    EXPECT_EQ(refused->error->kind, ErrorKind::kInternal);
    EXPECT_EQ(refused->error->message,
              "no inotify watch is left to this user (fs.inotify.max_user_watches)");
    EXPECT_EQ(refused->error->hint, "raise the sysctl fs.inotify.max_user_watches");
    EXPECT_EQ(watcher_.table().watches(), 0U);
    EXPECT_EQ(watcher_.table().directories(), 0U);
  }
  inotify_->adds_left = 1 << 30;
  EXPECT_TRUE(Watch({"n", "m"})->watching());
}

TEST_F(MissingLimitsTest, ADirectoryThatMayNotBeReadIsNotWatched) {
  inotify_->adds_left = 1;
  inotify_->add_error = EACCES;
  const auto refused = Watch({"n"});
  EXPECT_FALSE(refused->watching());
  EXPECT_FALSE(refused->error.has_value());
}

TEST_F(MissingLimitsTest, WhatAppearsAsADirectoryIsArmedIsSeen) {
  Directory("d");
  int adds = 0;
  inotify_->after_add = [&](int) {
    if (++adds == 4) File("d/n");  // "/", "/tmp", the test's own, d
  };
  EXPECT_FALSE(Watch({"d/n"})->watching());
  EXPECT_EQ(adds, 4);
  EXPECT_EQ(watcher_.table().directories(), 0U);
}

TEST_F(MissingLimitsTest, WhatChangesBehindTheLookIsSeen) {
  Directory("a");
  Directory("b");
  int adds = 0;
  inotify_->after_add = [&](int) {
    if (++adds == 5) File("a/n");  // it was looked for already; now b is armed
  };
  const auto watched = Watch({"a/n", "b/m"});
  // Either the event was read before the answer, or it comes now.
  if (watched->watching()) {
    EXPECT_TRUE(Changes(watched));
  }
  EXPECT_EQ(watcher_.table().directories(), 0U);
}

TEST_F(MissingLimitsTest, NeverWatchingAndSilent) {
  for (int round = 0; round < 200; ++round) {
    const std::string name = "r" + std::to_string(round);
    const auto watched = Begin({name + "/x/n", "never"});
    std::thread other([&] {
      Directory(name);
      Directory(name + "/x");
      File(name + "/x/n");
    });
    ASSERT_TRUE(RunUntil([&] { return watched->answered; }));
    other.join();
    if (watched->watching()) {
      ASSERT_TRUE(Changes(watched)) << round;
    }
  }
  EXPECT_EQ(watcher_.table().directories(), 0U);
}

TEST_F(MissingLimitsTest, TheWatcherGoesBeforeItsWatches) {
  auto watcher = std::make_unique<MissingWatcher>(&io_, &workers_, inotify_);
  std::shared_ptr<MissingWatch> watch;
  watcher->Watch(
      {{At("n")}, std::nullopt}, [] {},
      [&](Result<std::shared_ptr<MissingWatch>> got) { watch = got.value(); });
  ASSERT_TRUE(RunUntil([&] { return watch != nullptr; }));
  watcher.reset();
  io_.poll();
  watch.reset();
}

class WatchTableTest : public ::testing::Test {
 protected:
  static std::string Event(int wd, std::uint32_t mask, const std::string& name) {
    inotify_event event = {};
    event.wd = wd;
    event.mask = mask;
    event.len = name.empty() ? 0 : static_cast<std::uint32_t>((name.size() / 16 + 1) * 16);
    std::string text(reinterpret_cast<const char*>(&event), sizeof event);
    text += name;
    text.resize(sizeof event + event.len, '\0');
    return text;
  }
  std::size_t Dispatch(const std::string& events) {
    const auto calls = table_.Dispatch(events.data(), events.size());
    for (const auto& call : calls) call();
    return calls.size();
  }
  WatchTable::WatchId Watch(const std::string& name, int* wd) {
    const UniqueFd root(::open("/tmp", O_PATH | O_CLOEXEC));
    const auto id = table_.Begin();
    *wd = table_.Arm(id, root);
    table_.Expect(id, *wd, name);
    EXPECT_TRUE(table_.Start(id, [this] { ++changes_; }));
    return id;
  }
  void SetUp() override { ASSERT_TRUE(table_.Open().ok()); }

  WatchTable table_{std::make_shared<Inotify>()};
  int changes_ = 0;
};

TEST_F(WatchTableTest, EveryEventOfOneReadCounts) {
  int wd = -1;
  Watch("n", &wd);
  EXPECT_EQ(Dispatch(Event(wd, IN_CREATE, "a") + Event(wd + 1, IN_CREATE, "n")), 0U);
  EXPECT_EQ(Dispatch(Event(wd, IN_CREATE, "a") + Event(wd, IN_CREATE, "n")), 1U);
  EXPECT_EQ(Dispatch(Event(wd, IN_CREATE, "n")), 0U);
  EXPECT_EQ(changes_, 1);
}

TEST_F(WatchTableTest, AnOverflowIsForAll) {
  int wd = -1;
  Watch("n", &wd);
  Watch("m", &wd);
  EXPECT_EQ(Dispatch(Event(-1, IN_Q_OVERFLOW, "")), 2U);
  EXPECT_EQ(table_.directories(), 0U);
}

TEST_F(WatchTableTest, AWatchThatEndsWhileItIsArmedDoesNotStart) {
  const UniqueFd root(::open("/tmp", O_PATH | O_CLOEXEC));
  const auto id = table_.Begin();
  const int wd = table_.Arm(id, root);
  table_.Expect(id, wd, "n");
  EXPECT_EQ(Dispatch(Event(wd, IN_CREATE, "n")), 0U);  // it has nobody to call yet
  EXPECT_EQ(table_.Arm(id, root), -ECANCELED);
  EXPECT_FALSE(table_.Start(id, [] {}));
}

// A mount over a directory is no event of it. In a namespace of its own, for that takes rights.
TEST(MissingMountDeathTest, AMountEndsTheWatches) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto mount_over = [] {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 0;  // not allowed here
    testing::TempDir directory;
    asio::io_context io;
    WorkerPool workers(&io, 1);
    MissingWatcher watcher(&io, &workers);
    bool changed = false;
    std::shared_ptr<MissingWatch> watch;
    watcher.Watch(
        {{directory / "n"}, std::nullopt}, [&] { changed = true; },
        [&](Result<std::shared_ptr<MissingWatch>> got) {
          watch = got.value();
          if (::mount("none", directory.path().c_str(), "tmpfs", 0, nullptr) != 0) {
            changed = true;
          }
        });
    const auto guard = asio::make_work_guard(io);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!changed && std::chrono::steady_clock::now() < deadline) io.run_one_until(deadline);
    ::umount(directory.path().c_str());
    return changed ? 0 : 1;
  };
  EXPECT_EXIT(std::_Exit(mount_over()), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace paned
