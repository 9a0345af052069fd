// What a server is started in: a parent that leaves odd signals and limits behind, a log that
// nobody reads, signals of every kind.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Surroundings : public E2e {
 protected:
  void ServeAfter(std::function<void()> in_child) {
    ServerOptions options;
    options.in_child = std::move(in_child);
    Serve(options);
  }
  // Exit codes of every kind arrive, on pipes and on terminals, and children get a clean slate.
  void ExpectSoundProcesses() {
    const auto client = Open();
    int n = 0;
    for (const std::string more : {"", R"("tty":true)"}) {
      for (const auto& [script, code] :
           {std::pair("exit 0", 0), std::pair("exit 3", 3), std::pair("kill -9 $$", 137)}) {
        const std::string id = std::to_string(++n);
        EXPECT_EQ(client->Run(id, StartParams(id, Sh(script), more)).exit_code, code)
            << script << more;
      }
    }
    const Story state = client->Run("state", StartParams("state", {HelperProgram(), "state"}));
    EXPECT_EQ(state.out, "leader=1 group=1 masked=0 ignored=0");
  }
};

void IgnoreAllSignals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_IGN);
}

void BlockAllSignals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

TEST_F(Surroundings, AnIgnoredSigchldLosesNoExitCode) {
  ServeAfter([] { ::signal(SIGCHLD, SIG_IGN); });
  ExpectSoundProcesses();
}

// TearDown sends TERM, and waits for the end.
TEST_F(Surroundings, IgnoredSignalsAreTakenAllTheSame) {
  ServeAfter(IgnoreAllSignals);
  ExpectSoundProcesses();
}

TEST_F(Surroundings, BlockedSignalsAreTakenAllTheSame) {
  ServeAfter(BlockAllSignals);
  ExpectSoundProcesses();
}

TEST_F(Surroundings, AUmaskThatShutsOutTheOwnerIsOpened) {
  ServeAfter([] { ::umask(0777); });
  ExpectSoundProcesses();
}

TEST_F(Surroundings, AFileSizeLimitIsAnErrorAndNotTheEnd) {
  ServeAfter([] {
    const rlimit small = {100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &small);
  });
  const auto client = Open();
  const TempDir dir;
  const Answer written = client->Call(
      "fs/writeFile",
      PathParams(dir / "big", R"("dataBase64":")" + ToBase64(std::string(200'000, 'x')) + "\""));
  EXPECT_EQ(written.code(), -32603) << written.message();
  EXPECT_EQ(client->Run("p", StartParams("p", Sh("echo ok"))).out, "ok\n");
  // The limit is the child's, and so is the signal.
  EXPECT_EQ(client->Run("q", StartParams("q", Sh("head -c 200000 /dev/zero >" + (dir / "more"))))
                .exit_code,
            128 + SIGXFSZ);
}

// As a launcher leaves it that keeps both streams as pipes, and reads the URL alone.
TEST_F(Surroundings, ALogThatNobodyReadsHoldsNothingUp) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd unread(ends[0]);
  UniqueFd log(ends[1]);
  const int flags = ::fcntl(log.get(), F_GETFL);
  ServerOptions options;
  options.flags = {"--log-level=debug"};
  options.log = log.get();
  Serve(options);
  // Three lines each: more than the pipe takes and than is held.
  for (int n = 0; n < 1500; ++n) {
    const auto client = Open();
    ASSERT_TRUE(client->Call("environment/status").ok());
  }
  EXPECT_EQ(::fcntl(log.get(), F_GETFL), flags) << "the description is shared with others";
  server().Signal(SIGTERM);
  EXPECT_EQ(server().Wait(), 0);
  ServerIsGone();
  log.Reset();
  std::string text;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while ((got = ::read(unread.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  EXPECT_GE(text.size(), 60'000u);
  EXPECT_EQ(text.rfind("ts=", 0), 0u);
}

TEST_F(Surroundings, AHangupEndsItAsGentlyAsTerm) {
  const auto client = Open();
  client->Send("process/start", StartParams("p", Sh("sleep 1000")));
  ASSERT_TRUE(client->Call("environment/status").ok());
  // A terminal that goes sends it by its shell, and by the kernel.
  server().Signal(SIGHUP);
  ASSERT_TRUE(Says("stopping"));
  server().Signal(SIGHUP);
  EXPECT_FALSE(client->Until([] { return false; }));
  EXPECT_EQ(client->ws().close_code(), 1001);
  EXPECT_EQ(server().Wait(), 0) << server().Log();
  ServerIsGone();
}

TEST_F(Surroundings, UnderNohupAHangupIsNothing) {
  ServeAfter([] { ::signal(SIGHUP, SIG_IGN); });
  server().Signal(SIGHUP);
  server().Signal(SIGUSR1);  // is answered after it
  EXPECT_TRUE(Says("a signal without a meaning"));
  EXPECT_EQ(server().Log().find("stopping"), std::string::npos);
  ExpectSoundProcesses();
}

TEST_F(Surroundings, SignalsWithoutAMeaningEndNothing) {
  Serve();
  server().Signal(SIGUSR1);
  server().Signal(SIGUSR2);
  EXPECT_TRUE(Says("signal=" + std::to_string(SIGUSR2)));
  ExpectSoundProcesses();
}

TEST_F(Surroundings, QuitEndsItAtOnce) {
  const auto client = Open();
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh("trap '' TERM; sleep 1000"))).ok());
  server().Signal(SIGQUIT);
  EXPECT_EQ(server().Wait(), 128 + SIGQUIT) << server().Log();
  ServerIsGone();
}

