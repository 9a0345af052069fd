// The child's environment: what is inherited, the policy's steps in their order, the globs.
#include "server/process/environment.h"

#include <gtest/gtest.h>

namespace paned {
namespace {

using Entries = std::vector<std::string>;
using protocol::EnvPolicy;
using protocol::InheritPolicy;

const EnvironmentMap& Server() {
  static const EnvironmentMap environment = {{"HOME", "/root"}, {"PATH", "/bin"}, {"USER", "me"},
                                             {"MY_TOKEN", "t"}, {"apikey", "k"},  {"EDITOR", "ed"},
                                             {"LC_TIME", "C"},  {"TMPDIR", "/t"}};
  return environment;
}

EnvPolicy Policy(InheritPolicy inherit) {
  EnvPolicy policy;
  policy.inherit = inherit;
  policy.ignore_default_excludes = true;
  return policy;
}

Entries Build(const std::optional<EnvironmentMap>& env, const std::optional<EnvPolicy>& policy) {
  return BuildEnvironment(Server(), env, policy);
}

TEST(Environment, NeitherEnvNorPolicyInheritsAll) {
  EXPECT_EQ(Build({}, {}), (Entries{"EDITOR=ed", "HOME=/root", "LC_TIME=C", "MY_TOKEN=t",
                                    "PATH=/bin", "TMPDIR=/t", "USER=me", "apikey=k"}));
}

TEST(Environment, EnvAloneIsExact) {
  EXPECT_EQ(Build(EnvironmentMap{}, {}), Entries{});
  EXPECT_EQ(Build(EnvironmentMap{{"MY_KEY", "1"}, {"A", ""}}, {}), (Entries{"A=", "MY_KEY=1"}));
}

TEST(Environment, NamesThatNoEnvironmentCanHoldAreLeftOut) {
  EXPECT_EQ(Build(EnvironmentMap{{"", "x"}, {"A=B", "x"}, {"C", "D=E"}}, {}), Entries{"C=D=E"});
}

TEST(Environment, TheReferencesOwnSwitchIsNeverPassed) {
  constexpr char kSwitch[] = "CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE";
  EXPECT_EQ(Build(EnvironmentMap{{kSwitch, "1"}, {"A", "1"}}, {}), Entries{"A=1"});
  EnvPolicy policy = Policy(InheritPolicy::kNone);
  policy.set[kSwitch] = "1";
  EXPECT_EQ(Build({}, policy), Entries{});
}

TEST(EnvironmentPolicy, InheritsAllCoreOrNothing) {
  EXPECT_EQ(Build({}, Policy(InheritPolicy::kAll)), Build({}, {}));
  EXPECT_EQ(Build({}, Policy(InheritPolicy::kCore)),
            (Entries{"HOME=/root", "PATH=/bin", "TMPDIR=/t", "USER=me"}));
  EXPECT_EQ(Build({}, Policy(InheritPolicy::kNone)), Entries{});
}

TEST(EnvironmentPolicy, CoreIsTheReferencesList) {
  EnvironmentMap all = {{"OTHER", ""}, {"home", ""}, {"LC_MESSAGES", ""}};
  Entries core;
  for (const char* name : {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SHELL", "TEMP",
                           "TMP", "TMPDIR", "USER"}) {
    all[name] = "";
    core.push_back(std::string(name) + "=");
  }
  EXPECT_EQ(BuildEnvironment(all, {}, Policy(InheritPolicy::kCore)), core);
}

TEST(EnvironmentPolicy, DefaultExcludesDropSecretsWhateverTheCase) {
  EnvPolicy policy = Policy(InheritPolicy::kAll);
  policy.ignore_default_excludes = false;
  EXPECT_EQ(Build({}, policy),
            (Entries{"EDITOR=ed", "HOME=/root", "LC_TIME=C", "PATH=/bin", "TMPDIR=/t", "USER=me"}));
}

TEST(EnvironmentPolicy, ExcludeComesBeforeSet) {
  EnvPolicy policy = Policy(InheritPolicy::kAll);
  policy.exclude = {"*"};
  policy.set = {{"EDITOR", "vi"}};
  EXPECT_EQ(Build({}, policy), Entries{"EDITOR=vi"});
}

TEST(EnvironmentPolicy, DefaultExcludesComeBeforeSet) {
  EnvPolicy policy = Policy(InheritPolicy::kNone);
  policy.ignore_default_excludes = false;
  policy.set = {{"NEW_TOKEN", "1"}};
  EXPECT_EQ(Build({}, policy), Entries{"NEW_TOKEN=1"});
}

TEST(EnvironmentPolicy, IncludeOnlyComesAfterSet) {
  EnvPolicy policy = Policy(InheritPolicy::kAll);
  policy.set = {{"A", "1"}, {"B", "2"}};
  policy.include_only = {"pa*", "b"};
  EXPECT_EQ(Build({}, policy), (Entries{"B=2", "PATH=/bin"}));
}

TEST(EnvironmentPolicy, EnvComesLastAndIsNeverFiltered) {
  EnvPolicy policy = Policy(InheritPolicy::kAll);
  policy.ignore_default_excludes = false;
  policy.exclude = {"*"};
  policy.include_only = {"PATH"};
  policy.set = {{"PATH", "/set"}};
  EXPECT_EQ(Build(EnvironmentMap{{"PATH", "/env"}, {"SECRET", "s"}}, policy),
            (Entries{"PATH=/env", "SECRET=s"}));
}

// --- globs ---------------------------------------------------------------------------------------

TEST(Glob, MatchesTheWholeNameWhateverTheCase) {
  EXPECT_TRUE(MatchesGlob("PATH", "path"));
  EXPECT_FALSE(MatchesGlob("PATH", "PATHS"));
  EXPECT_FALSE(MatchesGlob("PATH", "MYPATH"));
  EXPECT_TRUE(MatchesGlob("*KEY*", "apikey"));
  EXPECT_TRUE(MatchesGlob("*KEY*", "KEY"));
  EXPECT_FALSE(MatchesGlob("*KEY*", "KE_Y"));
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(MatchesGlob("*", ""));
  EXPECT_TRUE(MatchesGlob("**", "anything"));
  EXPECT_TRUE(MatchesGlob("a*b*c", "aXbXbXc"));
  EXPECT_FALSE(MatchesGlob("a*b*c", "aXcXb"));
  EXPECT_TRUE(MatchesGlob("a?c", "abc"));
  EXPECT_FALSE(MatchesGlob("a?c", "ac"));
  EXPECT_FALSE(MatchesGlob("?", ""));
  EXPECT_TRUE(MatchesGlob("", ""));
  EXPECT_FALSE(MatchesGlob("", "a"));
  EXPECT_TRUE(MatchesGlob("*ab", "aaab"));
}

TEST(Glob, NothingElseIsSpecial) {
  EXPECT_FALSE(MatchesGlob("[AB]", "A"));
  EXPECT_TRUE(MatchesGlob("[AB]", "[ab]"));
  EXPECT_FALSE(MatchesGlob("A.B", "AxB"));
  EXPECT_FALSE(MatchesGlob("{A,B}", "A"));
}

TEST(Glob, ManyStarsCostNoTime) {
  std::string glob;
  for (int n = 0; n < 200; ++n) glob += "*a";
  EXPECT_FALSE(MatchesGlob(glob + "b", std::string(5000, 'a')));
}

// --- what may be inherited -----------------------------------------------------------------------

TEST(InheritableEnvironment, LeavesOutWhatBelongsToTheServer) {
  const char* const environment[] = {"PANED_TOKEN=1",
                                     "CODEX_EXEC_SERVER_URL=1",
                                     "CODEX_API_KEY=1",
                                     "CODEX_ACCESS_TOKEN=1",
                                     "LISTEN_FDS=1",
                                     "LISTEN_PID=1",
                                     "NOTIFY_SOCKET=1",
                                     "WATCHDOG_USEC=1",
                                     "TMUX=1",
                                     "TMUX_PANE=1",
                                     "CREDENTIALS_DIRECTORY=1",
                                     "INVOCATION_ID=1",
                                     "CODEX_HOME=kept",
                                     "HOME=/root",
                                     "EMPTY=",
                                     "TWICE=first",
                                     "TWICE=second",
                                     "=odd",
                                     "noequals",
                                     nullptr};
  EXPECT_EQ(InheritableEnvironment(environment),
            (EnvironmentMap{
                {"CODEX_HOME", "kept"}, {"EMPTY", ""}, {"HOME", "/root"}, {"TWICE", "first"}}));
  EXPECT_EQ(InheritableEnvironment(nullptr), EnvironmentMap{});
}

}  // namespace
}  // namespace paned
