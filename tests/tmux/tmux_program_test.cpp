// Which tmux there is, and whether it will do.
#include "tmux/tmux_program.h"

#include <string>

#include "tests/tmux/tmux_fixture.h"

namespace paned {
namespace {

class ProbeTest : public TmuxTest {
 protected:
  std::string Probe(const std::string& script) {
    WriteProgram("fake", script);
    const Result<std::string> version = TmuxServer::Probe(directory_ + "/fake");
    if (version.ok()) return version.value();
    EXPECT_NE(version.error().hint.find("apt install tmux"), std::string::npos);
    EXPECT_NE(version.error().hint.find("--tty-backend=pty"), std::string::npos);
    return version.error().message;
  }
};

TEST_F(ProbeTest, TellsTheVersion) {
  EXPECT_EQ(Probe("echo tmux 3.2"), "3.2");
  EXPECT_EQ(Probe("echo tmux 3.3a"), "3.3a");
  EXPECT_EQ(Probe("echo tmux 3.10"), "3.10");
  EXPECT_EQ(Probe("echo tmux 4.0-rc2"), "4.0-rc2");
  EXPECT_EQ(Probe("echo tmux next-3.4"), "next-3.4");
  EXPECT_EQ(Probe("echo tmux openbsd-7.1"), "openbsd-7.1");
  EXPECT_EQ(Probe("echo tmux master"), "master");
}

TEST_F(ProbeTest, RefusesOldAndUnknown) {
  EXPECT_EQ(Probe("echo tmux 3.1c"), "tmux 3.1c is too old; 3.2 or newer is needed");
  EXPECT_EQ(Probe("echo tmux 2.9"), "tmux 2.9 is too old; 3.2 or newer is needed");
  EXPECT_EQ(Probe("echo tmux openbsd-6.8"), "tmux openbsd-6.8 is too old; 3.2 or newer is needed");
  const std::string unknown = "tmux does not say which version it is; 3.2 or newer is needed";
  for (const char* script : {"echo screen 5", "true", "echo tmux", "echo tmux 3", "echo tmux a.b",
                             "exit 1", "echo tmux 99999999999.1", "head -c 100000 /dev/zero"}) {
    EXPECT_EQ(Probe(script), script[0] == 'h' ? "tmux -V does not come to an end" : unknown)
        << script;
  }
}

TEST_F(ProbeTest, DoesNotWaitForEver) {
  EXPECT_EQ(Probe("exec sleep 1000"), "tmux -V does not come to an end");
}

TEST_F(ProbeTest, SaysThatThereIsNone) {
  const Result<std::string> named = TmuxServer::Probe("no-such-tmux");
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().message, "no-such-tmux is not found in PATH");
  const Result<std::string> path = TmuxServer::Probe("/nowhere/tmux");
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.error().message, "there is no program /nowhere/tmux");
}

TEST_F(ProbeTest, TheRealOneWillDo) {
  const Result<std::string> version = TmuxServer::Probe("tmux");
  ASSERT_TRUE(version.ok()) << version.error().message;
  EXPECT_EQ("tmux " + version.value() + "\n", Shell("tmux -V"));
}

}  // namespace
}  // namespace paned
