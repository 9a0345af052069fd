// environmentConfig/read of a server with an environment of its own.
#include <sys/stat.h>

#include <filesystem>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Config : public E2e {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_ / "home");
    std::filesystem::create_directories(dir_ / "repo/.git");
    std::filesystem::create_directories(dir_ / "repo/.codex");
    WriteWholeFile(dir_ / "repo/.git/HEAD", "ref: refs/heads/main\n");
    WriteWholeFile(dir_ / "repo/.codex/config.toml", "[mcp_servers.project]\nurl = \"p\"\n");
  }
  void ServeAs(std::vector<std::string> env) {
    ServerOptions options;
    options.env = std::move(env);
    Serve(options);
    client_ = Open();
  }
  Answer Read(const std::string& cwd) {
    return client_->Call("environmentConfig/read", R"({"cwd":")" + cwd +
                                                       R"(","configPaths":[["mcp_servers"]],)"
                                                       R"("requirementsPaths":[["zz"]]})");
  }

  TempDir dir_;
};

// /etc/codex is this machine's own: its layers may be there, too.
std::string TextsOf(const Answer& answer) {
  std::string texts;
  for (const auto& layer : answer.result()["config"]["layers"].GetArray()) {
    texts += layer["toml"].GetString();
  }
  return texts;
}

TEST_F(Config, HomeAndTheTrustedProjectOfThisMachine) {
  const std::string user = "[projects.\"" + std::filesystem::canonical(dir_ / "repo").string() +
                           "\"]\ntrust_level = \"trusted\"\n\n[mcp_servers.user]\nurl = \"u\"\n";
  std::filesystem::create_directory(dir_ / "home/.codex");
  WriteWholeFile(dir_ / "home/.codex/config.toml", user);
  ServeAs({"HOME=" + (dir_ / "home"), "CODEX_HOME="});
  const Answer answer = Read("file://" + (dir_ / "repo"));
  ASSERT_TRUE(answer.ok()) << answer.message();
  EXPECT_EQ(std::string(answer.result()["userHomeDir"].GetString()), "file://" + (dir_ / "home"));
  EXPECT_EQ(std::string(answer.result()["codexHomeDir"].GetString()),
            "file://" + (dir_ / "home/.codex"));
  const std::string texts = TextsOf(answer);
  EXPECT_NE(texts.find("[mcp_servers.user]\nurl = \"u\"\n"), std::string::npos) << texts;
  EXPECT_NE(texts.find("[mcp_servers.project]\nurl = \"p\"\n"), std::string::npos) << texts;
  EXPECT_EQ(texts.find("trust_level"), std::string::npos) << texts;
}

TEST_F(Config, ItIsAnnouncedAndAnsweredWhileAFifoWaits) {
  ASSERT_EQ(::mkfifo((dir_ / "home/config.toml").c_str(), 0600), 0);
  ServeAs({"CODEX_HOME=" + (dir_ / "home")});
  const Answer info = client_->Call("environment/info", "{}");
  ASSERT_TRUE(info.ok()) << info.message();
  EXPECT_TRUE(info.result()["capabilities"]["environmentConfigRead"].GetBool());
  const Answer answer = Read(dir_ / "repo");
  EXPECT_EQ(answer.code(), -32603);
  EXPECT_NE(answer.message().find("config.toml` is not a file"), std::string::npos)
      << answer.message();
  EXPECT_TRUE(client_->Call("environment/status", "{}").ok());
}

}  // namespace
}  // namespace paned::testing
