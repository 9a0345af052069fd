#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

class CopyTreeTest : public TempTree {
 protected:
  // d/{x (0700), sub/y}, an empty directory e, a file g
  void SetUp() override {
    TempTree::SetUp();
    Directory("d");
    File("d/x", "dx", 0700);
    Directory("d/sub");
    File("d/sub/y", "y");
    Directory("e");
    File("g", "g");
  }
  void ExpectCopied(const std::string& name) {
    EXPECT_EQ(Bytes(At(name + "/x")), "dx");
    EXPECT_EQ(Mode(At(name + "/x")), 0700U);
    EXPECT_EQ(Bytes(At(name + "/sub/y")), "y");
  }
  void ExpectIntoItself(const std::string& source, const std::string& destination) {
    ExpectError(Copy(At(source), At(destination), true), ErrorKind::kInvalidRequest,
                "fs/copy cannot copy a directory to itself or one of its descendants");
  }
};

TEST_F(CopyTreeTest, NeedsRecursive) {
  for (const char* name : {"n", "e", "d", "g", "d/sub/n"}) {
    ExpectError(Copy(At("d"), At(name), false), ErrorKind::kInvalidRequest,
                "fs/copy requires recursive: true when sourcePath is a directory");
  }
  EXPECT_FALSE(Exists(At("n")));
}

TEST_F(CopyTreeTest, MakesTheDestinationAndItsParents) {
  ExpectOk(Copy(At("d"), At("n"), true));
  ExpectCopied("n");
  ExpectOk(Copy(At("d/"), At("a/b/c/"), true));
  ExpectCopied("a/b/c");
}

TEST_F(CopyTreeTest, DirectoryModesAreTheDefault) {
  ASSERT_EQ(::chmod(At("d").c_str(), 02700), 0);
  ASSERT_EQ(::chmod(At("d/sub").c_str(), 0700), 0);
  const mode_t before = ::umask(022);
  const Status status = Copy(At("d"), At("n"), true);
  ::umask(before);
  ExpectOk(status);
  EXPECT_EQ(Mode(At("n")), 0755U);
  EXPECT_EQ(Mode(At("n/sub")), 0755U);
}

TEST_F(CopyTreeTest, MergesAndOverwrites) {
  File("e/x", "old and longer");
  File("e/kept", "kept");
  Directory("e/sub");
  ExpectOk(Copy(At("d"), At("e"), true));
  ExpectCopied("e");
  EXPECT_EQ(Bytes(At("e/kept")), "kept");
  ExpectOk(Copy(At("d"), Link("l", "e"), true));
  ExpectOk(Copy(At("d/sub"), At("d"), true));  // upwards is fine
  EXPECT_EQ(Bytes(At("d/y")), "y");
}

TEST_F(CopyTreeTest, LinksAreCopiedFifosSkipped) {
  Link("d/l", "../nowhere");
  Link("d/up", "..");
  Fifo("d/fifo");
  Socket("d/s");
  ExpectOk(Copy(At("d"), At("n"), true));
  EXPECT_EQ(LinkText(At("n/l")), "../nowhere");
  EXPECT_EQ(LinkText(At("n/up")), "..");
  EXPECT_EQ(Names(At("n")), (std::set<std::string>{"x", "sub", "up"}));  // l is broken: not listed
}

TEST_F(CopyTreeTest, IntoItselfOrBelow) {
  Link("l", "d");
  Link("e/s", "../d/sub");
  for (const char* destination : {"d", "d/", "d/sub", "d/new/z", "l", "l/new", "e/s", "e/s/new/z",
                                  "e/../d/z", "d/sub/../z"}) {
    ExpectIntoItself("d", destination);
  }
  EXPECT_EQ(Names(At("d")), (std::set<std::string>{"x", "sub"}));
  EXPECT_TRUE(Names(At("d/sub")) == std::set<std::string>{"y"});
  ExpectError(Copy("/", At("n"), true), ErrorKind::kInvalidRequest,
              "fs/copy cannot copy a directory to itself or one of its descendants");
  EXPECT_FALSE(Exists(At("n")));
}

TEST_F(CopyTreeTest, IntoItselfByAPathThatIsMadeOnTheWay) {
  // ".." behind a name that does not exist yet escapes the look beforehand; the walk must notice.
  ExpectIntoItself("d", "new/../d/z");
}

TEST_F(CopyTreeTest, DestinationThatIsNoDirectory) {
  Link("to-file", "g");
  Link("broken", "none");
  Link("loop", "loop");
  Fifo("fifo");
  for (const char* name : {"g", "to-file", "broken", "broken/x", "loop", "fifo"}) {
    ExpectError(Copy(At("d"), At(name), true), ErrorKind::kInternal, kExists);
  }
  ExpectError(Copy(At("d"), At("g/x"), true), ErrorKind::kInternal, kNotDirectory);
  ExpectError(Copy(At("d"), TooLong(), true), ErrorKind::kInternal, kTooLong);
}

