// Whose .codex counts: trust by directory, root and repository; what marks a root; git worktrees.
#include "server/environment/git_root.h"
#include "server/environment/project_layers.h"
#include "tests/environment/config_fixture.h"

namespace paned {
namespace {

class ProjectTrustTest : public ConfigTest {};

const Texts kAll = {"/repo/.codex", "/repo/sub/.codex", "/repo/sub/deep/.codex"};
constexpr char kLoad[] = "failed to load executor-local config: ";

TEST_F(ProjectTrustTest, WithoutTrustNothingCounts) {
  EXPECT_EQ(Projects(), Texts{});
  Trust({{"repo", "untrusted"}});
  EXPECT_EQ(Projects(), Texts{});
  Trust({{"", "trusted"}});  // the folder around the repository
  EXPECT_EQ(Projects(), Texts{});
  Trust({{"repo/", "trusted"}});
  EXPECT_EQ(Projects(), Texts{});
}

TEST_F(ProjectTrustTest, TheRootDecidesForWhatIsInItUnlessThatIsDecidedItself) {
  Trust({{"repo", "trusted"}});
  EXPECT_EQ(Projects(), kAll);
  EXPECT_EQ(Projects("repo"), Texts{"/repo/.codex"});
  EXPECT_EQ(Projects("repo/sub/deep/missing"), kAll);
  Trust({{"repo", "trusted"}, {"repo/sub", "untrusted"}});
  EXPECT_EQ(Projects(), (Texts{"/repo/.codex", "/repo/sub/deep/.codex"}));
  Trust({{"repo", "untrusted"}, {"repo/sub", "trusted"}});
  EXPECT_EQ(Projects(), Texts{"/repo/sub/.codex"});
}

TEST_F(ProjectTrustTest, ALinkIsTrustedByItsNameOrByWhatItNames) {
  std::filesystem::create_directory_symlink(At("repo"), At("link"));
  const Texts linked = {"/link/.codex", "/link/sub/.codex"};
  Trust({{"repo", "trusted"}});
  EXPECT_EQ(Projects("link/sub"), linked);
  Trust({{"link", "trusted"}});
  EXPECT_EQ(Projects("link/sub"), linked);
  EXPECT_EQ(Projects("repo/sub"), Texts{});
}

TEST_F(ProjectTrustTest, AnAdministratorMayDecideAndAProjectMayNot) {
  const std::string text = "[projects.\"" + At("repo") + "\"]\ntrust_level=\"trusted\"\n";
  Write("repo/.codex/config.toml", "a=\"project\"\n" + text);
  EXPECT_EQ(Projects(), Texts{});
  Write("etc/config.toml", text);
  EXPECT_EQ(Projects(), kAll);
  Trust({{"repo", "untrusted"}});  // the user is stronger
  EXPECT_EQ(Projects(), Texts{});
  Write("etc/managed_config.toml", text);
  EXPECT_EQ(Projects(), kAll);
}

TEST_F(ProjectTrustTest, OtherMarkersOtherRoots) {
  Trust({{"repo/sub", "trusted"}}, "project_root_markers=[\"deep\"]\n");
  EXPECT_EQ(Projects(), (Texts{"/repo/sub/.codex", "/repo/sub/deep/.codex"}));
  // No markers: the directory is its own root; the repository still vouches for it.
  Trust({{"repo", "trusted"}}, "project_root_markers=[]\n");
  EXPECT_EQ(Projects(), Texts{"/repo/sub/deep/.codex"});
  Trust({{"repo", "trusted"}}, "project_root_markers=[\"nothing\"]\n");
  EXPECT_EQ(Projects(), Texts{"/repo/sub/deep/.codex"});
  std::string names;
  for (std::size_t n = 0; n <= kMaxRootMarkers; ++n) names += "\"x\",";
  Trust({}, "project_root_markers=[" + names + "]\n");
  EXPECT_EQ(Fault(), std::string(kLoad) + "project_root_markers has more than 64 names");
  for (const char* wrong : {"5", "\"a\"", "[\"a\",1]", "{}"}) {
    Trust({}, std::string("project_root_markers=") + wrong + '\n');
    EXPECT_EQ(Fault(), std::string(kLoad) + "project_root_markers must be an array of strings");
  }
}

TEST_F(ProjectTrustTest, TrustThatIsNoneIsAFault) {
  const std::string where = "\nin `projects./p";
  const auto fault = [&](const std::string& text) {
    Write("codex/config.toml", text + '\n');
    return Fault();
  };
  EXPECT_EQ(fault("projects.\"/p\".trust_level=\"bogus\""),
            kLoad + ("unknown variant `bogus`, expected `trusted` or `untrusted`" + where) +
                ".trust_level`\n");
  EXPECT_EQ(
      fault("projects.\"/p\".trust_level=5"),
      kLoad + ("invalid type: unit variant, expected string only" + where) + ".trust_level`\n");
  EXPECT_EQ(fault("projects.\"/p\".trust_level={trusted=1}"),
            kLoad + ("expected table, found integer" + where) + ".trust_level`\n");
  EXPECT_EQ(
      fault("projects.\"/p\"=\"trusted\""),
      kLoad + ("invalid type: string \"trusted\", expected struct ProjectConfig" + where) + "`\n");
  EXPECT_EQ(fault("projects=1.5"), std::string(kLoad) +
                                       "invalid type: floating point `1.5`, expected a map\nin "
                                       "`projects`\n");
  EXPECT_EQ(fault("projects.\"/p\".other=5"), "no fault");
}

TEST_F(ProjectTrustTest, CodexsOwnDirectoryIsNoProjects) {
  directories_.codex_home = At("repo/.codex");
  Write("repo/.codex/config.toml",
        "a=\"user\"\n[projects.\"" + At("repo") + "\"]\ntrust_level=\"trusted\"\n");
  EXPECT_EQ(Projects("repo/sub"), Texts{"/repo/sub/.codex"});
}

TEST_F(ProjectTrustTest, DotCodexMayBeMissingEmptyOrAFile) {
  Trust({{"repo", "trusted"}});
  Remove("repo/sub/.codex/config.toml");
  const Texts others = {"/repo/.codex", "/repo/sub/deep/.codex"};
  EXPECT_EQ(Projects(), others);
  Remove("repo/sub/.codex");
  EXPECT_EQ(Projects(), others);
  Write("repo/sub/.codex", "x");
  EXPECT_EQ(Projects(), others);
}

TEST_F(ProjectTrustTest, AGitEntryMarksTheRoot) {
  Trust({{"repo", "trusted"}});
  Remove("repo/.git/HEAD");
  EXPECT_EQ(Projects(), Texts{});  // an empty .git is no repository
  Remove("repo/.git");
  EXPECT_EQ(Projects(), Texts{});
  Write("repo/.git", "anything");
  EXPECT_EQ(Projects(), kAll);
}

TEST_F(ProjectTrustTest, AVeryLongPathIsNobodysProject) {
  Trust({{"repo", "trusted"}});
  std::string cwd = "repo";
  while (cwd.size() < 100'000) cwd += "/x";
  EXPECT_EQ(Projects(cwd), Texts{});
}

class GitRootTest : public ConfigTest {
 protected:
  // A worktree in "tree" of the repository in "main".
  GitRootTest() {
    Write("tree/.git", "gitdir: " + At("main/.git/worktrees/w") + '\n');
    Write("main/.git/HEAD", "x");
    Write("main/.git/worktrees/w/commondir", "../..\n");
    Write("main/.git/worktrees/w/gitdir", At("tree/.git") + '\n');
  }
  std::string Root(const std::string& name) const {
    return Short(FindGitRoot(At(name)).value_or("none"));
  }
};

TEST_F(GitRootTest, TheNearestRepositoryOrNone) {
  EXPECT_EQ(Root("repo/sub/deep"), "/repo");
  EXPECT_EQ(Root("repo/missing/too"), "/repo");
  std::filesystem::create_directory(At("repo/sub/.git"));
  EXPECT_EQ(Root("repo/sub/deep"), "/repo");
  Write("repo/sub/.git/HEAD", "");
  EXPECT_EQ(Root("repo/sub/deep"), "/repo/sub");
  Remove("repo/sub/.git");
  Write("repo/sub/.git", "gitdir: ../.git/modules/sub\n");  // a submodule is nobody's worktree
  EXPECT_EQ(Root("repo/sub/deep"), "none");
}

TEST_F(GitRootTest, AWorktreeBelongsToTheRepositoryThatKnowsIt) {
  EXPECT_EQ(Root("tree"), "/main");
  Write("tree/.git", "gitdir:../main/.git/worktrees/w");
  EXPECT_EQ(Root("tree"), "/main");
  Write("main/.git/worktrees/w/commondir", At("main/.git"));
  EXPECT_EQ(Root("tree"), "/main");
  Trust({{"main", "trusted"}});
  Write("tree/sub/.codex/config.toml", "a=1\n");
  EXPECT_EQ(Projects("tree/sub"), Texts{"/tree/sub/.codex"});
}

TEST_F(GitRootTest, AClaimThatIsNotKnownThereIsNotBelieved) {
  Write("main/.git/worktrees/w/gitdir", "/somewhere/else/.git\n");
  EXPECT_EQ(Root("tree"), "none");
  Remove("main/.git/worktrees/w/gitdir");
  EXPECT_EQ(Root("tree"), "none");
  Write("main/.git/worktrees/w/gitdir", At("tree/.git"));
  Write("main/.git/worktrees/w/commondir", At("repo/.git"));  // another's
  EXPECT_EQ(Root("tree"), "none");
  Remove("main/.git/worktrees/w/commondir");
  EXPECT_EQ(Root("tree"), "none");
  Write("tree/.git", "gitdir:\n");
  EXPECT_EQ(Root("tree"), "none");
}

TEST_F(GitRootTest, OddEntries) {
  Remove("tree/.git");
  ASSERT_EQ(::mkfifo(At("tree/.git").c_str(), 0644), 0);
  EXPECT_EQ(Root("tree"), "none");  // and does not hang
  EXPECT_TRUE(IsGitEntry(At("tree/.git")));
  Remove("tree/.git");
  std::filesystem::create_symlink("/nonexistent/x", At("tree/.git"));
  EXPECT_FALSE(IsGitEntry(At("tree/.git")));
  Remove("tree/.git");
  std::filesystem::create_directory_symlink(At("main/.git"), At("tree/.git"));
  EXPECT_EQ(Root("tree"), "/tree");
}

}  // namespace
}  // namespace paned
