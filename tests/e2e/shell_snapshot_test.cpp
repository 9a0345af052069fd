// Shell snapshots with real shells: what commands see, and what a bad rc file may not do.
#include <unistd.h>

#include <csignal>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class ShellSnapshot : public E2e {
 protected:
  void SetUp() override { client_ = Open(kCodex); }

  void WriteRc(const std::string& text) {
    WriteWholeFile(home_ / ".bashrc", text);
    WriteWholeFile(home_ / ".bash_profile", "export PROFILE=1\n");
  }
  std::string Params(const std::string& id, const std::string& command,
                     const std::string& more = {}, const std::string& shell = "bash",
                     const std::string& path = "/bin/bash") {
    return StartParams(id, {path, "-lc", command},
                       R"("env":{"HOME":)" + Quote(home_.path()) +
                           R"(,"PATH":"/usr/bin:/bin"},"shellSnapshot":{"scopeId":"t:remote",)" +
                           R"("shell":{"name":)" + Quote(shell) + R"(,"path":)" + Quote(path) +
                           "}}" + more);
  }
  Story Run(const std::string& command, const std::string& more = {}) {
    const std::string id = "p" + std::to_string(++runs_);
    return client_->Run(id, Params(id, command, more));
  }
  // How often the rc file has run.
  std::size_t RcRuns() { return ReadWholeFile(home_ / "runs").size(); }
  static constexpr char kCount[] = "printf x >> ~/runs\n";

  TempDir home_;
  int runs_ = 0;
};

TEST_F(ShellSnapshot, CommandsFindWhatTheRcFileSetsUp) {
  WriteRc(std::string(kCount) +
          "echo noise; echo noise >&2\n"
          "shopt -s expand_aliases extglob\nset -o pipefail\n"
          "alias hello='echo from-alias'\nfun() { echo \"from-fun $1\"; }\n"
          "exported() { echo from-exported; }; export -f exported\n"
          "export VALUE='two\nlines' PATH=\"$PATH:/rc/bin\"\nprivate=1\n");
  const std::string command =
      "hello; fun x; bash -c exported; echo \"$VALUE|$PROFILE|$private|$PATH\"; "
      "shopt -q extglob && echo extglob; shopt -qo pipefail && echo pipefail; echo \"$0\"; exit 7";
  for (int n = 0; n < 3; ++n) {
    const Story story = Run(command);
    EXPECT_EQ(story.out,
              "from-alias\nfrom-fun x\nfrom-exported\ntwo\nlines|1||/usr/bin:/bin\n"
              "extglob\npipefail\n/bin/bash\n");
    EXPECT_EQ(story.err, "");
    EXPECT_EQ(story.exit_code, 7);
  }
  EXPECT_EQ(RcRuns(), 1U);
}

TEST_F(ShellSnapshot, NothingOfItsMachineryIsLeftInTheCommand) {
  WriteRc("fun() { :; }\n");
  // 0, 1, 2, and the directory that the shell itself reads for it.
  EXPECT_EQ(Run("env | grep -c PANED; set -- /proc/$$/fd/*; echo $#; cat").out, "0\n4\n");
  EXPECT_EQ(Run("cat", R"(,"arg0":"zero")").exit_code, 0);
  EXPECT_EQ(Run("echo $0", R"(,"arg0":"zero")").out, "zero\n");
  EXPECT_NE(Run("if").err.find("line 4: syntax error"), std::string::npos);
}

TEST_F(ShellSnapshot, OtherFormsOfACommandRunAsTheyCame) {
  WriteRc(kCount);
  const Story story = client_->Run(
      "c", StartParams("c", {"/bin/bash", "-c", "echo $PROFILE."},
                       R"("env":{},"shellSnapshot":{"scopeId":"t","shell":{"name":"bash",)"
                       R"("path":"/bin/bash"}})"));
  EXPECT_EQ(story.out, ".\n");
  EXPECT_EQ(RcRuns(), 0U);
}

TEST_F(ShellSnapshot, OnATerminalToo) {
  WriteRc("fun() { echo from-fun; }\n");
  EXPECT_EQ(Run("fun; test -t 0 && echo tty", R"(,"tty":true)").out, "from-fun\r\ntty\r\n");
}

TEST_F(ShellSnapshot, ALongOneArrivesWhole) {
  WriteRc(
      "long=$(head -c 5000 /dev/zero | tr '\\0' x)\n"
      "for i in $(seq 100); do eval \"fun_$i() { echo $long$i; }\"; done\n");
  for (const char* more : {"", R"(,"tty":true)"}) {
    const std::string out = Run("fun_1; fun_100; declare -F | wc -l", more).out;
    EXPECT_NE(out.find("x100"), std::string::npos);
    EXPECT_NE(out.find("\n100"), std::string::npos);
  }
}

TEST_F(ShellSnapshot, PlainShOnlyHasWhatItCanSay) {
  WriteWholeFile(home_ / ".profile", "alias hello='echo from-alias'\nexport VALUE=1\n");
  const Story story = client_->Run("p", Params("p", "hello\necho $VALUE", "", "sh", "/bin/sh"));
  EXPECT_EQ(story.out, "from-alias\n1\n");
}

