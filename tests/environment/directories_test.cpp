// What the server's environment says about home, codex's directory and the login shell.
#include <unistd.h>

#include "server/environment/login_shell.h"
#include "tests/environment/config_fixture.h"

namespace paned {
namespace {

TEST(AbsolutePathTest, ResolvesByName) {
  EXPECT_EQ(AbsolutePath("/a/./b//c/../d/", "/x"), "/a/b/d");
  EXPECT_EQ(AbsolutePath("rel/x", "/base"), "/base/rel/x");
  EXPECT_EQ(AbsolutePath("", "/base/"), "/base");
  EXPECT_EQ(AbsolutePath("../../..", "/a/b"), "/");
  EXPECT_EQ(AbsolutePath("/..", "/x"), "/");
  EXPECT_EQ(AbsolutePath("./x/..", "/a"), "/a");
}

class DirectoriesTest : public ConfigTest {
 protected:
  std::string CodexHomeOf(const std::string& set) {
    directories_.codex_home = set;
    const Result<std::string> home = CodexHome(directories_);
    return Short(home.ok() ? home.value() : home.error().message);
  }
};

TEST_F(DirectoriesTest, CodexHomeIsWhereItIsSetOrBelowHome) {
  EXPECT_EQ(CodexHomeOf(At("codex")), "/codex");
  EXPECT_EQ(CodexHomeOf("codex"), "/codex");
  EXPECT_EQ(CodexHomeOf(At("etc/../codex/")), "/codex");
  EXPECT_EQ(CodexHomeOf(""), "/home/.codex");  // need not exist
  std::filesystem::create_directory_symlink(At("codex"), At("link"));
  EXPECT_EQ(CodexHomeOf(At("link")), "/codex");
  directories_.home = "rel";
  EXPECT_EQ(CodexHomeOf(""), "/rel/.codex");
  directories_.home.reset();
  EXPECT_EQ(CodexHomeOf(""), "failed to find Codex home: Could not find home directory");
}

TEST_F(DirectoriesTest, ACodexHomeThatIsSetMustBeADirectory) {
  Write("file", "x");
  const std::string head = "failed to find Codex home: ";
  EXPECT_EQ(CodexHomeOf(At("missing")),
            head + "CODEX_HOME points to \"/missing\", but that path does not exist");
  EXPECT_EQ(CodexHomeOf("gone"),
            head + "CODEX_HOME points to \"gone\", but that path does not exist");
  EXPECT_EQ(CodexHomeOf(At("missing/../codex")),
            head + "CODEX_HOME points to \"/missing/../codex\", but that path does not exist");
  EXPECT_EQ(CodexHomeOf(At("file")),
            head + "CODEX_HOME points to \"/file\", but that path is not a directory");
  EXPECT_EQ(CodexHomeOf(At("file/x")),
            head + "failed to read CODEX_HOME \"/file/x\": Not a directory (os error 20)");
}

TEST_F(DirectoriesTest, TheHomeThatIsToldIsAbsolute) {
  directories_.home = "/h/../x//y/";
  EXPECT_EQ(UserHome(directories_), "/x/y");
  directories_.home = "rel";
  EXPECT_EQ(UserHome(directories_), std::nullopt);
  directories_.home.reset();
  EXPECT_EQ(UserHome(directories_), std::nullopt);
}

class LoginShellTest : public ConfigTest {
 protected:
  LoginShellTest() {
    for (const char* name : {"bash", "zsh", "sh", "fish", "pwsh", "bash.5", "nologin"}) {
      Write(std::string("bin/") + name, "#!/bin/sh\n");
      std::filesystem::permissions(At(std::string("bin/") + name),
                                   std::filesystem::perms::owner_all);
    }
  }
  std::string Chosen(const std::string& shell, const std::string& path) {
    const LoginShell chosen = ChooseLoginShell(shell, path);
    return chosen.name + ' ' + Short(chosen.path);
  }
};

TEST_F(LoginShellTest, AShellThatClientsKnowIsTaken) {
  EXPECT_EQ(Chosen(At("bin/bash"), ""), "bash /bin/bash");
  EXPECT_EQ(Chosen(At("bin/zsh"), ""), "zsh /bin/zsh");
  EXPECT_EQ(Chosen(At("bin/sh"), ""), "sh /bin/sh");
  EXPECT_EQ(Chosen(At("bin/pwsh"), ""), "powershell /bin/pwsh");
  EXPECT_EQ(Chosen(At("bin/bash.5"), ""), "bash /bin/bash.5");
  EXPECT_EQ(Chosen(At("bin/../bin/zsh"), ""), "zsh /bin/../bin/zsh");
  std::filesystem::permissions(At("bin/zsh"), std::filesystem::perms::owner_read);
  EXPECT_EQ(Chosen(At("bin/zsh"), ""), "zsh /bin/zsh");
}

TEST_F(LoginShellTest, AMissingOneIsSearchedByName) {
  EXPECT_EQ(Chosen("/nowhere/zsh", At("none") + ':' + At("bin")), "zsh /bin/zsh");
  EXPECT_EQ(Chosen("zsh", At("bin")), "zsh /bin/zsh");
  EXPECT_EQ(Chosen("/nowhere/sh", "::relative:" + At("none")), "sh /bin/sh");
}

TEST_F(LoginShellTest, AnyOtherIsBash) {
  for (const char* name : {"bin/fish", "bin/nologin", "bin", "missing"}) {
    EXPECT_EQ(Chosen(At(name), At("bin")), "bash /bin/bash") << name;
  }
  EXPECT_EQ(Chosen("", At("bin")), "bash /bin/bash");
}

}  // namespace
}  // namespace paned
