#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

class RemoveTest : public TempTree {
 protected:
  // A chain of `depth` directories "d" below the new directory `name`, a file in each.
  void Chain(const std::string& name, int depth) {
    UniqueFd here(::open(Directory(name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int i = 0; i < depth; ++i) {
      const UniqueFd file(::openat(here.get(), "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      ASSERT_TRUE(file.valid());
      ASSERT_EQ(::mkdirat(here.get(), "d", 0755), 0);
      here = UniqueFd(::openat(here.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      ASSERT_TRUE(here.valid());
    }
  }
};

TEST_F(RemoveTest, FilesAndLinksGoTheirTargetsStay) {
  for (const bool recursive : {true, false}) {
    File("f");
    Directory("d");
    File("d/x");
    ExpectOk(Remove(Link("to-file", "f"), recursive, false));
    ExpectOk(Remove(Link("to-directory", "d"), recursive, false));
    Link("to-directory", "d");
    ExpectOk(Remove(At("to-directory/"), recursive, false));
    ExpectOk(Remove(Link("broken", "none"), recursive, false));
    ExpectOk(Remove(Link("loop", "loop"), recursive, false));
    ExpectOk(Remove(Fifo("fifo"), recursive, false));
    ExpectOk(Remove(Socket("s"), recursive, false));
    EXPECT_EQ(Names(root_), (std::set<std::string>{"f", "d"}));
    EXPECT_TRUE(Exists(At("d/x")));
    ExpectOk(Remove(At("f/"), recursive, false));
    ExpectOk(Remove(At("d"), true, false));
    EXPECT_TRUE(Names(root_).empty());
  }
}

TEST_F(RemoveTest, TreesNeedRecursive) {
  Directory("d");
  Directory("d/sub");
  File("d/sub/f");
  File("d/.hidden");
  Link("d/up", "..");
  Fifo("d/fifo");
  ExpectError(Remove(At("d"), false, true), ErrorKind::kInternal, kNotEmpty);
  ExpectError(Remove(At("d/"), false, false), ErrorKind::kInternal, kNotEmpty);
  ExpectOk(Remove(At("d/."), true, false));
  EXPECT_TRUE(Names(root_).empty());
  ExpectOk(Remove(Directory("empty"), false, false));
  ExpectOk(Remove(Directory("empty"), true, false));
  EXPECT_TRUE(Names(root_).empty());
}

TEST_F(RemoveTest, ForceHidesOnlyWhatIsMissing) {
  File("f");
  Link("loop", "loop");
  for (const bool recursive : {true, false}) {
    ExpectOk(Remove(At("none"), recursive, true));
    ExpectOk(Remove(At("none/x"), recursive, true));
    ExpectError(Remove(At("none"), recursive, false), ErrorKind::kNotFound, kNoEntry);
    ExpectError(Remove(At("none/x"), recursive, false), ErrorKind::kNotFound, kNoEntry);
    ExpectError(Remove(At("f/x"), recursive, true), ErrorKind::kInternal, kNotDirectory);
    ExpectError(Remove(At("f/x/"), recursive, true), ErrorKind::kInternal, kNotDirectory);
    ExpectError(Remove(At("loop/x"), recursive, true), ErrorKind::kInternal, kLoop);
    ExpectError(Remove(At(std::string(256, 'a')), recursive, true), ErrorKind::kInternal, kTooLong);
    ExpectError(Remove(TooLong(), recursive, true), ErrorKind::kInternal, kTooLong);
  }
}

TEST_F(RemoveTest, RootAndParentAreRefusedBeforeAnythingIsGone) {
  ExpectError(Remove("/", false, true), ErrorKind::kInternal, "Resource busy (os error 16)");
  Directory("d");
  Directory("d/sub");
  ExpectError(Remove(At("d/sub/.."), true, true), ErrorKind::kInvalidRequest,
              "Invalid argument (os error 22)");
  EXPECT_TRUE(Exists(At("d/sub")));
}

TEST_F(RemoveTest, LinksInATreeAreNotFollowed) {
  Directory("outside");
  File("outside/kept");
  Directory("d");
  Link("d/l", At("outside"));
  ExpectOk(Remove(At("d"), true, false));
  EXPECT_TRUE(Exists(At("outside/kept")));
}

TEST_F(RemoveTest, DeniedEntryIsNamed) {
  for (const char* name : {"d", "d/locked"}) Directory(name);
  File("d/locked/f");
  ASSERT_EQ(::chmod(At("d/locked").c_str(), 0500), 0);
  for (const char* name : {"d", "d/locked", "d/locked/f"}) Give(At(name));
  const AsNobody nobody;
  const Status status = Remove(At("d"), true, true);
  ExpectError(status, ErrorKind::kInvalidRequest, kDenied);
  EXPECT_EQ(status.error().path, At("d/locked/f"));
  EXPECT_TRUE(Exists(At("d/locked/f")));
  ASSERT_EQ(::chmod(At("d/locked").c_str(), 0700), 0);  // so that TearDown can
}

TEST_F(RemoveTest, UnreadableDirectory) {
  for (const char* name : {"d", "d/locked"}) Directory(name);
  File("d/locked/f");
  for (const char* name : {"d", "d/locked"}) Give(At(name));
  ASSERT_EQ(::chmod(At("d/locked").c_str(), 0), 0);
  {
    const AsNobody nobody;
    const Status status = Remove(At("d"), true, true);
    ExpectError(status, ErrorKind::kInvalidRequest, kDenied);
    EXPECT_EQ(status.error().path, At("d/locked"));
  }
  ASSERT_EQ(::chmod(At("d/locked").c_str(), 0700), 0);
  ExpectOk(Remove(At("d/locked/f"), false, false));
  ASSERT_EQ(::chmod(At("d/locked").c_str(), 0), 0);
  const AsNobody nobody;
  ExpectOk(Remove(At("d"), true, true));  // an empty one needs no look inside
}

TEST_F(RemoveTest, DeniedInTheParent) {
  const std::string parent = Directory("ro");
  const std::string file = File("ro/f");
  ASSERT_EQ(::chmod(parent.c_str(), 0555), 0);
  Give(parent);
  const AsNobody nobody;
  ExpectError(Remove(file, true, true), ErrorKind::kInvalidRequest, kDenied);
  ASSERT_EQ(::chmod(parent.c_str(), 0755), 0);  // so that TearDown can
}

TEST_F(RemoveTest, DeepTreeNeedsNeitherStackNorDescriptors) {
  Chain("deep", 5000);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{40, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Status status = Remove(At("deep"), true, false);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ExpectOk(status);
  EXPECT_TRUE(Names(root_).empty());
}

TEST_F(RemoveTest, DeepTreeWithBranchesComesBackUp) {
  Chain("deep", 100);
  std::string path = At("deep");
  for (int i = 0; i < 100; ++i) {  // two more directories beside each step of the chain
    ASSERT_EQ(::mkdir((path + "/a").c_str(), 0755), 0);
    ASSERT_EQ(::mkdir((path + "/z").c_str(), 0755), 0);
    ASSERT_EQ(::mkdir((path + "/z/z").c_str(), 0755), 0);
    path += "/d";
  }
  ExpectOk(Remove(At("deep"), true, false));
  EXPECT_TRUE(Names(root_).empty());
}

}  // namespace
}  // namespace paned