TEST_F(ShellSnapshot, TwentyAtOnceShareOne) {
  WriteRc(std::string(kCount) + "export VALUE=1\n");
  for (int n = 0; n < 20; ++n) {
    const std::string id = std::to_string(n);
    client_->Send("process/start", Params(id, "echo $VALUE"));
  }
  for (int n = 0; n < 20; ++n) {
    ASSERT_TRUE(client_->UntilClosed(std::to_string(n)));
    EXPECT_EQ(client_->story(std::to_string(n)).out, "1\n");
  }
  EXPECT_EQ(RcRuns(), 1U);
}

TEST_F(ShellSnapshot, ARcFileThatFailsCostsNothingElse) {
  for (const char* rc :
       {"exit 3", "exit 0", "kill -9 $$", "exec 1>/dev/null", "trap 'exit 3' EXIT", "yes"}) {
    WriteRc(std::string(kCount) + "[ -e ~/once ] || { touch ~/once; " + rc + "; }\n");
    ::unlink((home_ / "once").c_str());
    client_ = Open(kCodex);
    const Story story = Run("echo run");
    EXPECT_EQ(story.out, "run\n") << rc;
    EXPECT_EQ(story.exit_code, 0) << rc;
  }
}

TEST_F(ShellSnapshot, WhatTheRcFileStartsIsNotWaitedFor) {
  WriteRc("export VALUE=1\nsleep 1000 &\necho $! > ~/sleeper\n");
  EXPECT_EQ(Run("echo $VALUE").out, "1\n");
  ::kill(std::stoi(ReadWholeFile(home_ / "sleeper")), SIGKILL);
}

TEST_F(ShellSnapshot, AHangingRcFileBlocksNobodyElse) {
  WriteRc("echo $$ > ~/hanging\nsleep 1000\n");
  const std::int64_t start = client_->Send("process/start", Params("hangs", "echo run"));
  ASSERT_TRUE(Eventually([&] { return ReadWholeFile(home_ / "hanging").size() > 1; }));
  EXPECT_EQ(client_->Run("other", StartParams("other", Sh("echo ok"))).out, "ok\n");
  EXPECT_EQ(client_->Call("process/start", Params("hangs", "x")).message(),
            "process hangs already exists");
  EXPECT_TRUE(client_->Call("process/terminate", IdParams("hangs")).result()["running"].GetBool());
  EXPECT_EQ(client_->Await(start).message(), "process hangs start was cancelled");
}

TEST_F(ShellSnapshot, AHangingRcFileIsGivenUpInTime) {
  WriteRc("[ -e ~/hanging ] || { echo $$ > ~/hanging; sleep 1000; }\n");
  EXPECT_EQ(Run("echo run").out, "run\n");
  const pid_t shell = std::stoi(ReadWholeFile(home_ / "hanging"));
  EXPECT_TRUE(Eventually([&] { return !IsAlive(shell); }));
}

TEST_F(ShellSnapshot, KillingTheShellFreesWhoWaits) {
  WriteRc("[ -e ~/hanging ] || { echo $$ > ~/hanging; sleep 1000; }\n");
  const std::int64_t start = client_->Send("process/start", Params("p", "echo run"));
  ASSERT_TRUE(Eventually([&] { return ReadWholeFile(home_ / "hanging").size() > 1; }));
  ::kill(-std::stoi(ReadWholeFile(home_ / "hanging")), SIGKILL);
  EXPECT_TRUE(client_->Await(start).ok());
  ASSERT_TRUE(client_->UntilClosed("p"));
  EXPECT_EQ(client_->story("p").out, "run\n");
}

TEST_F(ShellSnapshot, TheShellDiesWithItsSession) {
  ServeWith({"--detach-ttl", "100ms"});
  client_ = Open(kCodex);
  WriteRc("echo $$ > ~/hanging\nsleep 1000\n");
  client_->Send("process/start", Params("p", "touch ~/ran"));
  ASSERT_TRUE(Eventually([&] { return ReadWholeFile(home_ / "hanging").size() > 1; }));
  const pid_t shell = std::stoi(ReadWholeFile(home_ / "hanging"));
  client_.reset();
  EXPECT_TRUE(Eventually([&] { return !IsAlive(shell); }));
  EXPECT_NE(::access((home_ / "ran").c_str(), F_OK), 0);
}

TEST_F(ShellSnapshot, AMissingShellIsAnErrorOfTheCommand) {
  const Answer answer =
      client_->Call("process/start", Params("p", "x", "", "bash", "/nonexistent/bash"));
  EXPECT_EQ(answer.code(), -32603);
  EXPECT_EQ(answer.message(), "No such file or directory (os error 2)");
  EXPECT_EQ(Run("echo next").out, "next\n");
}

TEST_F(ShellSnapshot, ANameThatIsNotTheShellsCostsOnlyTheSnapshot) {
  for (const char* name : {"zsh", "sh"}) {
    const Story story = client_->Run(name, Params(name, "echo run", "", name));
    EXPECT_EQ(story.out, "run\n") << name;
  }
  const Story story = client_->Run("p", Params("p", "echo run", "", "bash", "/bin/sh"));
  EXPECT_EQ(story.out, "run\n");
}

TEST_F(ShellSnapshot, IsAnnounced) {
  const Answer answer = client_->Call("environment/info");
  EXPECT_TRUE(answer.result()["capabilities"]["shellSnapshotV2"].GetBool());
}

}  // namespace
}  // namespace paned::testing
