// Watches for missing files: what ends one, what does not, and what is not watched at all.
// The tables are what codex's own server was measured to do.
#include <filesystem>

#include "tests/fs/missing_fixture.h"

namespace paned {
namespace {

class MissingWatcherTest : public MissingFixture {
 protected:
  int InotifyDescriptors() {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry.path(), gone) == "anon_inode:inotify") ++count;
    }
    return count;
  }
  // The change that `change` makes ends a watch, once, and nothing of it is left.
  void ExpectChange(const std::vector<std::string>& missing,
                    const std::optional<std::string>& present,
                    const std::function<void()>& change) {
    const auto watched = Watch(missing, present);
    ASSERT_TRUE(watched->watching());
    EXPECT_EQ(watched->changes, 0);
    change();
    EXPECT_TRUE(Changes(watched));
    Settle();
    EXPECT_EQ(watched->changes, 1);
    EXPECT_EQ(watcher_.table().watches(), 0U);
    EXPECT_EQ(watcher_.table().directories(), 0U);
  }
  void Rename(const std::string& from, const std::string& to) {
    ASSERT_EQ(::rename(At(from).c_str(), At(to).c_str()), 0);
  }
  void Unlink(const std::string& name) { ASSERT_EQ(::unlink(At(name).c_str()), 0); }
};

TEST_F(MissingWatcherTest, WhateverAppearsEndsTheWatch) {
  File("source");
  const std::pair<const char*, std::function<void()>> rows[] = {
      {"file", [&] { File("n"); }},
      {"directory", [&] { Directory("n"); }},
      {"rename", [&] { Rename("source", "n"); }},
      {"hard link", [&] { ASSERT_EQ(::link(At("n").c_str(), At("source").c_str()), 0); }},
      {"link", [&] { Link("n", At("source")); }},
      {"broken link", [&] { Link("n", "nowhere"); }},
      {"fifo", [&] { Fifo("n"); }},
  };
  for (const auto& [what, appear] : rows) {
    SCOPED_TRACE(what);
    if (std::string(what) == "hard link") {
      File("n");
      ExpectChange({"source"}, std::nullopt, appear);
    } else {
      ExpectChange({"n"}, std::nullopt, appear);
    }
    ExpectOk(Remove(At("n"), true, true));
  }
}

TEST_F(MissingWatcherTest, NothingIsOpenedBeforeTheFirstUse) {
  EXPECT_EQ(InotifyDescriptors(), 0);
  EXPECT_EQ(watcher_.table().descriptor(), -1);
  const auto one = Watch({"n"});
  const auto other = Watch({"m"});
  EXPECT_EQ(InotifyDescriptors(), 1);
}

TEST_F(MissingWatcherTest, OtherNamesAreNoChange) {
  Directory("d");
  const auto watched = Watch({"n", "d/n", "x/y/z"});
  ASSERT_TRUE(watched->watching());
  File("sibling");
  File("sibling", "written again");
  Rename("sibling", "moved");
  Unlink("moved");
  Directory("d/other");
  File("d/nn");
  Directory("y");
  Settle();
  EXPECT_EQ(watched->changes, 0);
  File("d/n");
  EXPECT_TRUE(Changes(watched));
}

TEST_F(MissingWatcherTest, NamesThatMayBeTheSameOnSomeFileSystemAreAChange) {
  ExpectChange({".git"}, std::nullopt, [&] { File(".GIT"); });
  ExpectChange({"X/y"}, std::nullopt, [&] { Directory("x"); });
  ExpectChange({"n"}, std::nullopt, [&] { File("\xC3\xA4"); });
  ExpectChange({"\xC3\xB6"}, std::nullopt, [&] { File("ascii"); });
}

TEST_F(MissingWatcherTest, TheFirstMissingDirectoryIsWhatIsWaitedFor) {
  ExpectChange({"x/y/z"}, std::nullopt, [&] { Directory("x"); });
  ExpectChange({"x/y/z"}, std::nullopt, [&] { Directory("x/y"); });
  ExpectChange({"x/y/z"}, std::nullopt, [&] { File("x/y/z"); });
}

