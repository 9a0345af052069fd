// environmentConfig/read and what initialize tells about the machine: the wire's side of it.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "server/handlers/environment_handlers.h"
#include "tests/handlers/handler_fixture.h"
#include "tests/support/temp_dir.h"

namespace paned {
namespace {

class ConfigHandlerTest : public HandlerTest {
 protected:
  ConfigHandlerTest() {
    std::filesystem::create_directory(root_ + "/co dex");
    services_.directories.cwd = root_;
    services_.directories.home = "/home/somebody";
    services_.directories.codex_home = "co dex";
    services_.directories.system_config = root_ + "/etc";
  }
  std::string Ask(const std::string& params) {
    return AskAndWait(*peer_, Request("environmentConfig/read", params));
  }
  void Refuses(const std::string& params, const std::string& text) {
    ExpectFailure(Ask(params), -32602, text);
  }
  // With what is not the same on every machine made the same.
  std::string Anonymous(std::string answer) const {
    for (std::size_t at = 0; (at = answer.find(root_, at)) != std::string::npos;) {
      answer.replace(at, root_.size(), "ROOT");
    }
    constexpr char kMember[] = R"("hostname":")";
    const std::size_t begin = answer.find(kMember);
    if (begin == std::string::npos) return answer;
    const std::size_t from = begin + sizeof kMember - 1;
    return answer.replace(from, answer.find('"', from) - from, "HOST");
  }

  const testing::TempDir directory_;
  const std::string root_ = std::filesystem::canonical(directory_.path());
  std::unique_ptr<Peer> peer_ = Ready("generic");
};

constexpr char kNoStack[] = "{\"layers\":[],\"cloudInsertionIndex\":0}";

TEST_F(ConfigHandlerTest, TheAnswerHasTheReferencesShape) {
  const std::string params =
      R"({"cwd":"file:///tmp","configPaths":[["mcp_servers"]],"requirementsPaths":[["a"]]})";
  const std::string head =
      R"({"userHomeDir":"file:///home/somebody","codexHomeDir":"file://ROOT/co%20dex",)"
      R"("hostname":"HOST","config":)";
  EXPECT_EQ(Anonymous(Ask(params)),
            Result(head + kNoStack + R"(,"requirements":)" + kNoStack + '}'));
  std::ofstream(root_ + "/co dex/config.toml") << "[mcp_servers.x]\nurl=\"u\"\n";
  EXPECT_EQ(Anonymous(Ask(params)),
            Result(head +
                   R"-({"layers":[{"source":"user (ROOT/co dex/config.toml)",)-"
                   R"("baseDir":"file://ROOT/co%20dex",)"
                   R"("toml":"[mcp_servers.x]\nurl = \"u\"\n"}],"cloudInsertionIndex":0})" +
                   R"(,"requirements":)" + kNoStack + '}'));
}

TEST_F(ConfigHandlerTest, AHomeThatIsNotKnownIsNull) {
  services_.directories.home = "relative";
  const std::string answer = Ask(R"({"cwd":"/tmp","configPaths":[["a"]],"requirementsPaths":[]})");
  EXPECT_NE(answer.find(R"({"userHomeDir":null,"codexHomeDir":)"), std::string::npos) << answer;
}

