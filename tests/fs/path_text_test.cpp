#include "server/fs/path_text.h"

#include <gtest/gtest.h>

#include <string>

namespace paned {
namespace {

TEST(PathText, TrimsWhatStandsBehindTheLastName) {
  EXPECT_EQ(TrimPath("/a/b"), "/a/b");
  EXPECT_EQ(TrimPath("/a/b/"), "/a/b");
  EXPECT_EQ(TrimPath("/a/b//"), "/a/b");
  EXPECT_EQ(TrimPath("/a/./"), "/a");
  EXPECT_EQ(TrimPath("/a/b."), "/a/b.");
  EXPECT_EQ(TrimPath("/a/.."), "/a/..");
  EXPECT_EQ(TrimPath("/"), "/");
  EXPECT_EQ(TrimPath("//"), "/");
  EXPECT_EQ(TrimPath("/."), "/");
  EXPECT_EQ(TrimPath("//./"), "/");
  EXPECT_EQ(TrimPath(""), "");
}

TEST(PathText, SplitsIntoParentAndName) {
  EXPECT_EQ(ParentOf("/a/b"), "/a");
  EXPECT_EQ(ParentOf("/a//b"), "/a");
  EXPECT_EQ(ParentOf("/a"), "/");
  EXPECT_EQ(ParentOf("/"), "/");
  EXPECT_EQ(ParentOf("a"), ".");
  EXPECT_EQ(NameOf("/a/b"), "b");
  EXPECT_EQ(NameOf("/"), "");
  EXPECT_EQ(NameOf("a"), "a");
}

TEST(PathText, KnowsTheKernelsLimit) {
  EXPECT_FALSE(IsTooLong(std::string(4095, 'a')));
  EXPECT_TRUE(IsTooLong(std::string(4096, 'a')));
}

}  // namespace
}  // namespace paned