TEST_F(MissingWatcherTest, ADirectoryOnTheWayIsPartOfIt) {
  Directory("d");
  Directory("d/e");
  Directory("other");
  File("other/n");
  ExpectChange({"d/e/n"}, std::nullopt, [&] { Rename("d", "away"); });
  ExpectChange({"away/e/n"}, std::nullopt, [&] { ASSERT_EQ(::rmdir(At("away/e").c_str()), 0); });
  ExpectChange({"away/n"}, std::nullopt, [&] {
    ASSERT_EQ(::rmdir(At("away").c_str()), 0);
    Link("away", "other");
  });
  ExpectChange({"other/m"}, std::nullopt, [&] { ::chmod(At("other").c_str(), 0700); });
  ExpectChange({"other/m"}, std::nullopt, [&] {
    Directory("new");
    ::renameat2(AT_FDCWD, At("other").c_str(), AT_FDCWD, At("new").c_str(), RENAME_EXCHANGE);
  });
}

TEST_F(MissingWatcherTest, ThePresentOneGoesOrChanges) {
  Directory("d");
  File("d/p");
  File("d/q");
  ExpectChange({"n"}, "d/p", [&] { File("d/p", "written"); });
  ExpectChange({"n"}, "d/p", [&] { ::chmod(At("d/p").c_str(), 0600); });
  ExpectChange({"n"}, "d/p", [&] { Rename("d/q", "d/p"); });
  ExpectChange({"n"}, "d/p", [&] { Rename("d/p", "d/r"); });
  ExpectChange({"n"}, "d/r", [&] { Unlink("d/r"); });
  ExpectChange({"n"}, "d", [&] { ASSERT_EQ(::rmdir(At("d").c_str()), 0); });
}

TEST_F(MissingWatcherTest, WhatIsInThePresentDirectoryIsNoChange) {
  Directory(".git");
  const auto watched = Watch({"n"}, ".git");
  ASSERT_TRUE(watched->watching());
  File(".git/HEAD");
  Directory(".git/refs");
  Unlink(".git/HEAD");
  Settle();
  EXPECT_EQ(watched->changes, 0);
}

TEST_F(MissingWatcherTest, NotWatchedAtAll) {
  Directory("d");
  File("there");
  Link("link", "d");
  Link("broken", "nowhere");
  Link("loop", "loop");
  const std::pair<std::vector<std::string>, std::optional<std::string>> rows[] = {
      {{}, std::nullopt},              // nothing missing
      {{}, "there"},                   // nor with something present
      {{"n", "there"}, std::nullopt},  // one exists
      {{"d"}, std::nullopt},
      {{"/"}, std::nullopt},
      {{"broken"}, std::nullopt},  // so does a link to nothing
      {{"link/n"}, std::nullopt},  // links are not followed
      {{"broken/n"}, std::nullopt},
      {{"loop/n"}, std::nullopt},
      {{"there/n"}, std::nullopt},  // a file on the way
      {{"/proc/n"}, std::nullopt},  // no events there
      {{"n", "/sys/n"}, std::nullopt},
      {{std::string(256, 'n')}, std::nullopt},
      {{TooLong()}, std::nullopt},
      {{"n"}, "n"},  // not present
      {{"n"}, "x/y"},
      {{"n"}, "link"},  // a link
      {{"n"}, "link/x"},
  };
  for (const auto& [missing, present] : rows) {
    const auto watched = Watch(missing, present);
    EXPECT_FALSE(watched->watching()) << ::testing::PrintToString(missing);
    EXPECT_FALSE(watched->error.has_value());
    EXPECT_EQ(watcher_.table().watches(), 0U);
    EXPECT_EQ(watcher_.table().directories(), 0U);
  }
}

TEST_F(MissingWatcherTest, AWatchThatIsDroppedSaysNothing) {
  auto watched = Watch({"n"});
  ASSERT_TRUE(watched->watching());
  EXPECT_GT(watcher_.table().directories(), 0U);
  watched->watch.reset();
  EXPECT_EQ(watcher_.table().watches(), 0U);
  EXPECT_EQ(watcher_.table().directories(), 0U);
  File("n");
  Settle();
  EXPECT_EQ(watched->changes, 0);
}

TEST_F(MissingWatcherTest, ADroppedWatchLeavesTheDirectoriesOfOthers) {
  auto one = Watch({"n"});
  const auto other = Watch({"n", "m"});
  const std::size_t directories = watcher_.table().directories();
  one->watch.reset();
  EXPECT_EQ(watcher_.table().directories(), directories);
  File("m");
  EXPECT_TRUE(Changes(other));
  EXPECT_EQ(watcher_.table().directories(), 0U);
}

}  // namespace
}  // namespace paned
