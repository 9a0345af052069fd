// The runtime directory: who may be trusted with it, what a dead server leaves, and what is never
// touched.
#include "server/base/runtime_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "tests/support/temp_dir.h"

namespace paned {
namespace {

namespace fs = std::filesystem;

class RuntimeDirectoryTest : public ::testing::Test {
 protected:
  Result<RuntimeDirectory> Open() const { return RuntimeDirectory::Open(base_, nullptr); }
  std::string OpenError() const {
    const Result<RuntimeDirectory> opened = Open();
    return opened.ok() ? "none" : opened.error().message;
  }
  std::string Own() const { return base_ + "/" + std::to_string(::getpid()); }

  const testing::TempDir directory_;
  const std::string root_ = directory_.path();
  std::string base_ = root_ + "/base";
};

mode_t ModeOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A socket that listens; closed, it is what a dead process leaves.
UniqueFd ListenAt(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  EXPECT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(&address.sun_path[0], path.c_str(), path.size() + 1);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
  EXPECT_EQ(::listen(fd.get(), 4), 0);
  return fd;
}

// What a server with this name leaves when it is killed.
void LeaveInstance(const std::string& path) {
  fs::create_directories(path + "/h");
  for (const char* file : {"/lock", "/tmux.conf"}) std::ofstream(path + file) << "x";
  for (const char* socket : {"/tmux.sock", "/listing.sock", "/h/1.sock"}) ListenAt(path + socket);
}

TEST_F(RuntimeDirectoryTest, MakesEverythingForTheOwnerAlone) {
  const mode_t before = ::umask(0);
  Result<RuntimeDirectory> opened = Open();
  ::umask(before);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened.value().path(), Own());
  EXPECT_EQ(ModeOf(base_), 0700U);
  EXPECT_EQ(ModeOf(Own()), 0700U);
  EXPECT_EQ(ModeOf(Own() + "/h"), 0700U);
  EXPECT_EQ(ModeOf(Own() + "/lock"), 0600U);
  EXPECT_EQ(opened.value().Socket("tmux.sock").value(), Own() + "/tmux.sock");
}

TEST_F(RuntimeDirectoryTest, GoesAwayWithItsOwner) {
  {
    Result<RuntimeDirectory> opened = Open();
    ASSERT_TRUE(opened.ok());
    ListenAt(Own() + "/listing.sock");
    ListenAt(Own() + "/tmux.sock");
    ListenAt(Own() + "/h/7.sock");
    RuntimeDirectory moved = std::move(opened.value());
    EXPECT_TRUE(fs::exists(Own()));
  }
  EXPECT_FALSE(fs::exists(Own()));
  EXPECT_TRUE(fs::exists(base_));
}

TEST_F(RuntimeDirectoryTest, RemoveSaysWhetherItIsGone) {
  Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened.value().Remove());
  EXPECT_FALSE(opened.value().Remove());
}

TEST_F(RuntimeDirectoryTest, MovingOverOneRemovesIt) {
  Result<RuntimeDirectory> first = Open();
  Result<RuntimeDirectory> second = Open();
  ASSERT_TRUE(first.ok() && second.ok());
  const std::string kept = second.value().path();
  EXPECT_EQ(kept, Own() + "-2");
  first.value() = std::move(second.value());
  EXPECT_FALSE(fs::exists(Own()));
  EXPECT_EQ(first.value().path(), kept);
  EXPECT_TRUE(fs::exists(kept));
}

TEST_F(RuntimeDirectoryTest, ALivingHolderOrTmuxStays) {
  for (const char* socket : {"/h/1.sock", "/tmux.sock"}) {
    Result<RuntimeDirectory> opened = Open();
    ASSERT_TRUE(opened.ok());
    const std::string path = opened.value().path();
    const UniqueFd alive = ListenAt(path + socket);
    EXPECT_FALSE(opened.value().Remove()) << socket;
    EXPECT_TRUE(fs::exists(path + socket));
    EXPECT_TRUE(fs::exists(path + "/lock"));
  }
}

