// --init: what a container's first process owes, with the test as the world outside.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <sstream>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

// The parent of a process; 0 when there is no such process.
pid_t ParentOf(pid_t pid) {
  const std::string stat = ReadWholeFile("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  char state = 0;
  pid_t parent = 0;
  fields >> state >> parent;
  return parent;
}

class Init : public E2e {
 protected:
  // Starts the server under an init. server() is then the init; this is the server itself.
  pid_t ServeUnderInit(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {"--init"};
    flags.insert(flags.end(), more.begin(), more.end());
    ServeWith(flags);
    const std::vector<pid_t> children = server().Children();  // the server, then whom it adopted
    EXPECT_FALSE(children.empty());
    return children.empty() ? -1 : children.front();
  }
  // Runs `script` to its end; it prints a pid.
  static pid_t PidFrom(RpcClient* client, const std::string& script) {
    return std::atoi(client->Run("p", StartParams("p", Sh(script))).out.c_str());
  }
};

TEST_F(Init, OrphansAreAdoptedAndReaped) {
  ServeUnderInit();
  const auto client = Open();
  const pid_t orphan = PidFrom(client.get(), "sleep 1000 >/dev/null 2>&1 & echo $!");
  ASSERT_GT(orphan, 1);
  EXPECT_TRUE(Eventually([&] { return ParentOf(orphan) == server().pid(); }));
  ::kill(orphan, SIGKILL);
  EXPECT_TRUE(Eventually([&] { return ParentOf(orphan) == 0; }));  // not even a zombie
}

TEST_F(Init, NoExitStatusIsLost) {
  ServeUnderInit();
  const auto client = Open();
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    const Story& story = client->Run(id, StartParams(id, Sh("(sleep 0 &); exit " + id)));
    EXPECT_EQ(story.exit_code, i);
  }
}

TEST_F(Init, TermIsPassedOnOnceAndEndsAllGently) {
  const pid_t inner = ServeUnderInit();
  const auto client = Open();
  ASSERT_TRUE(
      client->Call("process/start", StartParams("p", Sh("trap '' TERM; sleep 1000; :"))).ok());
  server().Signal(SIGTERM);
  EXPECT_FALSE(client->Until([] { return false; }));
  EXPECT_EQ(client->ws().close_code(), 1001);
  EXPECT_EQ(server().Wait(), 0) << server().Log();
  EXPECT_FALSE(IsAlive(inner));
  ServerIsGone();
}

TEST_F(Init, SignalsArePassedOnAndADeathBySignalIsTold) {
  for (const auto& [number, code] : {std::pair(SIGHUP, 0), std::pair(SIGQUIT, 128 + SIGQUIT)}) {
    ServeUnderInit();
    server().Signal(number);
    EXPECT_EQ(server().Wait(), code);
  }
  const pid_t inner = ServeUnderInit();
  ::kill(inner, SIGKILL);
  EXPECT_EQ(server().Wait(), 128 + SIGKILL);
  ServerIsGone();
}

TEST_F(Init, ASecondSignalIsPassedOnToo) {
  ServeUnderInit();
  const auto client = Open();
  ASSERT_TRUE(
      client->Call("process/start", StartParams("p", Sh("trap '' TERM; sleep 1000; :"))).ok());
  server().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return server().Log().find("stopping") != std::string::npos; }));
  server().Signal(SIGINT);
  EXPECT_EQ(server().Wait(), 128 + SIGINT);
  ServerIsGone();
}

TEST_F(Init, AFailureToServeIsTold) {
  ServeUnderInit();
  ServerOptions options;
  options.flags = {"--init"};
  options.listen = server().url();
  options.announces = false;
  ServerProcess second(options);
  EXPECT_EQ(second.Wait(), 1);
}

TEST_F(Init, ItDoesNotWaitForWhatIsLeft) {
  ServeUnderInit();
  auto client = Open();
  const pid_t daemon = PidFrom(client.get(), "setsid sleep 1000 >/dev/null 2>&1 & echo $!");
  EXPECT_TRUE(Eventually([&] { return ParentOf(daemon) == server().pid(); }));
  client.reset();  // nobody reads for it any more, so it would keep the server waiting
  EXPECT_TRUE(server().StopCleanly());
  EXPECT_TRUE(IsAlive(daemon));  // not process 1: there is no container to end
  ::kill(daemon, SIGKILL);
  ServerIsGone();
}

TEST_F(Init, WithoutItTheServerEnds) {
  const pid_t inner = ServeUnderInit();
  auto client = Open();
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh("echo $$; exec sleep 1000"))).ok());
  Story& story = client->story("p");
  ASSERT_TRUE(client->Until([&] { return story.out.find('\n') != std::string::npos; }));
  const pid_t child = std::atoi(story.out.c_str());
  client.reset();
  server().Signal(SIGKILL);
  EXPECT_EQ(server().Wait(), 128 + SIGKILL);
  EXPECT_TRUE(Eventually([&] { return !IsAlive(inner); }));
  EXPECT_TRUE(Eventually([&] { return !IsAlive(child); }));
  ServerIsGone();
}

TEST(InitStdio, ThePeerSeesTheStreamsEnd) {
  ServerOptions options;
  options.flags = {"--init"};
  options.listen = "stdio";
  options.announces = false;
  ServerProcess server(options);
  server.input().Reset();
  char c = 0;
  EXPECT_EQ(::read(server.output().get(), &c, 1), 0);
  EXPECT_EQ(server.Wait(), 0) << server.Log();
}

// A person's Ctrl-C comes from the terminal, not from whoever may signal the init.
TEST(InitTerminal, CtrlCArrivesOnce) {
  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master.valid());
  ASSERT_EQ(::grantpt(master.get()), 0);
  ASSERT_EQ(::unlockpt(master.get()), 0);
  std::array<char, 64> name = {};
  ASSERT_EQ(::ptsname_r(master.get(), name.data(), name.size()), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    const int terminal = ::open(name.data(), O_RDWR);  // the session's first becomes its own
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(terminal, fd);
    ::execl(ServerProgram().c_str(), ServerProgram().c_str(), "serve", "--init",
            static_cast<char*>(nullptr));
    ::_exit(127);
  }
  std::string seen;
  const auto look = [&] {
    pollfd state = {master.get(), POLLIN, 0};
    std::array<char, 4096> buffer;
    if (::poll(&state, 1, 0) != 1) return;
    const ssize_t got = ::read(master.get(), buffer.data(), buffer.size());
    if (got > 0) seen.append(buffer.data(), static_cast<std::size_t>(got));
  };
  ASSERT_TRUE(Eventually([&] {
    look();
    return seen.find("serving") != std::string::npos;
  })) << seen;
  EXPECT_NE(::tcgetpgrp(master.get()), pid);  // the terminal is the server's
  // A command that keeps the server while it stops: it must not end at once, as by a second signal.
  auto client = RpcClient::Open(seen.substr(0, seen.find('\r')), "e2e");
  ASSERT_NE(client, nullptr) << seen;
  ASSERT_TRUE(
      client->Call("process/start", StartParams("p", Sh("trap '' TERM; sleep 1000; :"))).ok());
  client.reset();
  ASSERT_EQ(::write(master.get(), "\x03", 1), 1);
  int status = -1;
  EXPECT_TRUE(Eventually([&] {
    look();
    return ::waitpid(pid, &status, WNOHANG) == pid;
  })) << seen;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status << seen;
  EXPECT_EQ(seen.find("stopping"), seen.rfind("stopping")) << seen;
}

}  // namespace
}  // namespace paned::testing