TEST_F(CopyTreeTest, ClashesInsideAreNamed) {
  Directory("e/x");
  Status status = Copy(At("d"), At("e"), true);
  ExpectError(status, ErrorKind::kInternal, kIsDirectory);
  EXPECT_EQ(status.error().path, At("e/x"));

  Directory("e2");
  File("e2/sub", "kept");
  status = Copy(At("d"), At("e2"), true);
  ExpectError(status, ErrorKind::kInternal, kExists);
  EXPECT_EQ(status.error().path, At("e2/sub"));
  EXPECT_EQ(Bytes(At("e2/sub")), "kept");

  Directory("e3");
  Link("d/l", "q");
  File("e3/l", "kept");
  status = Copy(At("d"), At("e3"), true);
  ExpectError(status, ErrorKind::kInternal, kExists);
  EXPECT_EQ(status.error().path, At("e3/l"));

  Directory("e4");
  Link("e4/sub", "none");
  status = Copy(At("d"), At("e4"), true);
  ExpectError(status, ErrorKind::kInternal, kExists);
}

TEST_F(CopyTreeTest, FifoInTheWayDoesNotHang) {
  Fifo("e/x");
  ExpectError(Copy(At("d"), At("e"), true), ErrorKind::kInternal,
              "No such device or address (os error 6)");
}

TEST_F(CopyTreeTest, LinksInTheDestinationAreFollowed) {
  Directory("elsewhere");
  Link("e/x", "../g");
  Link("e/sub", "../elsewhere");
  ExpectOk(Copy(At("d"), At("e"), true));
  EXPECT_EQ(Bytes(At("g")), "dx");
  EXPECT_EQ(Bytes(At("elsewhere/y")), "y");
}

TEST_F(CopyTreeTest, LinksBackToTheSourceLeaveItWhole) {
  Link("e/x", "../d/x");
  Link("e/sub", "../d/sub");
  ExpectOk(Copy(At("d"), At("e"), true));
  ExpectCopied("d");
}

TEST_F(CopyTreeTest, LinkDeeperIntoTheSourceEnds) {
  Directory("d/sub/deep");
  Link("e/sub", "../d/sub/deep");
  ExpectIntoItself("d", "e");
}

TEST_F(CopyTreeTest, DeniedEntryIsNamed) {
  ASSERT_EQ(::chmod(At("d/sub/y").c_str(), 0), 0);
  for (const char* name : {"d", "d/x", "d/sub", "d/sub/y"}) Give(At(name));
  const AsNobody nobody;
  Status status = Copy(At("d"), At("n"), true);
  ExpectError(status, ErrorKind::kInvalidRequest, kDenied);
  EXPECT_EQ(status.error().path, At("d/sub/y"));
  ASSERT_EQ(::chmod(At("d/sub").c_str(), 0), 0);
  status = Copy(At("d"), At("n2"), true);
  ExpectError(status, ErrorKind::kInvalidRequest, kDenied);
  EXPECT_EQ(status.error().path, At("d/sub"));
  ASSERT_EQ(::chmod(At("d/sub").c_str(), 0700), 0);  // so that TearDown can
}

TEST_F(CopyTreeTest, DeepTreeNeedsNeitherStackNorDescriptors) {
  constexpr int kDepth = 1000;
  UniqueFd here(::open(Directory("deep").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(here.get(), "a", 0755), 0);
    ASSERT_EQ(::mkdirat(here.get(), "d", 0755), 0);
    here = UniqueFd(::openat(here.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(here.valid());
  }
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{60, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Status status = Copy(At("deep"), At("n"), true);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ExpectOk(status);
  here = UniqueFd(::open(At("n").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::faccessat(here.get(), "a", F_OK, 0), 0) << i;
    here = UniqueFd(::openat(here.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(here.valid()) << i;
  }
}

TEST_F(CopyTreeTest, DeepTreeMergedThroughALinkComesBackUp) {
  // The linked directory's ".." is not where the copy must go back to.
  std::string source = At("d/sub");
  for (int i = 0; i < 40; ++i) {
    source += "/d";
    ASSERT_EQ(::mkdir(source.c_str(), 0755), 0);
  }
  Directory("d/zz");
  Directory("d/aa");
  Directory("elsewhere");
  Link("e/sub", "../elsewhere");
  ExpectOk(Copy(At("d"), At("e"), true));
  EXPECT_TRUE(Exists(At("e/zz")));
  EXPECT_TRUE(Exists(At("e/aa")));
  std::string copied = At("elsewhere");
  for (int i = 0; i < 40; ++i) copied += "/d";
  EXPECT_TRUE(Exists(copied));
}

}  // namespace
}  // namespace paned
