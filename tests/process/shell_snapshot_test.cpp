// The pure half of shell snapshots: which commands, what is read from a shell, what a command gets.
#include "server/process/shell_snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/process/shell_collector.h"

namespace paned {
namespace {

using Words = std::vector<std::string>;

TEST(SnapshotCommand, OnlyALoginCommandOfThatShell) {
  EXPECT_TRUE(IsLoginCommand({"/bin/bash", "-lc", "x"}, "/bin/bash"));
  EXPECT_TRUE(IsLoginCommand({"/bin/bash", "-lc", "x", "zero", "one"}, "/bin/bash"));
  for (const Words& argv :
       {Words{}, Words{"/bin/bash"}, Words{"/bin/bash", "-lc"}, Words{"/bin/bash", "-c", "x"},
        Words{"/bin/bash", "-l", "-c", "x"}, Words{"/bin/bash", "-cl", "x"},
        Words{"/usr/bin/bash", "-lc", "x"}, Words{"bash", "-lc", "x"}}) {
    EXPECT_FALSE(IsLoginCommand(argv, "/bin/bash"));
  }
}

TEST(SnapshotCommand, ThreeShellsHaveSnapshots) {
  EXPECT_EQ(FindSnapshotShell("bash"), SnapshotShell::kBash);
  EXPECT_EQ(FindSnapshotShell("zsh"), SnapshotShell::kZsh);
  EXPECT_EQ(FindSnapshotShell("sh"), SnapshotShell::kSh);
  for (const char* name : {"", "dash", "fish", "BASH", "bash ", "/bin/bash"}) {
    EXPECT_FALSE(FindSnapshotShell(name)) << name;
  }
}

const std::string kNul(1, '\0');

std::string Output(const std::string& script, const std::string& env) {
  return "noise" + MarkLine("m") + script + MarkLine("m") + env + MarkLine("m") + "more noise";
}

TEST(SnapshotOutput, IsReadBehindTheNoise) {
  const auto state =
      ParseShellState(Output("f () { :; }\n", "A=1" + kNul + "B=x=y\nz" + kNul), "m");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->script, "f () { :; }\n");
  EXPECT_EQ(state->env, (EnvironmentMap{{"A", "1"}, {"B", "x=y\nz"}}));
  EXPECT_TRUE(ParseShellState(Output("", ""), "m"));
}

TEST(SnapshotOutput, HalfOfItIsNothing) {
  const std::string whole = Output("x", "A=1" + kNul);
  EXPECT_FALSE(ParseShellState("", "m"));
  EXPECT_FALSE(ParseShellState(whole, "other"));
  EXPECT_FALSE(ParseShellState(whole.substr(0, whole.rfind(MarkLine("m"))), "m"));
  EXPECT_FALSE(ParseShellState(Output("a" + kNul + "b", ""), "m"));
  EXPECT_TRUE(ParseShellState(Output(std::string(kMaxShellScript, 'x'), ""), "m"));
  EXPECT_FALSE(ParseShellState(Output(std::string(kMaxShellScript + 1, 'x'), ""), "m"));
}

TEST(SnapshotEnvironment, WhatTheRequestNamesWins) {
  const ShellState state = {"", {{"BASE", "rc"}, {"ENV", "rc"}, {"SET", "rc"}, {"NEW", "rc"}}};
  const EnvironmentMap env = {{"ENV", "request"}};
  protocol::EnvPolicy policy;
  policy.set = {{"SET", "policy"}};
  const Words base = {"BASE=server", "ENV=request", "SET=policy", "KEPT=server"};
  EXPECT_EQ(EnvironmentWithState(base, state, env, policy),
            (Words{"BASE=rc", "ENV=request", "KEPT=server", "NEW=rc", "SET=policy"}));
}

TEST(SnapshotEnvironment, PassesThePolicysFilters) {
  const ShellState state = {"", {{"MY_KEY", "1"}, {"OUT", "1"}, {"IN", "1"}}};
  protocol::EnvPolicy policy;
  policy.inherit = protocol::InheritPolicy::kNone;
  EXPECT_EQ(EnvironmentWithState({}, state, {}, policy), (Words{"IN=1", "OUT=1"}));
  policy.ignore_default_excludes = true;
  policy.exclude = {"O*"};
  EXPECT_EQ(EnvironmentWithState({}, state, {}, policy), (Words{"IN=1", "MY_KEY=1"}));
  policy.include_only = {"IN"};
  EXPECT_EQ(EnvironmentWithState({}, state, {}, policy), Words{"IN=1"});
}

TEST(SnapshotEnvironment, WhatBelongsToOneMomentStaysBehind) {
  const ShellState state = {"",
                            {{"PWD", "/"},
                             {"OLDPWD", "/"},
                             {"_", "x"},
                             {"SHLVL", "1"},
                             {"CODEX_THREAD_ID", "t"},
                             {"CODEX_TOOL_CALL_ID", "c"},
                             {"CODEX_HOME", "/h"},
                             {"https_proxy", "http://p"},
                             {"MY_PROXY", "kept"},
                             {"BASH_FUNC_f%%", "() { :; }"}}};
  EXPECT_EQ(EnvironmentWithState({"https_proxy=server"}, state, {}, {}),
            (Words{"CODEX_HOME=/h", "MY_PROXY=kept", "SHLVL=1", "https_proxy=server"}));
}

LaunchPlan Command(const std::string& command) {
  LaunchPlan plan;
  plan.argv = {"/bin/bash", "-lc", command, "zero"};
  plan.env = {"A=1"};
  return plan;
}

TEST(SnapshotRestore, TheCommandRestoresAndGoesOn) {
  LaunchPlan plan = Command("echo $0");
  RestoreInCommand({"f () { :; }", {}}, SnapshotShell::kBash, &plan);
  EXPECT_EQ(plan.argv[0], "/bin/bash");
  EXPECT_EQ(plan.argv[1], "-pc");
  EXPECT_EQ(plan.argv[3], "zero");
  EXPECT_EQ(plan.env, (Words{"A=1", "__PANED_SHELL_SNAPSHOT_0=f () { :; }"}));
  RestoreInCommand({"", {}}, SnapshotShell::kZsh, &(plan = Command("x")));
  EXPECT_EQ(plan.argv[1], "-fc");
  RestoreInCommand({"", {}}, SnapshotShell::kSh, &(plan = Command("x")));
  EXPECT_EQ(plan.argv[1], "-c");
}

TEST(SnapshotRestore, TheCommandStandsOnTheThirdLine) {
  for (const SnapshotShell shell :
       {SnapshotShell::kBash, SnapshotShell::kZsh, SnapshotShell::kSh}) {
    LaunchPlan plan = Command("first\nsecond");
    RestoreInCommand({"x", {}}, shell, &plan);
    const std::string before = plan.argv[2].substr(0, plan.argv[2].find("first"));
    EXPECT_EQ(std::count(before.begin(), before.end(), '\n'), 2) << plan.argv[2];
  }
}

TEST(SnapshotRestore, ALongScriptIsCutBetweenCharacters) {
  LaunchPlan plan = Command("x");
  std::string script;
  while (script.size() < 300'000) script += "x\xE2\x82\xAC";
  RestoreInCommand({script, {}}, SnapshotShell::kBash, &plan);
  std::string together;
  for (std::size_t n = 1; n < plan.env.size(); ++n) {
    const std::string part = plan.env[n].substr(plan.env[n].find('=') + 1);
    EXPECT_LT(plan.env[n].size(), 128U * 1024);
    EXPECT_NE(static_cast<unsigned char>(part[0]) & 0xC0U, 0x80U) << n;
    together += part;
  }
  EXPECT_EQ(together, script);
  EXPECT_EQ(plan.env.size(), 5U);
  EXPECT_NE(plan.argv[2].find("${__PANED_SHELL_SNAPSHOT_3}"), std::string::npos);
}

}  // namespace
}  // namespace paned
