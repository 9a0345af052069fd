// The holder in a pane, with a test in tmux's place: keys go in, the mirror comes out, and the end
// of the pane means what it means for any terminal window.
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "tests/tmux/holder_wire.h"

namespace paned {
namespace {

class HolderPaneTest : public ::testing::Test {
 protected:
  HolderPaneTest() {
    // A parent in between, so that the holder can lose it; then it is ours, to be reaped.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = directory_.path() + "/holders.sock";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener.get(), 4), 0);
    pane_ = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    EXPECT_EQ(::unlockpt(pane_.get()), 0);
    std::array<char, 64> slave = {};
    EXPECT_EQ(::ptsname_r(pane_.get(), slave.data(), slave.size()), 0);
    const std::string script = "exec setsid -c env -i TMUX_PANE=%7 " + HolderProgram() + " " +
                               directory_.path() + " <" + slave.data() + " >" + slave.data() +
                               " 2>&1";
    // "; :" keeps the shell as the parent.
    std::string shell = "sh";
    std::string option = "-c";
    std::string line = "(" + script + ") & wait; :";
    const std::array<char*, 4> argv = {shell.data(), option.data(), line.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&parent_, "/bin/sh", nullptr, nullptr, argv.data(), environ), 0);
    wire_ = HolderWire(UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    EXPECT_TRUE(wire_.Greeted());
    pid_ = wire_.hello.head.holder_pid;
    socket_path_ = wire_.hello.socket_path;
  }
  ~HolderPaneTest() override {
    wire_.Send(FrameType::kEnd);
    wire_.Close();
    HolderWire ender = HolderWire::ConnectTo(socket_path_);
    if (ender.open()) ender.Send(FrameType::kEnd);
    EXPECT_TRUE(Eventually([this] { return !Runs(pid_); })) << "the holder does not end";
    if (Runs(pid_)) ::kill(pid_, SIGKILL);
    ::kill(parent_, SIGKILL);
    // The parent, the holder when it was handed over, and what of the child's was.
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  void Plan(const std::string& command) {
    wire_.Send(FrameType::kPlan, 4 << 20, PlanFor("stty raw -echo; " + command));
    ASSERT_TRUE(wire_.Until([this] { return wire_.started != 0; }));
    child_ = static_cast<pid_t>(wire_.started);
  }
  // Reads the pane until `done`; the connection to the server is drained meanwhile by nobody.
  bool PaneUntil(const std::function<bool()>& done) {
    return Eventually([&] {
      std::array<char, 65536> buffer;
      ssize_t got = 0;
      while ((got = ::read(pane_.get(), buffer.data(), buffer.size())) > 0) {
        shown_.append(buffer.data(), static_cast<std::size_t>(got));
      }
      return done();
    });
  }
  bool PaneShows(const std::string& text) {
    return PaneUntil([&] { return shown_.find(text) != std::string::npos; });
  }
  void Type(const std::string& keys) {
    EXPECT_EQ(::write(pane_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  // What a program has written, by what the pane has of it: bytes shown, and bytes said to be not.
  static std::size_t Accounted(const std::string& shown, char byte) {
    std::size_t sum = static_cast<std::size_t>(std::count(shown.begin(), shown.end(), byte));
    const std::string begin = "[paned: ";
    for (std::size_t at = 0; (at = shown.find(begin, at)) != std::string::npos; ++at) {
      sum += std::stoul(shown.substr(at + begin.size()));
    }
    return sum;
  }

  HolderDirectory directory_;
  UniqueFd pane_;
  pid_t parent_ = -1;
  HolderWire wire_;
  pid_t pid_ = -1;
  pid_t child_ = 0;
  std::string socket_path_;
  std::string shown_;
};

TEST_F(HolderPaneTest, KeysReachTheChildAndItsOutputIsShown) {
  EXPECT_EQ(wire_.hello.pane, "%7");
  EXPECT_TRUE(PaneShows("paned: this pane waits for a process"));
  Plan("printf ready; exec head -c 4");
  ASSERT_TRUE(PaneShows("ready"));
  Type("a\x03\x04z");  // raw all the way
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.output, std::string("ready") + "a\x03\x04z");
  EXPECT_TRUE(PaneShows("\x03\x04z"));
}

TEST_F(HolderPaneTest, ThePersonAndTheAgentBothType) {
  Plan("printf ready; exec cat");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  wire_.Send(FrameType::kInput, 0, "abc");
  ASSERT_TRUE(wire_.UntilOutput("abc"));
  Type("xyz");
  ASSERT_TRUE(wire_.UntilOutput("abcxyz"));
  EXPECT_EQ(wire_.output, "readyabcxyz");
}

TEST_F(HolderPaneTest, AFloodIsShownByItsTailAndTheRestIsCounted) {
  Plan("head -c 3000000 /dev/zero | tr '\\0' '~'; printf LAST; exec sleep 1000");
  ASSERT_TRUE(wire_.UntilOutput("LAST"));
  EXPECT_EQ(wire_.output.size(), 3'000'004U);
  ASSERT_TRUE(PaneShows("LAST"));
  EXPECT_NE(shown_.find(" bytes not shown here]"), std::string::npos);
  // Of what was skipped the last piece is shown from its first whole line; there are no lines here.
  EXPECT_EQ(Accounted(shown_, '~'), 3'000'000U);
}

TEST_F(HolderPaneTest, AMirrorThatNobodyReadsHoldsNobody) {
  Plan("head -c 3000000 /dev/zero | tr '\\0' '~'; printf LAST; exit 4");
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.output.size(), 3'000'004U);
  EXPECT_EQ(wire_.exit_value, 4U);
  // When it is read at last the screen is right.
  ASSERT_TRUE(PaneShows("LAST"));
  EXPECT_EQ(Accounted(shown_, '~'), 3'000'000U);
}

TEST_F(HolderPaneTest, TheMirrorIsNotAsked) {
  Plan("printf 'a\\033[6n\\033[cb'; read x");
  ASSERT_TRUE(PaneShows("b"));
  EXPECT_NE(shown_.find("ab"), std::string::npos) << "a question went through";
}

TEST_F(HolderPaneTest, AClosedPaneHangsTheProgramUp) {
  Plan("trap 'exit 5' HUP; printf ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  pane_.Reset();
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.exit_value, 5U);
}

TEST_F(HolderPaneTest, AClosedPaneIsSeenThoughKeysAreUnread) {
  Plan("trap 'exit 5' HUP; printf ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  // More than the child's terminal takes, so that some stand in the holder.
  const std::string keys(1000, 'k');
  for (int n = 0; n < 400; ++n) {
    if (::write(pane_.get(), keys.data(), keys.size()) < 0) break;
  }
  pane_.Reset();
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.exit_value, 5U);
}

TEST_F(HolderPaneTest, ADeadTmuxIsNoHangUp) {
  Plan("trap 'printf hungup; exit 5' HUP; printf ready; exec head -c 3");
  ASSERT_TRUE(wire_.UntilOutput("ready"));
  ::kill(parent_, SIGKILL);
  ::waitpid(parent_, nullptr, 0);
  pane_.Reset();
  EXPECT_TRUE(wire_.Quiet(600)) << "longer than it takes to decide";
  EXPECT_TRUE(Runs(child_));
  wire_.Send(FrameType::kInput, 0, "abc");
  ASSERT_TRUE(wire_.UntilOver());
  EXPECT_EQ(wire_.output, "readyabc");
  // Without its pane it is not to be recycled.
  wire_.Send(FrameType::kRecycle);
  EXPECT_TRUE(wire_.ReadToClose());
}

TEST_F(HolderPaneTest, AWaitingOneLeavesWithItsPane) {
  pane_.Reset();
  EXPECT_TRUE(wire_.ReadToClose());
}

TEST_F(HolderPaneTest, TheNextProcessHasAnEmptyScreen) {
  Plan("printf first");
  ASSERT_TRUE(wire_.UntilOver());
  ASSERT_TRUE(PaneShows("first"));
  wire_.Send(FrameType::kRecycle);
  ASSERT_TRUE(wire_.Greeted());
  socket_path_ = wire_.hello.socket_path;
  shown_.clear();
  ASSERT_TRUE(PaneShows("waits for a process"));
  EXPECT_EQ(shown_.rfind("\x1b[?1047l\x1b"
                         "c\x1b[3J",
                         0),
            0U);
}

}  // namespace
}  // namespace paned
