// Worlds in which tmux or the runtime directory is not to be had: by itself the server serves all
// the same, and says what is missing; when tmux was asked for, it does not start.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/tty_fixture.h"

namespace paned::testing {
namespace {

class TtyWorlds : public Tty {
 protected:
  void SetUp() override {}
  // A directory whose `tmux` is this script.
  void FakeTmux(const std::string& script) {
    WriteWholeFile(dir_ / "tmux", "#!/bin/sh\n" + script + "\n");
    ASSERT_EQ(::chmod((dir_ / "tmux").c_str(), 0755), 0);
  }
  // The server of options that ask for nothing: serves terminals without tmux, for `reason`.
  void ExpectBare(const ServerOptions& options, const std::string& reason) {
    Serve(options);
    const std::string why = "pty, without tmux: " + reason;
    // tmux is asked for its version in the background.
    EXPECT_TRUE(Eventually([&] { return server().Log().find(why) != std::string::npos; }))
        << server().Log();
    const HttpResponse ready = HttpGet(server().url(), "/readyz?verbose", {"Connection: close"});
    EXPECT_EQ(ready.status, 200);
    EXPECT_NE(ready.body.find("tty backend: " + why), std::string::npos) << ready.body;
    const auto client = Open();
    const Answer info = client->Call("environment/info");
    const rapidjson::Value& paned = info.result()["capabilities"]["paned"];
    EXPECT_STREQ(paned["ttyBackend"].GetString(), "pty");
    EXPECT_FALSE(paned.HasMember("screen") && paned["screen"].GetBool());
    Start(client.get(), "tty", Sh("/bin/stty size; read x; echo \"got $x\"; exit 5"));
    ASSERT_TRUE(AwaitText(client.get(), "tty", "24 80\r\n"));
    EXPECT_EQ(Screen(client.get(), "tty"),
              "error: the process runs without tmux: there is no screen to read");
    EXPECT_TRUE(Write(client.get(), "tty", "it\n"));
    ASSERT_TRUE(client->UntilClosed("tty"));
    EXPECT_EQ(client->story("tty").exit_code, 5);
    EXPECT_NE(client->story("tty").out.find("got it"), std::string::npos);
    EXPECT_EQ(client->Run("pipes", StartParams("pipes", {"/bin/echo", "still"})).out, "still\n");
  }
  // With --tty-backend=tmux it ends with 1, and both texts in its message.
  static void ExpectRefused(ServerOptions options, const std::string& cause,
                            const std::string& remedy) {
    options.flags.emplace_back("--tty-backend=tmux");
    ServerProcess refused(options);
    EXPECT_EQ(refused.url(), "");
    EXPECT_EQ(refused.Wait(), 1);
    EXPECT_NE(refused.Log().find("Error: "), std::string::npos) << refused.Log();
    EXPECT_NE(refused.Log().find(cause), std::string::npos) << refused.Log();
    EXPECT_NE(refused.Log().find(remedy), std::string::npos) << refused.Log();
  }
  static ServerOptions WithFlag(const std::string& flag) {
    ServerOptions options;
    options.flags = {flag};
    return options;
  }
  ServerOptions WithPath() {
    ServerOptions options;
    options.env = {"PATH=" + dir_.path()};
    return options;
  }

