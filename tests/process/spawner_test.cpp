// Spawn: which program is started, with what, and why it could not be (section 7.1).
#include "server/process/spawner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "server/base/pidfd.h"
#include "tests/support/temp_dir.h"

namespace paned {
namespace {

constexpr char kNoEntry[] = "No such file or directory (os error 2)";
constexpr char kDenied[] = "Permission denied (os error 13)";

class SpawnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plan_.cwd = root_;
    plan_.env = {"PATH=/usr/bin:/bin"};
  }

  std::string File(const std::string& name, const std::string& text, mode_t mode) const {
    std::string path = root_ + '/' + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  // What the program prints; its stdin, when there is one, is closed at once.
  std::string Output() {
    Result<SpawnedChild> spawned = Spawn(plan_);
    EXPECT_TRUE(spawned.ok()) << spawned.error().message << ' ' << spawned.error().hint;
    if (!spawned.ok()) return {};
    SpawnedChild& child = spawned.value();
    child.input.Reset();
    std::string text;
    while (true) {
      pollfd wait = {child.output.get(), POLLIN, 0};
      ::poll(&wait, 1, 20'000);
      char buffer[4096];
      const ssize_t got = ::read(child.output.get(), buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
    ReapNow(child.pid);
    return text;
  }

  void ExpectError(const std::string& message, const std::string& path = {}) {
    const Result<SpawnedChild> spawned = Spawn(plan_);
    ASSERT_FALSE(spawned.ok()) << "wanted: " << message;
    EXPECT_EQ(spawned.error().message, message);
    EXPECT_EQ(spawned.error().path, path);
    EXPECT_EQ(static_cast<int>(spawned.error().kind), static_cast<int>(ErrorKind::kInternal));
  }

  const testing::TempDir directory_;
  const std::string root_ = directory_.path();
  LaunchPlan plan_;
};

// --- errors --------------------------------------------------------------------------------------

TEST_F(SpawnerTest, AMissingProgram) {
  plan_.argv = {"no-such-program"};
  ExpectError(kNoEntry, "no-such-program");
  plan_.argv = {"/no/such/program"};
  ExpectError(kNoEntry, "/no/such/program");
  plan_.argv = {"./missing"};
  ExpectError(kNoEntry, "./missing");
}

TEST_F(SpawnerTest, AMissingDirectory) {
  plan_.cwd = root_ + "/missing";
  for (const char* program : {"/bin/true", "true"}) {
    plan_.argv = {program};
    ExpectError(kNoEntry, plan_.cwd);
  }
}

TEST_F(SpawnerTest, ADirectoryThatIsAFile) {
  plan_.cwd = File("file", "", 0644);
  for (const char* program : {"/bin/true", "true", "./true"}) {
    plan_.argv = {program};
    ExpectError("Not a directory (os error 20)", plan_.cwd);
  }
}

TEST_F(SpawnerTest, AFileThatMayNotBeExecuted) {
  plan_.argv = {File("script", "#!/bin/sh\n", 0644)};
  ExpectError(kDenied, plan_.argv[0]);
  plan_.argv = {root_};
  ExpectError(kDenied, root_);
}

TEST_F(SpawnerTest, APathEntryThatMayNotBeExecutedIsPassedOverAndRemembered) {
  File("one/tool", "#!/bin/sh\necho one\n", 0644);
  plan_.argv = {"tool"};
  plan_.env = {"PATH=" + root_ + "/none:" + root_ + "/one:" + root_ + "/two"};
  ExpectError(kDenied, "tool");
  File("two/tool", "#!/bin/sh\necho two\n", 0755);
  EXPECT_EQ(Output(), "two\n");
}

TEST_F(SpawnerTest, ATextFileWithoutInterpreter) {
  plan_.argv = {File("text", "echo no\n", 0755)};
  ExpectError("Exec format error (os error 8)", plan_.argv[0]);
}

TEST_F(SpawnerTest, AnInterpreterThatIsMissing) {
  plan_.argv = {File("script", "#!/no/such/interpreter\n", 0755)};
  ExpectError(kNoEntry, plan_.argv[0]);
}

TEST_F(SpawnerTest, AFileOnTheWayToTheProgram) {
  plan_.argv = {File("file", "", 0644) + "/program"};
  const Result<SpawnedChild> spawned = Spawn(plan_);
  ASSERT_FALSE(spawned.ok());
  EXPECT_EQ(spawned.error().message, "Not a directory (os error 20)");
}

TEST_F(SpawnerTest, NulBytes) {
  const std::string nul("a\0b", 3);
  plan_.argv = {"/bin/echo", nul};
  ExpectError("nul byte found in provided data");
  plan_.argv = {nul};
  ExpectError("nul byte found in provided data");
  plan_.argv = {"/bin/echo"};
  plan_.arg0 = nul;
  ExpectError("nul byte found in provided data");
  plan_.arg0.reset();
  plan_.env = {"A=" + nul};
  ExpectError("data provided contains a nul byte");
}

TEST_F(SpawnerTest, AnEmptyProgram) {
  plan_.argv = {"", "x"};
  ExpectError("missing program for pipe spawn");
}

TEST_F(SpawnerTest, TooLongArguments) {
  plan_.argv = {"/bin/echo", std::string(200'000, 'x')};
  const Result<SpawnedChild> spawned = Spawn(plan_);
  ASSERT_FALSE(spawned.ok());
  EXPECT_EQ(spawned.error().message, "Argument list too long (os error 7)");
  EXPECT_FALSE(spawned.error().hint.empty());
}

TEST_F(SpawnerTest, AFailureLeavesNoDescriptorBehind) {
  const auto open = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = open();
  plan_.pipe_stdin = true;
  for (const char* program : {"no-such-program", "/no/such", ""}) {
    plan_.argv = {program};
    EXPECT_FALSE(Spawn(plan_).ok());
  }
  EXPECT_EQ(open(), before);
}

// --- which program -------------------------------------------------------------------------------

TEST_F(SpawnerTest, ANameIsSearchedInTheChildsPath) {
  File("bin/tool", "#!/bin/sh\necho found\n", 0755);
  plan_.argv = {"tool"};
  plan_.env = {"PATH=/nowhere:" + root_ + "/bin"};
  EXPECT_EQ(Output(), "found\n");
  plan_.env = {"PATH=/nowhere"};
  ExpectError(kNoEntry, "tool");
}

TEST_F(SpawnerTest, WithoutPathTheSystemsDefaultIsUsed) {
  plan_.argv = {"echo", "hello"};
  plan_.env = {};
  EXPECT_EQ(Output(), "hello\n");
}

TEST_F(SpawnerTest, RelativeNamesAndPathEntriesCountFromTheChildsDirectory) {
  File("bin/tool", "#!/bin/sh\necho here\n", 0755);
  plan_.argv = {"bin/tool"};
  EXPECT_EQ(Output(), "here\n");
  plan_.argv = {"tool"};
  plan_.env = {"PATH=bin"};
  EXPECT_EQ(Output(), "here\n");
  plan_.cwd = root_ + "/bin";
  plan_.env = {"PATH=/nowhere:"};  // an empty entry is the directory itself
  EXPECT_EQ(Output(), "here\n");
}

// --- with what -----------------------------------------------------------------------------------

TEST_F(SpawnerTest, ExactEnvironmentAndNoMore) {
  ::setenv("PANED_TEST_LEAK", "1", 1);
  plan_.argv = {"/usr/bin/env"};
  plan_.env = {"B=2", "A=with = and\nnewline", "EMPTY="};
  EXPECT_EQ(Output(), "B=2\nA=with = and\nnewline\nEMPTY=\n");
  ::unsetenv("PANED_TEST_LEAK");
}

TEST_F(SpawnerTest, Arg0IsWhatTheChildSees) {
  plan_.argv = {"/bin/sh", "-c", "echo \"$0\"; tr '\\0' ' ' </proc/$$/cmdline"};
  plan_.arg0 = "my-name";
  EXPECT_EQ(Output().substr(0, 8), "my-name\n");
}

TEST_F(SpawnerTest, ArgumentsArriveAsTheyAre) {
  plan_.argv = {"/usr/bin/printf", "%s|", "a b", "", "*", "$HOME", "\xff\xfe"};
  EXPECT_EQ(Output(), "a b||*|$HOME|\xff\xfe|");
}

TEST_F(SpawnerTest, RunsInItsDirectory) {
  plan_.argv = {"/bin/pwd"};
  EXPECT_EQ(Output(), std::filesystem::canonical(root_).string() + "\n");
}

TEST_F(SpawnerTest, TheParentsEndsAreNonBlockingAndDoNotLeak) {
  plan_.argv = {"/bin/cat"};
  plan_.pipe_stdin = true;
  Result<SpawnedChild> spawned = Spawn(plan_);
  ASSERT_TRUE(spawned.ok());
  const SpawnedChild& child = spawned.value();
  for (const UniqueFd* fd : {&child.input, &child.output, &child.error_output}) {
    ASSERT_TRUE(fd->valid());
    EXPECT_NE(::fcntl(fd->get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_NE(::fcntl(child.pidfd.get(), F_GETFD) & FD_CLOEXEC, 0);
  spawned.value().input.Reset();
  ReapNow(child.pid);
}

TEST_F(SpawnerTest, WithoutAStdinPipeThereIsNone) {
  plan_.argv = {"/bin/cat"};
  const Result<SpawnedChild> spawned = Spawn(plan_);
  ASSERT_TRUE(spawned.ok());
  EXPECT_FALSE(spawned.value().input.valid());
  ReapNow(spawned.value().pid);
}

}  // namespace
}  // namespace paned
