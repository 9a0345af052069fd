// fs/walk: what is listed, in which order, and where each limit cuts. Every expectation was
// measured on the reference, except where a test says otherwise.
#include "server/fs/walk.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include "tests/fs/temp_tree.h"

namespace paned {
namespace {

class WalkTest : public TempTree {
 protected:
  static protocol::WalkOptions Everything(bool follow = false) {
    protocol::WalkOptions options;
    options.max_depth = kMaxWalkDepth;
    options.max_directories = kMaxWalkDirectories;
    options.max_entries = kMaxWalkEntries;
    options.follow_directory_symlinks = follow;
    return options;
  }
  static protocol::WalkOptions AtMost(std::uint64_t entries, bool follow = false) {
    protocol::WalkOptions options = Everything(follow);
    options.max_entries = entries;
    return options;
  }
  static protocol::WalkOptions Entering(std::uint64_t directories, bool follow = false) {
    protocol::WalkOptions options = Everything(follow);
    options.max_directories = directories;
    return options;
  }

  // "a/ a/b !c:Permission denied (os error 13) ..." with paths as seen from the tree; "..." when
  // truncated.
  std::string Told(const std::string& path, const protocol::WalkOptions& options) const {
    auto walked = Walk(path, options, [](const std::string& native) { return native; });
    if (!walked.ok()) return "error: " + walked.error().message;
    std::string told;
    for (const auto& entry : walked.value().entries) {
      told += Seen(entry.path);
      if (entry.kind == protocol::WalkKind::kDirectory) told += '/';
      told += ' ';
    }
    for (const auto& error : walked.value().errors) {
      told += '!' + Seen(error.path) + ':' + error.message + ' ';
    }
    if (walked.value().truncated) told += "...";
    if (!told.empty() && told.back() == ' ') told.pop_back();
    return told;
  }
  std::string Told(const protocol::WalkOptions& options = Everything()) const {
    return Told(root_, options);
  }
  std::string Seen(const std::string& path) const {
    return path.compare(0, root_.size() + 1, root_ + '/') == 0 ? path.substr(root_.size() + 1)
                                                               : path;
  }