  TempDir dir_;
};

TEST_F(TtyWorlds, TmuxIsNotInstalled) {
  ExpectBare(WithPath(), "tmux is not found in PATH");
  ExpectRefused(WithPath(), "tmux is not found in PATH", "apt install tmux");
}

TEST_F(TtyWorlds, TmuxIsTooOld) {
  FakeTmux("echo 'tmux 3.1c'");
  ExpectBare(WithPath(), "tmux 3.1c is too old");
  ExpectRefused(WithPath(), "tmux 3.1c is too old; 3.2 or newer is needed", "--tty-backend=pty");
}

TEST_F(TtyWorlds, TmuxIsNoTmux) {
  FakeTmux("echo hello; exit 3");
  ExpectBare(WithPath(), "tmux does not say which version it is");
  ExpectRefused(WithPath(), "tmux does not say which version it is", "--tty-backend=pty");
}

// It says the right version, and then starts nothing.
TEST_F(TtyWorlds, TmuxDoesNotStart) {
  FakeTmux("[ \"$1\" = -V ] && echo 'tmux 3.3a' && exit 0; echo 'no sockets today' >&2; exit 1");
  Serve(WithPath());
  auto client = Open();
  for (int run = 0; run < 6; ++run) {
    const std::string id = "p" + std::to_string(run);
    EXPECT_EQ(Run(client.get(), id, {"/bin/echo", "bare"}).out, "bare\r\n");
  }
  EXPECT_TRUE(Says("no sockets today")) << server().Log();
  client.reset();
  EXPECT_TRUE(server().StopCleanly()) << server().Log();

  ServerOptions options = WithPath();
  options.flags = {"--tty-backend=tmux"};
  Serve(options);
  client = Open();
  for (int run = 0; run < 3; ++run) {
    const Answer answer =
        client->Call("process/start", StartParams("p", {"/bin/true"}, "\"tty\":true"));
    EXPECT_EQ(answer.code(), -32603);
    EXPECT_NE(answer.message().find("no sockets today"), std::string::npos) << answer.message();
  }
  EXPECT_TRUE(client->Run("p", StartParams("p", {"/bin/true"})).closed);
}

// Nobody answers the control client; a start falls back in the end, and nothing else waits.
TEST_F(TtyWorlds, TmuxHangs) {
  FakeTmux("[ \"$1\" = -V ] && echo 'tmux 3.3a' && exit 0; exec /bin/sleep 1000");
  Serve(WithPath());
  const auto client = Open();
  const std::int64_t start =
      client->Send("process/start", StartParams("p", {"/bin/echo", "bare"}, "\"tty\":true"));
  EXPECT_TRUE(client->Run("pipes", StartParams("pipes", {"/bin/true"})).closed);
  EXPECT_FALSE(client->HasAnswer(start));
  EXPECT_TRUE(client->Await(start, kLongPatience).ok());
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").out, "bare\r\n");
}

TEST_F(TtyWorlds, AFileIsInTheWayOfTheRuntimeDirectory) {
  WriteWholeFile(dir_ / "file", "");
  const ServerOptions options = WithFlag("--runtime-dir=" + (dir_ / "file"));
  ExpectBare(options, "cannot use the runtime directory " + (dir_ / "file"));
  ExpectRefused(options, (dir_ / "file") + ": it is not a directory", "--runtime-dir");
}

TEST_F(TtyWorlds, TheRuntimeDirectoryIsSomebodyElses) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::mkdir((dir_ / "theirs").c_str(), 0700), 0);
  ASSERT_EQ(::chown((dir_ / "theirs").c_str(), 65534, 65534), 0);
  const ServerOptions options = WithFlag("--runtime-dir=" + (dir_ / "theirs"));
  ExpectBare(options, "cannot use the runtime directory " + (dir_ / "theirs"));
  ExpectRefused(options, "it belongs to user 65534", "--runtime-dir");
}

// sysfs takes no directories, not even root's.
TEST_F(TtyWorlds, TheRuntimeDirectoryCannotBeMade) {
  const ServerOptions options = WithFlag("--runtime-dir=/sys/paned");
  ExpectBare(options, "cannot use the runtime directory /sys/paned");
  ExpectRefused(options, "cannot use the runtime directory /sys/paned", "--runtime-dir");
}

TEST_F(TtyWorlds, TheRuntimeDirectoryIsReadOnly) {
  ASSERT_EQ(::mkdir((dir_ / "closed").c_str(), 0500), 0);
  if (::access((dir_ / "closed").c_str(), W_OK) == 0) GTEST_SKIP() << "root may write anywhere";
  const ServerOptions options = WithFlag("--runtime-dir=" + (dir_ / "closed"));
  ExpectBare(options, "cannot use the runtime directory " + (dir_ / "closed"));
  ExpectRefused(options, "Permission denied", "--runtime-dir");
}

// Also where only the longest of the names in it does not fit.
TEST_F(TtyWorlds, TheSocketPathIsTooLong) {
  for (const std::size_t size : {70u, 95u, 150u}) {
    std::string path = dir_.path() + "/";
    path += std::string(size - path.size(), 'x');
    const ServerOptions options = WithFlag("--runtime-dir=" + path);
    ExpectBare(options, "the socket path " + path);
    EXPECT_TRUE(server().StopCleanly()) << server().Log();
    ExpectRefused(options, "a socket path has at most 107", "set --runtime-dir to a shorter one");
  }
  ServerIsGone();
}

}  // namespace
}  // namespace paned::testing