TEST_F(ConfigHandlerTest, ParametersAreRefusedInTheReferencesWords) {
  Refuses("null", "invalid type: null, expected struct EnvironmentConfigReadParams");
  Refuses("{}", "missing field `cwd`");
  Refuses(R"({"cwd":"file:///tmp"})", "missing field `configPaths`");
  Refuses(R"({"cwd":"file:///tmp","configPaths":[]})", "missing field `requirementsPaths`");
  const auto with = [](const std::string& cwd, const std::string& config) {
    return R"({"cwd":)" + cwd + R"(,"configPaths":)" + config + R"(,"requirementsPaths":[]})";
  };
  Refuses(with("5", "5"), "invalid type: number, expected a string");
  Refuses(with("null", "[]"), "invalid type: null, expected a string");
  Refuses(with("\"\"", "[]"), "invalid URI: relative URL without a base");
  Refuses(with("\"file:///tmp\"", "null"), "invalid type: null, expected a sequence");
}

TEST_F(ConfigHandlerTest, PathsMustNameSomethingAndTheDirectoryMustBeOurs) {
  const auto with = [](const std::string& cwd, const std::string& config,
                       const std::string& requirements) {
    return R"({"cwd":")" + cwd + R"(","configPaths":)" + config + R"(,"requirementsPaths":)" +
           requirements + '}';
  };
  Refuses(with("file:///tmp", R"(["a"])", "[]"),
          "invalid type: string \\\"a\\\", expected a sequence");
  Refuses(with("file:///tmp", "[[1]]", "[]"), "invalid type: number, expected a string");
  Refuses(with("file:///tmp", "[]", "[]"), "at least one config or requirements path is required");
  Refuses(with("file://host/tmp", "[]", "[]"),
          "at least one config or requirements path is required");
  Refuses(with("file:///tmp", "[[]]", "[]"), "TOML paths must contain at least one key segment");
  Refuses(with("file:///tmp", "[]", R"([["a"],[]])"),
          "TOML paths must contain at least one key segment");
  Refuses(with("file://host/tmp", R"([["a"]])", "[]"), "'file://host/tmp' is invalid on 'linux'");
  Refuses(with("file:///C:/tmp", R"([["a"]])", "[]"), "'file:///C:/tmp' is invalid on 'linux'");
}

TEST_F(ConfigHandlerTest, FaultsOfTheMachineAreInternalAndTheConnectionLives) {
  const std::string params = R"({"cwd":"/tmp","configPaths":[["a"]],"requirementsPaths":[]})";
  std::ofstream(root_ + "/co dex/config.toml") << "a=\n";
  ExpectFailure(
      Ask(params), -32603,
      "failed to load executor-local config: " + root_ +
          "/co dex/config.toml:1:3: Error while parsing key-value pair: expected value, saw " +
          R"('\\n')");
  services_.directories.codex_home = "gone";
  ExpectFailure(Ask(params), -32603,
                R"(failed to find Codex home: CODEX_HOME points to \"gone\", but that path does )"
                "not exist");
  services_.directories.codex_home = "co dex";
  std::filesystem::remove(root_ + "/co dex/config.toml");
  EXPECT_NE(Ask(params).find(kNoStack), std::string::npos);
}

TEST_F(ConfigHandlerTest, BeforeTheHandshakeItIsNobodys) {
  const auto stranger = Connect();
  ExpectFailure(
      stranger->Ask(Request("environmentConfig/read",
                            R"({"cwd":"/tmp","configPaths":[["a"]],"requirementsPaths":[]})")),
      -32600, "client must call initialize before using environment config methods");
}

std::string Described(const ServerDirectories& directories) {
  std::string json;
  protocol::AppendJson(DescribeEnvironment(directories), &json);
  EXPECT_NE(json.find(R"("environmentConfigRead":true)"), std::string::npos) << json;
  const std::size_t begin = json.find(R"("executorVersion")");  // after the shell of this machine
  return json.substr(begin, json.find(R"(,"capabilities")") - begin);
}

TEST(DescribeEnvironmentTest, MembersInTheReferencesOrder) {
  ServerDirectories directories;
  directories.cwd = "/w d";
  directories.home = "/home/../h/";
  directories.temporary = "/t/x/..//y/";
  EXPECT_EQ(Described(directories),
            R"("executorVersion":"0.169.0","cwd":"file:///w%20d","userHomeDir":"file:///h",)"
            R"("platformOs":"linux","temporaryDirectories":["file:///t/y"],)"
            R"("tempDir":"file:///t/y")");
}

TEST(DescribeEnvironmentTest, WhatIsNotSetIsNotTold) {
  ServerDirectories directories;
  directories.home = "relative";
  EXPECT_EQ(Described(directories),
            R"("executorVersion":"0.169.0","cwd":"file:///","platformOs":"linux",)"
            R"("temporaryDirectories":[],"tempDir":"file:///tmp")");
  directories.cwd = "/w";
  directories.temporary = "rel";
  EXPECT_NE(Described(directories)
                .find(R"("temporaryDirectories":["file:///w/rel"],"tempDir":"file:///w/rel")"),
            std::string::npos);
  directories.temporary = "";  // set, to nothing
  EXPECT_NE(Described(directories).find(R"("temporaryDirectories":[],"tempDir":"file:///w")"),
            std::string::npos);
}

}  // namespace
}  // namespace paned