  // real/{f,sub/g,up -> ..}, z/h, and links between them.
  void MakeLinkedTree() {
    Directory("real");
    File("real/f");
    Directory("real/sub");
    File("real/sub/g");
    Link("real/up", "..");
    Directory("z");
    File("z/h");
    Link("aln", "real");
    Link("dot", ".");
    Link("zln", "z");
    Link("lnfile", "real/f");
    Link("broken", "/nowhere");
    Link("loop", "loop");
  }
};

TEST_F(WalkTest, BreadthFirstAndByNameInBytes) {
  for (const char* name : {"b", "b/c", "B", "a", "a/z", ".h"}) Directory(name);
  for (const char* name : {"b/f1", "b/c/f2", "B/x", "a/z/deep", "a/y", ".h/in", ".hf", "zz", "a b",
                           "a-b", "a.b", "A", "\xc3\xa9"}) {
    File(name);
  }
  EXPECT_EQ(Told(),
            ".h/ .hf A B/ a/ a b a-b a.b b/ zz \xc3\xa9 .h/in B/x a/y a/z/ b/c/ b/f1 a/z/deep "
            "b/c/f2");
}

TEST_F(WalkTest, OnlyFilesAndDirectories) {
  File("f");
  Fifo("fifo");
  Socket("sock");
  Link("to-file", "f");
  Link("to-fifo", "fifo");
  Link("to-device", "/dev/null");
  Link("broken", "nowhere");
  EXPECT_EQ(Told(), "f");
  EXPECT_EQ(Told(Everything(true)), "f");
}

// The reference lists such a name with U+FFFD and as ENOENT.
TEST_F(WalkTest, NamesThatAreNotUtf8KeepTheirBytes) {
  Directory("d\xfe");
  File("d\xfe/inner");
  File("f\xff");
  EXPECT_EQ(Told(), "d\xfe/ f\xff d\xfe/inner");
}

TEST_F(WalkTest, Depth) {
  for (const char* name : {"1", "1/2", "1/2/3"}) Directory(name);
  File("1/2/3/f");
  const char* rows[] = {"1/", "1/ 1/2/", "1/ 1/2/ 1/2/3/", "1/ 1/2/ 1/2/3/ 1/2/3/f"};
  for (std::uint64_t depth = 0; depth < std::size(rows); ++depth) {
    protocol::WalkOptions options = Everything();
    options.max_depth = depth;
    EXPECT_EQ(Told(options), rows[depth]);
  }
}

TEST_F(WalkTest, HiddenDirectoriesCanBePruned) {
  Directory(".h");
  File(".h/in");
  File(".hf");
  Directory("z");
  File("z/h");
  Link(".hln", "z");
  protocol::WalkOptions options = Everything(true);
  options.prune_hidden_directories = true;
  EXPECT_EQ(Told(options), ".h/ .hf .hln/ z/ z/h");
  EXPECT_EQ(Told(At(".h"), options), ".h/in");
}

TEST_F(WalkTest, LinksAreFollowedOnRequestAndEachDirectoryEnteredOnce) {
  MakeLinkedTree();
  EXPECT_EQ(Told(), "real/ z/ real/f real/sub/ z/h real/sub/g");
  EXPECT_EQ(Told(Everything(true)), "aln/ dot/ real/ z/ zln/ aln/f aln/sub/ aln/up/ z/h aln/sub/g");
  EXPECT_EQ(Told(At("dot"), Everything(true)),
            "dot/aln/ dot/dot/ dot/real/ dot/z/ dot/zln/ dot/aln/f dot/aln/sub/ dot/aln/up/ "
            "dot/z/h dot/aln/sub/g");
}

// --- limits --------------------------------------------------------------------------------------

TEST_F(WalkTest, DirectoriesCountWhenTheyAreEntered) {
  for (const char* name : {"d0", "d1"}) {
    Directory(name);
    File(std::string(name) + "/f");
  }
  EXPECT_EQ(Told(Entering(1)), "d0/ d1/ ...");
  EXPECT_EQ(Told(Entering(2)), "d0/ d1/ d0/f ...");
  EXPECT_EQ(Told(Entering(3)), "d0/ d1/ d0/f d1/f");
  protocol::WalkOptions options = Entering(1);
  options.max_depth = 0;
  EXPECT_EQ(Told(options), "d0/ d1/") << "the depth alone does not truncate";
}

TEST_F(WalkTest, ADirectorySeenBeforeDoesNotCount) {
  MakeLinkedTree();
  EXPECT_EQ(Told(Entering(4, true)),
            "aln/ dot/ real/ z/ zln/ aln/f aln/sub/ aln/up/ z/h aln/sub/g");
  EXPECT_EQ(Told(Entering(3, true)), "aln/ dot/ real/ z/ zln/ aln/f aln/sub/ aln/up/ z/h ...");
}

TEST_F(WalkTest, EntriesCountWhenTheyAreLookedAt) {
  MakeLinkedTree();  // by name: aln dot lnfile real z zln; broken and loop are none
  EXPECT_EQ(Told(AtMost(3)), "...");
  EXPECT_EQ(Told(AtMost(4)), "real/ ...");
  EXPECT_EQ(Told(AtMost(5)), "real/ z/ ...");
  EXPECT_EQ(Told(AtMost(6)), "real/ z/ ...");
  EXPECT_EQ(Told(AtMost(7)), "real/ z/ real/f ...");
  EXPECT_EQ(Told(AtMost(3, true)), "aln/ dot/ ...");
  // real: f sub up; z: h; real/sub: g.
  EXPECT_EQ(Told(AtMost(10)), "real/ z/ real/f real/sub/ z/h ...");
  EXPECT_EQ(Told(AtMost(11)), "real/ z/ real/f real/sub/ z/h real/sub/g");
}

// Of a directory that holds more than may be listed, the first by name are listed, not the first
// that the system happens to tell.
TEST_F(WalkTest, TheFirstNamesOfAHugeDirectory) {
  std::vector<std::string> names;
  for (int n = 0; n < 500; ++n) names.push_back("f" + std::to_string(n * 7919 % 100'000));
  for (const std::string& name : names) File(name, "");
  std::sort(names.begin(), names.end());
  std::string wanted;
  for (std::size_t n = 0; n < 5; ++n) wanted += names[n] + ' ';
  EXPECT_EQ(Told(AtMost(5)), wanted + "...");
}

TEST_F(WalkTest, AResultHasAtMostFourMebibytes) {
  // 64 and the path for each; one directory per letter, so that the names stay short enough.
  const std::string name(200, 'n');
  const std::size_t cost = kWalkItemCost + root_.size() + 1 + name.size() + 5;
  const std::size_t fits = kMaxWalkBytes / cost;
  for (std::size_t n = 0; n < fits + 2; ++n) {
    std::string number = std::to_string(10'000 + n);
    File(name + number, "");
  }
  const auto identity = [](const std::string& native) { return native; };
  auto walked = Walk(root_, Everything(), identity);
  ASSERT_TRUE(walked.ok());
  EXPECT_EQ(walked.value().entries.size(), fits);
  EXPECT_TRUE(walked.value().truncated);
  // It is the text that leaves which counts.
  walked = Walk(root_, Everything(), [](const std::string&) { return std::string(); });
  ASSERT_TRUE(walked.ok());
  EXPECT_EQ(walked.value().entries.size(), fits + 2);
  EXPECT_FALSE(walked.value().truncated);
}

TEST(WalkLimits, ZeroFirst) {
  protocol::WalkOptions options;
  options.max_directories = kMaxWalkDirectories;
  options.max_entries = kMaxWalkEntries;
  options.max_depth = kMaxWalkDepth;
  ExpectOk(CheckWalkLimits(options));
  options.max_depth = 0;
  ExpectOk(CheckWalkLimits(options));
  for (const auto member :
       {&protocol::WalkOptions::max_depth, &protocol::WalkOptions::max_directories,
        &protocol::WalkOptions::max_entries}) {
    protocol::WalkOptions above = options;
    above.*member =
        member == &protocol::WalkOptions::max_depth ? kMaxWalkDepth + 1 : options.*member + 1;
    ExpectError(CheckWalkLimits(above), ErrorKind::kInvalidRequest,
                "filesystem walk limits exceed maximums: depth=64, directories=10000, "
                "entries=50000");
    above.max_entries = 0;
    ExpectError(CheckWalkLimits(above), ErrorKind::kInvalidRequest,
                "filesystem walk limits must be greater than zero");
  }
  options.max_directories = 0;
  ExpectError(CheckWalkLimits(options), ErrorKind::kInvalidRequest,
              "filesystem walk limits must be greater than zero");
}

// --- roots and errors ----------------------------------------------------------------------------

TEST_F(WalkTest, Roots) {
  Directory("d");
  File("d/f");
  Link("to-d", "d");
  File("file");
  Link("to-file", "file");
  Link("broken", "nowhere");
  Link("loop", "loop");
  EXPECT_EQ(Told(At("d/"), Everything()), "d/f");
  EXPECT_EQ(Told(At("to-d"), Everything()), "");
  EXPECT_EQ(Told(At("to-d/"), Everything()), "");
  EXPECT_EQ(Told(At("to-d"), Everything(true)), "to-d/f");
  for (const bool follow : {false, true}) {
    EXPECT_EQ(Told(At("file"), Everything(follow)), "");
    EXPECT_EQ(Told(At("to-file"), Everything(follow)), "");
    EXPECT_EQ(Told(Fifo(follow ? "p" : "q"), Everything(follow)), "");
    EXPECT_EQ(Told("/dev/null", Everything(follow)), "");
    EXPECT_EQ(Told(At("none"), Everything(follow)), std::string("error: ") + kNoEntry);
    EXPECT_EQ(Told(At("broken"), Everything(follow)), std::string("error: ") + kNoEntry);
    EXPECT_EQ(Told(At("loop"), Everything(follow)), std::string("error: ") + kLoop);
    EXPECT_EQ(Told(At("file/x"), Everything(follow)), std::string("error: ") + kNotDirectory);
    EXPECT_EQ(Told(TooLong(), Everything(follow)), std::string("error: ") + kTooLong);
  }
}

TEST_F(WalkTest, TheRootDirectoryHasNoDoubleSlash) {
  protocol::WalkOptions options = Everything();
  options.max_depth = 0;
  auto walked = Walk("/", options, [](const std::string& native) { return native; });
  ASSERT_TRUE(walked.ok());
  bool etc = false;
  for (const auto& entry : walked.value().entries) {
    EXPECT_EQ(entry.path.rfind("//", 0), std::string::npos) << entry.path;
    etc = etc || entry.path == "/etc";
  }
  EXPECT_TRUE(etc);
}

TEST_F(WalkTest, WhatCannotBeReadIsAnError) {
  for (const char* name : {"a", "no", "nor", "nox", "nox/d", "z"}) {
    Directory(name);
    File(std::string(name) + "/f");
  }
  Link("link-into-no", "no/f");
  Link("link-to-no", "no");
  for (const char* name : {"a", "no", "nor", "nox", "nox/d", "z"}) Give(At(name));
  ASSERT_EQ(::chmod(At("no").c_str(), 0), 0);
  ASSERT_EQ(::chmod(At("nor").c_str(), 0100), 0);
  ASSERT_EQ(::chmod(At("nox").c_str(), 0600), 0);
  const std::string denied = std::string(":") + kDenied;
  {
    const AsNobody nobody;
    EXPECT_EQ(Told(), "a/ no/ nor/ nox/ z/ a/f z/f !no" + denied + " !nor" + denied + " !nox/d" +
                          denied + " !nox/f" + denied);
    EXPECT_EQ(Told(Everything(true)), "a/ link-to-no/ no/ nor/ nox/ z/ a/f z/f !link-to-no" +
                                          denied + " !nor" + denied + " !nox/d" + denied +
                                          " !nox/f" + denied);
    EXPECT_EQ(Told(Entering(3)), "a/ no/ nor/ nox/ z/ a/f !no" + denied + " ...");
    // a, link-to-no, no, nor, nox, z, a/f: what cannot be entered is told all the same.
    EXPECT_EQ(Told(AtMost(7)), "a/ no/ nor/ nox/ z/ a/f !no" + denied + " !nor" + denied + " ...");
    EXPECT_EQ(Told(At("no"), Everything()), "!no" + denied);
    EXPECT_EQ(Told(At("nox"), Everything()), "!nox/d" + denied + " !nox/f" + denied);
    EXPECT_EQ(Told(At("nox/d"), Everything()), std::string("error: ") + kDenied);
  }
  for (const char* name : {"no", "nor", "nox"}) ASSERT_EQ(::chmod(At(name).c_str(), 0755), 0);
}

// Processes come and go while it is walked, and its links lead everywhere.
TEST_F(WalkTest, ProcEndsInOneWayOrAnother) {
  for (const bool follow : {false, true}) {
    auto walked = Walk("/proc/" + std::to_string(::getpid()), AtMost(5000, follow),
                       [](const std::string& native) { return native; });
    ASSERT_TRUE(walked.ok());
    EXPECT_FALSE(walked.value().entries.empty());
  }
}

TEST_F(WalkTest, AWideTreeNeedsFewDescriptors) {
  for (int n = 0; n < 200; ++n) Directory("d" + std::to_string(n));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(open) + 8;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  auto walked = Walk(root_, Everything(), [](const std::string& native) { return native; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(walked.ok());
  EXPECT_EQ(walked.value().entries.size(), 200U);
  EXPECT_TRUE(walked.value().errors.empty());
}

}  // namespace
}  // namespace paned