TEST_F(RuntimeDirectoryTest, ForeignFilesStayAndAllElseWithThem) {
  for (const char* file : {"/notes", "/h/notes"}) {
    Result<RuntimeDirectory> opened = Open();
    ASSERT_TRUE(opened.ok());
    const std::string path = opened.value().path();
    std::ofstream(path + file) << "mine";
    std::ofstream(path + "/tmux.conf") << "x";
    EXPECT_FALSE(opened.value().Remove()) << file;
    EXPECT_TRUE(fs::exists(path + file));
    EXPECT_TRUE(fs::exists(path + "/tmux.conf"));
  }
}

TEST_F(RuntimeDirectoryTest, KeepLeavesEverythingAndLetsGoOfTheLock) {
  Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok());
  const UniqueFd tmux = ListenAt(Own() + "/tmux.sock");
  opened.value().Keep();
  EXPECT_TRUE(fs::exists(Own() + "/lock"));
  const Result<std::vector<Instance>> listed = ListInstances(base_);
  ASSERT_TRUE(listed.ok() && listed.value().size() == 1);
  EXPECT_FALSE(listed.value()[0].live);
  EXPECT_TRUE(listed.value()[0].tmux_runs);
}

TEST_F(RuntimeDirectoryTest, TwoServersDoNotMeet) {
  Result<RuntimeDirectory> first = Open();
  Result<RuntimeDirectory> second = Open();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first.value().path(), Own());
  EXPECT_EQ(second.value().path(), Own() + "-2");
  const Result<std::vector<Instance>> listed = ListInstances(base_);
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed.value().size(), 2U);
  EXPECT_EQ(listed.value()[0].path, Own());
  EXPECT_TRUE(listed.value()[0].live && listed.value()[1].live);
  EXPECT_TRUE(second.value().Remove());
  EXPECT_TRUE(fs::exists(Own()));
}

TEST_F(RuntimeDirectoryTest, AStaleOneOfOurNumberIsTakenOver) {
  fs::create_directory(base_);
  LeaveInstance(Own());
  Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened.value().path(), Own());
  EXPECT_FALSE(fs::exists(Own() + "/tmux.conf"));
}

TEST_F(RuntimeDirectoryTest, OneOfOurNumberWithLifeInItIsNot) {
  fs::create_directory(base_);
  LeaveInstance(Own());
  const UniqueFd alive = ListenAt(Own() + "/h/2.sock");
  Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened.value().path(), Own() + "-2");
  EXPECT_TRUE(fs::exists(Own() + "/tmux.conf"));
}

TEST_F(RuntimeDirectoryTest, StaleOnesAreClearedAndLivingOnesLeft) {
  fs::create_directory(base_);
  LeaveInstance(base_ + "/11");
  LeaveInstance(base_ + "/12-3");
  LeaveInstance(base_ + "/13");
  fs::create_directories(base_ + "/14");  // died before it had a lock
  LeaveInstance(base_ + "/notes");
  fs::create_directory(root_ + "/elsewhere");
  LeaveInstance(root_ + "/elsewhere/15");
  fs::create_directory_symlink(root_ + "/elsewhere/15", base_ + "/15");
  fs::remove(base_ + "/13/tmux.sock");
  const UniqueFd alive = ListenAt(base_ + "/13/tmux.sock");
  ::chmod(base_.c_str(), 0700);
  const Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_FALSE(fs::exists(base_ + "/11"));
  EXPECT_FALSE(fs::exists(base_ + "/12-3"));
  EXPECT_TRUE(fs::exists(base_ + "/13/h/1.sock"));
  EXPECT_FALSE(fs::exists(base_ + "/14"));
  EXPECT_TRUE(fs::exists(base_ + "/notes/lock"));
  EXPECT_TRUE(fs::exists(root_ + "/elsewhere/15/lock"));
}

