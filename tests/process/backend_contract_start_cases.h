// What a child starts with, and how a start fails: the same on every backend; see
// backend_contract.h, which includes this file.
// Threading: one thread, which runs the loop.
#pragma once

#include <cstdlib>
#include <filesystem>

#include "tests/process/backend_contract.h"
#include "tests/support/temp_dir.h"

namespace paned {

// A file of its own below /tmp, which is gone afterwards.
class ScratchFile {
 public:
  ScratchFile(const std::string& text, std::filesystem::perms permissions) {
    std::ofstream(path()) << text;
    std::filesystem::permissions(path(), permissions);
  }
  std::string path() const { return directory_ / "file"; }
  const std::string& directory() const { return directory_.path(); }

 private:
  const testing::TempDir directory_;
};

// The texts, each with a NUL behind it, as /proc shows argv and the environment.
inline std::string Joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + '\0';
  return all;
}

// --- what a child starts with --------------------------------------------------------------------

TYPED_TEST_P(StartContract, OnlyThreeDescriptorsAreOpen) {
  this->Run("exec ls -1 /proc/self/fd");
  EXPECT_EQ(this->sink_->output, "0\n1\n2\n3\n");  // 3 is ls's own, of the directory
}

TYPED_TEST_P(StartContract, IsASessionAndGroupLeader) {
  this->Run(
      "read pid comm state ppid pgrp session rest </proc/$$/stat; "
      "[ $pid = $$ ] && [ $pgrp = $$ ] && [ $session = $$ ] && echo leader");
  EXPECT_EQ(this->sink_->output, "leader\n");
}

TYPED_TEST_P(StartContract, ThePidIsTheLeaders) {
  this->Start("echo $$; exec sleep 1000");
  ASSERT_TRUE(this->RunUntilOutput("\n"));
  EXPECT_EQ(this->process_->pid(), std::stol(this->sink_->output));
}

TYPED_TEST_P(StartContract, SignalMaskAndDispositionsAreDefault) {
  // Both would be inherited.
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  const auto int_before = ::signal(SIGINT, SIG_IGN);
  this->RunProgram({"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"});
  ::signal(SIGPIPE, pipe_before);
  ::signal(SIGINT, int_before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const std::string& told = this->sink_->output;
  EXPECT_EQ(told.substr(0, told.find_first_of("\r\n")), "SigBlk:\t0000000000000000");
  const std::string ignored = told.substr(told.rfind('\t') + 1);
  EXPECT_EQ(std::stoull(ignored, nullptr, 16), 0U) << told;
}

TYPED_TEST_P(StartContract, ArgumentsArriveAsTheyAre) {
  const std::vector<std::string> argv = {"/bin/cat",
                                         "/proc/self/cmdline",
                                         "--",
                                         "",
                                         "a;",
                                         ";",
                                         "",
                                         "$HOME `id` #{pane_id}",
                                         "'\"\\",
                                         "\xff\xc0\x80",
                                         "%end",
                                         "~/*?",
                                         "\t\x1b[31m",
                                         "-x=",
                                         "{",
                                         "}",
                                         std::string(5000, 'z'),
                                         ""};
  LaunchPlan plan = this->Plan(argv);
  // cat takes what stands behind "--" for files that are not there; that goes to stderr.
  plan.argv[0] = "/bin/cat";
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output.substr(0, Joined(argv).size()), Joined(argv));
}

TYPED_TEST_P(StartContract, Arg0IsWhatTheChildSees) {
  LaunchPlan plan = this->Plan({"/bin/cat", "/proc/self/cmdline"});
  plan.arg0 = "another name";
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, Joined({"another name", "/proc/self/cmdline"}));
}

TYPED_TEST_P(StartContract, TheEnvironmentIsThePlansAlone) {
  LaunchPlan plan = this->Plan({"/bin/cat", "/proc/self/environ"});
  plan.env = {"B=2", "A=1;", "EMPTY=", "PATH=/nowhere", "B=again", "no equals sign", "X=\xff;$A"};
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, Joined(plan.env));
  plan.env = {};
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "");
  EXPECT_EQ(this->sink_->exit.code, 0);
}