TEST_F(Surroundings, AReloadReadsTokenFilesAgain) {
  const TempDir dir;
  const std::string file = dir / "token";
  WriteWholeFile(file, "first-token-of-this-test-0123456789");
  ServeWith({"--hup=reload", "--ws-auth=capability-token", "--ws-token-file=" + file});
  const auto opens = [&](const std::string& token) {
    WsClient::Options options;
    options.headers = {"Authorization: Bearer " + token};
    return RpcClient::Connect(server().url(), options) != nullptr;
  };
  EXPECT_TRUE(opens("first-token-of-this-test-0123456789"));
  WriteWholeFile(file, "second-token-of-this-test-0123456789");
  server().Signal(SIGHUP);
  ASSERT_TRUE(Says("msg=reloaded"));
  EXPECT_FALSE(opens("first-token-of-this-test-0123456789"));
  EXPECT_TRUE(opens("second-token-of-this-test-0123456789"));
  WriteWholeFile(file, "");  // no token at all: nobody is let in or out by a mistake
  server().Signal(SIGHUP);
  ASSERT_TRUE(Says("all stays as it was"));
  EXPECT_TRUE(opens("second-token-of-this-test-0123456789"));
}

TEST_F(Surroundings, AReloadOpensTheLogFileAnew) {
  const TempDir dir;
  const std::string file = dir / "log";
  ServerOptions options;
  const UniqueFd log(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  options.log = log.get();
  options.env = {"NOTIFY_SOCKET=/nowhere"};
  Serve(options);
  ASSERT_TRUE(Eventually([&] { return ReadWholeFile(file).find("serving") != std::string::npos; }));
  ASSERT_EQ(::rename(file.c_str(), (file + ".1").c_str()), 0);
  server().Signal(SIGHUP);
  EXPECT_TRUE(
      Eventually([&] { return ReadWholeFile(file).find("msg=reloaded") != std::string::npos; }));
  EXPECT_EQ(ReadWholeFile(file + ".1").find("reloaded"), std::string::npos);
}

// Whoever knows a whole session id may resume the session.
TEST_F(Surroundings, SessionIdsAreKeysAndNotShown) {
  ServeWith({"--log-level=debug"});
  const auto client = Open();
  ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh("sleep 1000"))).ok());
  const std::string session = client->session();
  const std::string listed =
      Output(ServerProgram() + " ps --json --runtime-dir=" + server().runtime_dir() + " 2>&1");
  EXPECT_NE(listed.find("\"session\":\"" + session.substr(0, 8) + "\""), std::string::npos)
      << listed;
  const auto resumed = Open("e2e", session);
  EXPECT_EQ(resumed->session(), session);
  for (const std::string& text : {listed, server().Log()}) {
    EXPECT_EQ(text.find(session), std::string::npos) << text;
    EXPECT_NE(text.find(session.substr(0, 8)), std::string::npos) << text;
  }
}

std::function<void()> LimitDescriptors(rlim_t count) {
  return [count] {
    const rlimit limit = {count, count};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
}

TEST_F(Surroundings, TooFewDescriptorsAreRefusedWithTheNumberNeeded) {
  ServerOptions options;
  options.in_child = LimitDescriptors(10);
  options.announces = false;
  ServerProcess refused(options);
  EXPECT_EQ(refused.Wait(), 1);
  EXPECT_NE(refused.Log().find("the limit is 10, and 48 are needed"), std::string::npos)
      << refused.Log();
  if (kSanitized) return;  // it has descriptors of its own
  ServeAfter(LimitDescriptors(48));
  ExpectSoundProcesses();
}

TEST_F(Surroundings, ProcessOneReapsOrphansWithoutBeingAsked) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root: no PID namespace to be process 1 of";
  ServerOptions options;
  options.wrap = {"unshare", "-p", "-f", "--mount-proc", "--kill-child"};
  Serve(options);
  EXPECT_TRUE(Says("paned is process 1"));
  const auto client = Open();
  for (int n = 0; n < 5; ++n) {
    const std::string id = std::to_string(n);
    client->Run(id, StartParams(id, Sh("(setsid sleep 0.1 >/dev/null 2>&1 &); exit 0")));
  }
  EXPECT_TRUE(Eventually([&] {
    static int run = 100;
    const std::string id = std::to_string(++run);
    return client->Run(id, StartParams(id, Sh("cat /proc/[0-9]*/stat | grep -c ') Z '"))).out ==
           "0\n";
  }));
  client->ws().Reset();
  server().Signal(SIGKILL);  // of unshare(1), which takes the namespace along
  server().Wait();
  ServerIsGone();
}

}  // namespace
}  // namespace paned::testing