TEST_F(RuntimeDirectoryTest, AKilledServerLeavesAFreeLock) {
  int ready[2];
  ASSERT_EQ(::pipe2(&ready[0], O_CLOEXEC), 0);
  const UniqueFd told(ready[0]);
  UniqueFd tell(ready[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<RuntimeDirectory> opened = Open();
    const char word = opened.ok() ? 'y' : 'n';
    if (::write(tell.get(), &word, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  tell.Reset();
  char word = 0;
  ASSERT_EQ(::read(told.get(), &word, 1), 1);
  ASSERT_EQ(word, 'y');
  const std::string path = base_ + "/" + std::to_string(child);
  Result<std::vector<Instance>> listed = ListInstances(base_);
  ASSERT_TRUE(listed.ok() && listed.value().size() == 1);
  EXPECT_TRUE(listed.value()[0].live);
  {
    const Result<RuntimeDirectory> opened = Open();
    ASSERT_TRUE(opened.ok());
    EXPECT_TRUE(fs::exists(path)) << "it lives";
  }
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  listed = ListInstances(base_);
  ASSERT_TRUE(listed.ok() && listed.value().size() == 1);
  EXPECT_FALSE(listed.value()[0].live);
  const Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok());
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(RuntimeDirectoryTest, AnOpenBaseOfOursIsClosed) {
  fs::create_directories(base_ + "/14");
  ::chmod(base_.c_str(), 0755);
  const Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(ModeOf(base_), 0700U);
}

TEST_F(RuntimeDirectoryTest, ADirectoryForOtherThingsIsNotClosed) {
  fs::create_directories(base_ + "/documents");
  ::chmod(base_.c_str(), 0755);
  EXPECT_TRUE(Contains(OpenError(), base_ + ": it is open to other users")) << OpenError();
  EXPECT_EQ(ModeOf(base_), 0755U);
  fs::remove(base_ + "/documents");
  ::chmod(base_.c_str(), 01777);
  EXPECT_TRUE(Contains(OpenError(), "name a directory of its own")) << OpenError();
  EXPECT_EQ(ModeOf(base_), 01777U);
}

TEST_F(RuntimeDirectoryTest, NoLinkIsFollowed) {
  fs::create_directory(root_ + "/real");
  fs::create_directory_symlink(root_ + "/real", base_);
  EXPECT_TRUE(Contains(OpenError(), base_ + ": it is a symbolic link; remove it")) << OpenError();
  const Result<RuntimeDirectory> slashed = RuntimeDirectory::Open(base_ + "/", nullptr);
  EXPECT_FALSE(slashed.ok());
  EXPECT_FALSE(ListInstances(base_).ok());
  EXPECT_TRUE(fs::is_empty(root_ + "/real"));
}

TEST_F(RuntimeDirectoryTest, ErrorsNameWhatToDo) {
  base_ = root_ + "/file";
  std::ofstream(base_) << "x";
  EXPECT_TRUE(Contains(OpenError(), base_ + ": it is not a directory; remove it")) << OpenError();
  base_ = root_ + "/none/base";
  EXPECT_TRUE(Contains(OpenError(), "; create the directory above it first")) << OpenError();
  const Result<RuntimeDirectory> opened = Open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::kInternal);
  EXPECT_EQ(opened.error().path, base_);
}

TEST_F(RuntimeDirectoryTest, AnUnwritableBaseIsNamed) {
  base_ = "/proc/self/fd";  // ours, and not even root may make anything in it
  EXPECT_TRUE(Contains(OpenError(), "cannot use the runtime directory /proc/self/fd: "))
      << OpenError();
}

TEST_F(RuntimeDirectoryTest, AnotherUsersDirectoryIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  fs::create_directory(base_);
  ASSERT_EQ(::chown(base_.c_str(), 4711, 4711), 0);
  ::chmod(base_.c_str(), 0700);
  EXPECT_TRUE(Contains(OpenError(), base_ + ": it belongs to user 4711; name another one"))
      << OpenError();
  EXPECT_FALSE(ListInstances(base_).ok());
}

TEST_F(RuntimeDirectoryTest, AnotherUsersInstanceIsLeftAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  fs::create_directory(base_);
  LeaveInstance(base_ + "/11");
  ::chmod(base_.c_str(), 0700);
  ASSERT_EQ(::chown((base_ + "/11").c_str(), 4711, 4711), 0);
  const Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(fs::exists(base_ + "/11/lock"));
  EXPECT_EQ(ListInstances(base_).value().size(), 1U);
}

TEST_F(RuntimeDirectoryTest, AClientDoesNotTrustABaseThatOthersMayWriteTo) {
  fs::create_directory(base_);
  ::chmod(base_.c_str(), 0777);
  const Result<std::vector<Instance>> listed = ListInstances(base_);
  ASSERT_FALSE(listed.ok());
  EXPECT_TRUE(Contains(listed.error().message, "other users may write to it"));
  EXPECT_EQ(ModeOf(base_), 0777U);
}

TEST_F(RuntimeDirectoryTest, NoBaseMeansNoInstances) {
  const Result<std::vector<Instance>> listed = ListInstances(base_);
  ASSERT_TRUE(listed.ok());
  EXPECT_TRUE(listed.value().empty());
  EXPECT_FALSE(fs::exists(base_));
}

TEST_F(RuntimeDirectoryTest, SocketPathsAreMeasured) {
  const Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok());
  const std::size_t room = 107 - Own().size() - 1;
  EXPECT_TRUE(opened.value().Socket(std::string(room, 's')).ok());
  const Result<std::string> longer = opened.value().Socket(std::string(room + 1, 's'));
  ASSERT_FALSE(longer.ok());
  EXPECT_TRUE(Contains(longer.error().message,
                       "is 108 bytes long; a socket path has at most 107; set --runtime-dir to a "
                       "shorter one"))
      << longer.error().message;
}

TEST_F(RuntimeDirectoryTest, LifeIsSeenBelowAPathThatIsTooLong) {
  base_ = root_ + "/" + std::string(120, 'l');
  fs::create_directory(base_);
  LeaveInstance(root_ + "/11");
  LeaveInstance(root_ + "/12");
  const UniqueFd alive = ListenAt(root_ + "/12/h/2.sock");
  fs::rename(root_ + "/11", base_ + "/11");
  fs::rename(root_ + "/12", base_ + "/12");
  const Result<RuntimeDirectory> opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_FALSE(fs::exists(base_ + "/11"));
  EXPECT_TRUE(fs::exists(base_ + "/12/lock"));
}

TEST_F(RuntimeDirectoryTest, WhereTheBaseLies) {
  const std::string fallback = "/tmp/paned-" + std::to_string(::geteuid());
  using Paths = std::vector<std::string>;
  EXPECT_EQ(RuntimeBases("", nullptr), Paths({fallback}));
  EXPECT_EQ(RuntimeBases("", ""), Paths({fallback}));
  EXPECT_EQ(RuntimeBases("", "relative"), Paths({fallback}));
  EXPECT_EQ(RuntimeBases("", (root_ + "/none").c_str()), Paths({fallback}));
  EXPECT_EQ(RuntimeBases("", root_.c_str()), Paths({root_ + "/paned", fallback}));
  EXPECT_EQ(RuntimeBases("/x/y/", root_.c_str()), Paths({"/x/y"}));
  EXPECT_EQ(RuntimeBases("y", nullptr), Paths({fs::current_path().string() + "/y"}));
  std::ofstream(root_ + "/file") << "x";
  EXPECT_EQ(RuntimeBases("", (root_ + "/file").c_str()), Paths({fallback}));
}

TEST_F(RuntimeDirectoryTest, AnotherUsersXdgDirectoryIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::chown(root_.c_str(), 4711, 4711), 0);
  EXPECT_EQ(RuntimeBases("", root_.c_str()).size(), 1U);
}

}  // namespace
}  // namespace paned