TYPED_TEST_P(StartContract, AHundredAndTwentyEightKibOfEach) {
  // The longest single texts Linux takes, and many short ones.
  LaunchPlan plan = this->Plan(
      {"/bin/cat", "/proc/self/cmdline", "/proc/self/environ", std::string(131'071, 'a')});
  plan.env = {"LONG=" + std::string(131'066, 'e')};
  for (int n = 0; n < 4000; ++n)
    plan.env.push_back("V" + std::to_string(n) + "=value of a variable");
  this->StartPlan(plan);
  this->RunToTheEnd();
  const std::string expected = Joined(plan.argv) + Joined(plan.env);
  EXPECT_TRUE(this->sink_->output.substr(0, expected.size()) == expected)
      << this->sink_->output.size() << " bytes";
}

TYPED_TEST_P(StartContract, TheWorkingDirectory) {
  const ScratchFile file("", std::filesystem::perms::owner_all);
  LaunchPlan plan = this->Plan({"/bin/readlink", "-n", "/proc/self/cwd"});
  plan.cwd = file.directory();
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, file.directory());
}

TYPED_TEST_P(StartContract, AProgramIsFoundInTheChildsPath) {
  const ScratchFile file("#!/bin/sh\nprintf found\n", std::filesystem::perms::owner_all);
  LaunchPlan plan = this->Plan({"file"});
  plan.env = {"PATH=/nowhere:" + file.directory() + ":/bin"};
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "found");
  plan.argv = {"./file"};  // from the child's directory
  plan.cwd = file.directory();
  this->StartPlan(plan);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->output, "found");
}

// --- starts that fail ----------------------------------------------------------------------------

TYPED_TEST_P(StartContract, WhatCannotStartSaysTheSameEverywhere) {
  const ScratchFile text("echo no\n", std::filesystem::perms::owner_read);
  const ScratchFile script("echo no\n", std::filesystem::perms::owner_all);
  const ScratchFile lost("#!/nowhere/interpreter\n", std::filesystem::perms::owner_all);
  const std::string none = "No such file or directory (os error 2)";
  const std::string denied = "Permission denied (os error 13)";
  const std::string missing = "the program is not there, nor in the child's PATH";
  const std::string directory = "the working directory is missing or not a directory";
  std::vector<std::string> big(200, std::string(100'000, 'x'));
  big.front() = "/bin/sh";
  struct Row {
    std::vector<std::string> argv;
    std::string cwd;
    std::string message;
    std::string path;
    std::string hint;
  };
  const std::vector<Row> rows = {
      {{"/nowhere/program"}, "/", none, "/nowhere/program", missing},
      {{"no-such-program"}, "/", none, "no-such-program", missing},
      {{"./no-such-program"}, "/", none, "./no-such-program", missing},
      {{lost.path()}, "/", none, lost.path(), missing},
      {{text.path()}, "/", denied, text.path(), "the program is not an executable file"},
      {{"/tmp"}, "/", denied, "/tmp", "the program is not an executable file"},
      {{script.path()},
       "/",
       "Exec format error (os error 8)",
       script.path(),
       "the file is no binary and has no #! line"},
      {{"/bin/sh"}, "/nowhere", none, "/nowhere", directory},
      {{"no-such-program"}, "/nowhere", none, "/nowhere", directory},
      {{"/bin/sh"}, text.path(), "Not a directory (os error 20)", text.path(), directory},
      {{""}, "/", "missing program for pipe spawn", "", ""},
      {{std::string("/bin/s\0h", 8)}, "/", "nul byte found in provided data", "", ""},
      {{"/bin/sh", std::string(1, '\0')}, "/", "nul byte found in provided data", "", ""},
      {{"/bin/sh", std::string(200'000, 'x')},
       "/",
       "Argument list too long (os error 7)",
       "/bin/sh",
       "argv and env together are larger than the system takes"},
      {big, "/", "Argument list too long (os error 7)", "/bin/sh",
       "argv and env together are larger than the system takes"},
  };
  for (const Row& row : rows) {
    LaunchPlan plan = this->Plan(row.argv);
    plan.cwd = row.cwd;
    const Error error = this->Refusal(plan);
    const std::string which = row.argv.front().substr(0, 40) + " in " + row.cwd;
    EXPECT_EQ(error.kind, ErrorKind::kInternal) << which;
    EXPECT_EQ(error.message, row.message) << which;
    EXPECT_EQ(error.path, row.path) << which;
    EXPECT_EQ(error.hint, row.hint) << which;
  }
}

TYPED_TEST_P(StartContract, ANulInTheEnvironmentOrInArg0) {
  LaunchPlan plan = this->Plan({"/bin/sh"});
  plan.env = {std::string("A=\0", 3)};
  EXPECT_EQ(this->Refusal(plan).message, "data provided contains a nul byte");
  plan = this->Plan({"/bin/sh"});
  plan.arg0 = std::string("a\0b", 3);
  EXPECT_EQ(this->Refusal(plan).message, "nul byte found in provided data");
}

TYPED_TEST_P(StartContract, AFailedStartLeavesTheBackendWhole) {
  for (int run = 0; run < 3; ++run) {
    EXPECT_NE(this->Refusal(this->Plan({"/etc/passwd"})).message, "");
    this->RunProgram({"/bin/echo", "-n", "fine"});
    EXPECT_EQ(this->sink_->output, "fine");
  }
}

TYPED_TEST_P(StartContract, OneThatIsStartingTakesInputAndSignals) {
  this->StartProgram({"/bin/sh", "-c", "read line; echo \"<$line>\"; kill -STOP $$"}, true);
  this->Write("early\n");
  ASSERT_TRUE(this->RunUntilOutput("<early>"));
  this->Signal(SIGKILL);
  this->RunToTheEnd();
  EXPECT_EQ(this->sink_->exit.code, 137);
}

REGISTER_TYPED_TEST_SUITE_P(StartContract, OnlyThreeDescriptorsAreOpen, IsASessionAndGroupLeader,
                            ThePidIsTheLeaders, SignalMaskAndDispositionsAreDefault,
                            ArgumentsArriveAsTheyAre, Arg0IsWhatTheChildSees,
                            TheEnvironmentIsThePlansAlone, AHundredAndTwentyEightKibOfEach,
                            TheWorkingDirectory, AProgramIsFoundInTheChildsPath,
                            WhatCannotStartSaysTheSameEverywhere, ANulInTheEnvironmentOrInArg0,
                            AFailedStartLeavesTheBackendWhole,
                            OneThatIsStartingTakesInputAndSignals);

}  // namespace paned
