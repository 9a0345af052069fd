#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

using DirectoryTest = TempTree;

TEST_F(DirectoryTest, CreatesWithParentsByUmask) {
  const mode_t before = ::umask(027);
  const Status status = CreateDirectory(At("a/b/c"), true);
  ::umask(before);
  ExpectOk(status);
  EXPECT_EQ(Mode(At("a")), 0750U);
  EXPECT_EQ(Mode(At("a/b/c")), 0750U);
}

TEST_F(DirectoryTest, RecursiveTakesWhatIsADirectory) {
  Directory("d");
  ExpectOk(CreateDirectory(At("d"), true));
  ExpectOk(CreateDirectory(At("d/"), true));
  ExpectOk(CreateDirectory(Link("l", "d"), true));
  ExpectOk(CreateDirectory(At("l/new"), true));
  EXPECT_TRUE(Exists(At("d/new")));
  ExpectOk(CreateDirectory("/", true));
  ExpectOk(CreateDirectory(At("x/./y/"), true));
}

TEST_F(DirectoryTest, RecursiveRefusesWhatIsNotADirectory) {
  File("f");
  ExpectError(CreateDirectory(At("f"), true), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(At("f/"), true), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(Link("l", "f"), true), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(Link("broken", "none"), true), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(At("broken/x"), true), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(Link("loop", "loop"), true), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(Fifo("fifo"), true), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(At("f/x/y"), true), ErrorKind::kInternal, kNotDirectory);
}

TEST_F(DirectoryTest, NotRecursiveMakesExactlyOne) {
  Directory("d");
  File("f");
  ExpectOk(CreateDirectory(At("new/"), false));
  EXPECT_TRUE(S_ISDIR(Stat(At("new")).st_mode));
  ExpectError(CreateDirectory(At("d"), false), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(At("f"), false), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(Link("l", "d"), false), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(Link("broken", "none"), false), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory("/", false), ErrorKind::kInternal, kExists);
  ExpectError(CreateDirectory(At("none/x"), false), ErrorKind::kNotFound, kNoEntry);
  ExpectError(CreateDirectory(At("f/x"), false), ErrorKind::kInternal, kNotDirectory);
}

TEST_F(DirectoryTest, CreateSystemErrors) {
  ExpectError(CreateDirectory(TooLong(), true), ErrorKind::kInternal, kTooLong);
  ExpectError(CreateDirectory(TooLong(), false), ErrorKind::kInternal, kTooLong);
  EXPECT_TRUE(Names(root_).empty());
  ExpectError(CreateDirectory("/proc/none/x", true), ErrorKind::kNotFound, kNoEntry);
  const std::string locked = Directory("locked", 0500);
  Give(locked);
  const AsNobody nobody;
  ExpectError(CreateDirectory(locked + "/x/y", true), ErrorKind::kInvalidRequest, kDenied);
  ExpectError(CreateDirectory(locked + "/x", false), ErrorKind::kInvalidRequest, kDenied);
}

TEST_F(DirectoryTest, CreatedByTwoAtOnceSucceedsForBoth) {
  for (int round = 0; round < 50; ++round) {
    const std::string path = At("r" + std::to_string(round) + "/a/b/c/d/e");
    std::atomic<int> failures{0};
    const auto make = [&] { failures += CreateDirectory(path, true).ok() ? 0 : 1; };
    std::thread other(make);
    make();
    other.join();
    ASSERT_EQ(failures, 0);
  }
}

TEST_F(DirectoryTest, ReadsEntriesWithFlagsOfTheTarget) {
  File("f");
  File(".hidden");
  Directory("d");
  Fifo("fifo");
  Socket("s");
  Link("to-file", "f");
  Link("to-directory", "d");
  Link("to-fifo", "fifo");
  Link("broken", "none");
  Link("loop", "loop");
  auto listed = ReadDirectory(root_);
  ExpectOk(listed);
  std::map<std::string, std::pair<bool, bool>> got;
  for (const auto& entry : listed.value().entries) {
    got[entry.file_name] = {entry.is_directory, entry.is_file};
  }
  const std::map<std::string, std::pair<bool, bool>> wanted = {{"f", {false, true}},
                                                               {".hidden", {false, true}},
                                                               {"d", {true, false}},
                                                               {"fifo", {false, false}},
                                                               {"s", {false, false}},
                                                               {"to-file", {false, true}},
                                                               {"to-directory", {true, false}},
                                                               {"to-fifo", {false, false}}};
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(listed.value().entries.size(), wanted.size());
  EXPECT_TRUE(Names(At("to-directory")).empty());
}

TEST_F(DirectoryTest, ReadGivesRawNames) {
  const std::string name = "a\xff\xfe b\n";
  File(name);
  EXPECT_EQ(Names(root_), std::set<std::string>{name});
}

TEST_F(DirectoryTest, ReadSystemErrors) {
  File("f");
  ExpectError(ReadDirectory(At("f")), ErrorKind::kInternal, kNotDirectory);
  ExpectError(ReadDirectory(At("f/x")), ErrorKind::kInternal, kNotDirectory);
  ExpectError(ReadDirectory(Link("l", "f")), ErrorKind::kInternal, kNotDirectory);
  ExpectError(ReadDirectory(Fifo("fifo")), ErrorKind::kInternal, kNotDirectory);
  ExpectError(ReadDirectory("/dev/null"), ErrorKind::kInternal, kNotDirectory);
  ExpectError(ReadDirectory(At("none")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(ReadDirectory(Link("broken", "none")), ErrorKind::kNotFound, kNoEntry);
  ExpectError(ReadDirectory(Link("loop", "loop")), ErrorKind::kInternal, kLoop);
  ExpectError(ReadDirectory(TooLong()), ErrorKind::kInternal, kTooLong);
  const std::string locked = Directory("locked", 0);
  Give(locked);
  const AsNobody nobody;
  ExpectError(ReadDirectory(locked), ErrorKind::kInvalidRequest, kDenied);
}

TEST_F(DirectoryTest, ReadsTenThousandEntriesFast) {
  for (int i = 0; i < 10'000; ++i) {
    const UniqueFd fd(
        ::open(At("entry-" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    ASSERT_TRUE(fd.valid());
  }
  const auto start = std::chrono::steady_clock::now();
  auto listed = ReadDirectory(root_);
  const auto took = std::chrono::steady_clock::now() - start;
  ExpectOk(listed);
  EXPECT_EQ(listed.value().entries.size(), 10'000U);
  // A few ms alone; the bound only catches a stat per entry gone wrong on a busy machine.
  EXPECT_LT(took, std::chrono::milliseconds(500));
  RecordProperty(
      "microseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

}  // namespace
}  // namespace paned
