// The stack of layers: order, sources, what is left out, faults in the reference's order, limits.
#include <sys/socket.h>
#include <sys/un.h>

#include "server/environment/config_reader.h"
#include "tests/environment/config_fixture.h"

namespace paned {
namespace {

constexpr char kLoad[] = "failed to load executor-local config: ";

TEST_F(ConfigTest, EveryFileHasItsPlace) {
  Write("etc/config.toml", "a=\"system\"\n");
  Write("etc/managed_config.toml", "a=\"managed\"\n");
  Write("etc/requirements.toml", "a=\"required\"\n");
  Trust({{"repo", "trusted"}}, "a=\"user\"\n");
  const Result<LocalConfig> read = Read("repo/sub");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(Told(read.value().config),
            (Texts{"system (/etc/config.toml)|a = \"system\"\n",
                   "user (/codex/config.toml)|a = \"user\"\n",
                   "project (/repo/.codex/config.toml)|a = \"project\"\n",
                   "project (/repo/sub/.codex/config.toml)|a = \"project\"\n",
                   "legacy managed_config.toml (/etc/managed_config.toml)|a = \"managed\"\n"}));
  EXPECT_EQ(read.value().config.cloud_insertion_index, 1U);
  EXPECT_EQ(Told(read.value().requirements), Texts{"/etc/requirements.toml|a = \"required\"\n"});
  EXPECT_EQ(read.value().requirements.cloud_insertion_index, 1U);
  EXPECT_EQ(read.value().codex_home, At("codex"));
  Texts bases;
  for (const ConfigLayer& layer : read.value().config.layers)
    bases.push_back(Short(layer.base_dir));
  EXPECT_EQ(bases, (Texts{"/etc", "/codex", "/repo/.codex", "/repo/sub/.codex", "/etc"}));
}

TEST_F(ConfigTest, ALayerWithoutAnswerIsLeftOutAndDoesNotCount) {
  Write("etc/config.toml", "b=1\n");
  Write("etc/requirements.toml", "b=1\n");
  Write("codex/config.toml", "a=1\n");
  const Result<LocalConfig> read = Read();
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(Told(read.value().config), Texts{"user (/codex/config.toml)|a = 1\n"});
  EXPECT_EQ(read.value().config.cloud_insertion_index, 0U);
  EXPECT_TRUE(read.value().requirements.layers.empty());
  EXPECT_EQ(read.value().requirements.cloud_insertion_index, 0U);
}

TEST_F(ConfigTest, NothingThereIsNoFault) {
  EXPECT_EQ(Layers(), Texts{});
  EXPECT_EQ(Layers("missing/also"), Texts{});
  std::filesystem::create_symlink("/nonexistent/file", At("codex/config.toml"));
  EXPECT_EQ(Layers(), Texts{});
}

TEST_F(ConfigTest, AProjectDoesNotDecideWhereCredentialsGo) {
  Trust({{"repo", "trusted"}});
  Texts keys = {"model_provider",
                "model_providers",
                "notify",
                "profile",
                "profiles",
                "openai_base_url",
                "chatgpt_base_url",
                "otel",
                "experimental_realtime_ws_base_url"};
  std::vector<TomlPath> paths = {{"model"}};
  std::string text = "model=\"m\"\n";
  for (const std::string& key : keys) {
    text += key + "=\"x\"\n";
    paths.push_back({key});
  }
  Write("repo/.codex/config.toml", text);
  EXPECT_EQ(Layers("repo", paths), Texts{"project (/repo/.codex/config.toml)|model = \"m\"\n"});
  Write("codex/config.toml", text);  // a user does
  EXPECT_EQ(Layers("repo", {{"notify"}}), Texts{"user (/codex/config.toml)|notify = \"x\"\n"});
}

TEST_F(ConfigTest, ABrokenFileIsToldByItsKind) {
  const std::string reason = "Error while parsing key-value pair: expected value, saw '\\n'";
  const auto broken = [&](const std::string& name) {
    Write(name, "a = \n");
    const std::string fault = Fault("repo");
    Remove(name);
    return fault;
  };
  EXPECT_EQ(broken("etc/config.toml"), kLoad + ("/etc/config.toml:1:5: " + reason));
  EXPECT_EQ(broken("codex/config.toml"), kLoad + ("/codex/config.toml:1:5: " + reason));
  EXPECT_EQ(broken("etc/managed_config.toml"), kLoad + ("/etc/managed_config.toml:1:5: " + reason));
  EXPECT_EQ(broken("etc/requirements.toml"),
            kLoad + ("failed to parse requirements layer /etc/requirements.toml: TOML parse error "
                     "at line 1, column 5: " +
                     reason));
  Trust({{"repo", "trusted"}});
  EXPECT_EQ(broken("repo/.codex/config.toml"),
            kLoad + ("Error parsing project config file /repo/.codex/config.toml: TOML parse error "
                     "at line 1, column 5: " +
                     reason));
  Trust({});
  EXPECT_EQ(broken("repo/.codex/config.toml"), "no fault");  // without trust nobody parses it
}

TEST_F(ConfigTest, AnUnreadableFileIsToldByItsKind) {
  const std::string why = "invalid utf-8 sequence of 1 bytes from index 3";
  const auto broken = [&](const std::string& name) {
    Write(name, "a=\"\xff\"\n");
    const std::string fault = Fault("repo");
    Remove(name);
    return fault;
  };
  EXPECT_EQ(broken("etc/config.toml"),
            kLoad + ("Failed to read config file /etc/config.toml: " + why));
  EXPECT_EQ(broken("codex/config.toml"),
            kLoad + ("Failed to read config file /codex/config.toml: " + why));
  EXPECT_EQ(broken("etc/managed_config.toml"), kLoad + why);
  EXPECT_EQ(broken("etc/requirements.toml"),
            kLoad + ("Failed to read requirements file /etc/requirements.toml: " + why));
  EXPECT_EQ(broken("repo/.codex/config.toml"),  // also without trust
            kLoad + ("Failed to read project config file /repo/.codex/config.toml: " + why));
}

TEST_F(ConfigTest, OnlyRegularFilesAreRead) {
  const std::string words = std::string(kLoad) + "Failed to read config file /codex/config.toml: ";
  const std::string path = At("codex/config.toml");
  const std::string not_a_file = words + "path `/codex/config.toml` is not a file";
  ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0);
  EXPECT_EQ(Fault(), not_a_file);
  Remove("codex/config.toml");
  std::filesystem::create_directory(path);
  EXPECT_EQ(Fault(), not_a_file);
  Remove("codex/config.toml");
  std::filesystem::create_symlink("config.toml", path);
  EXPECT_EQ(Fault(), words + "Symbolic link loop (os error 40)");
  Remove("codex/config.toml");
  std::filesystem::create_symlink("/dev/zero", path);
  EXPECT_EQ(Fault(), not_a_file);
}

TEST_F(ConfigTest, FilesHaveALimitAndSoHasTheirSum) {
  const std::string words = std::string(kLoad) + "Failed to read config file /codex/config.toml: ";
  const std::string head = "a=1\n#";
  Write("codex/config.toml", head + std::string(kMaxConfigFile - head.size(), 'x'));
  EXPECT_EQ(Layers(), Texts{"user (/codex/config.toml)|a = 1\n"});
  Write("codex/config.toml", head + std::string(kMaxConfigFile - head.size() + 1, 'x'));
  EXPECT_EQ(Fault(), words + "file is too large: limit is 1048576 bytes");
  // Larger than memory, were it read.
  std::filesystem::resize_file(At("codex/config.toml"), std::uintmax_t{1} << 40);
  EXPECT_EQ(Fault().substr(0, words.size()), words);

  Remove("codex/config.toml");
  const std::string most = '#' + std::string(kMaxConfigFile - 1, 'x');
  for (const char* name : {"etc/config.toml", "etc/requirements.toml", "etc/managed_config.toml",
                           "repo/.codex/config.toml"}) {
    Write(name, most);
  }
  EXPECT_EQ(Fault("repo"), "no fault");
  EXPECT_EQ(Fault("repo/sub"),
            std::string(kLoad) +
                "Failed to read project config file /repo/sub/.codex/config.toml: the "
                "configuration files together are too large: limit is 4194304 bytes");
}

TEST_F(ConfigTest, TheAnswerHasALimit) {
  std::string text = "[a." + std::string(100'000, 'k') + "]\n";
  for (int n = 0; n < 10'000; ++n) text += 't' + std::to_string(n) + "={}\n";
  Write("codex/config.toml", text);
  EXPECT_EQ(Fault(), std::string(kLoad) +
                         "user (/codex/config.toml): the configuration is too large to be sent: "
                         "limit is 16777216 bytes");
}

TEST_F(ConfigTest, TheFirstFaultIsTheReferences) {
  const std::string bad = "a = \n";
  const auto names = {"etc/managed_config.toml", "etc/config.toml", "codex/config.toml"};
  for (const char* name : names) Write(name, bad);
  Write("etc/requirements.toml", bad);
  for (const char* name : names) {
    EXPECT_NE(Fault().find('/' + std::string(name) + ":1:5"), std::string::npos) << name;
    Remove(name);
  }
  Write("codex/config.toml", "projects=5\nproject_root_markers=5\n");
  EXPECT_EQ(Fault(), std::string(kLoad) + "project_root_markers must be an array of strings");
  Write("codex/config.toml", "projects=5\n");
  EXPECT_NE(Fault().find("failed to parse requirements layer"), std::string::npos);
  Write("etc/managed_config.toml", "sandbox_mode=\"x\"\n");
  EXPECT_NE(Fault().find("Failed to parse config requirements as TOML"), std::string::npos);
  Remove("etc/managed_config.toml");
  Remove("etc/requirements.toml");
  EXPECT_EQ(Fault(),
            std::string(kLoad) + "invalid type: integer `5`, expected a map\nin `projects`\n");
}

TEST_F(ConfigTest, AnOldManagedFileBecomesRequirements) {
  const std::vector<TomlPath> paths = {
      {"allowed_approval_policies"}, {"allowed_approvals_reviewers"}, {"allowed_sandbox_modes"}};
  const auto required = [&](const std::string& text) {
    Write("etc/managed_config.toml", text + '\n');
    const Result<LocalConfig> read = Read("repo", paths);
    if (!read.ok()) return Short(read.error().message);
    if (read.value().requirements.layers.empty()) return std::string("none");
    return Told(read.value().requirements).front();
  };
  const std::string from = "/etc/managed_config.toml|";
  EXPECT_EQ(required("a=1"), "none");
  EXPECT_EQ(required("sandbox_mode=\"danger-full-access\"\napproval_policy=\"on-failure\"\n"
                     "approvals_reviewer=\"guardian_subagent\""),
            from +
                "allowed_approval_policies = [\"on-request\"]\n"
                "allowed_approvals_reviewers = [\"auto_review\", \"user\"]\n"
                "allowed_sandbox_modes = [\"read-only\", \"danger-full-access\"]\n");
  EXPECT_EQ(required("sandbox_mode={read-only={}}\napprovals_reviewer=\"user\""),
            from +
                "allowed_approvals_reviewers = [\"user\"]\n"
                "allowed_sandbox_modes = [\"read-only\"]\n");
  EXPECT_EQ(required("approval_policy={granular={sandbox_approval=true,rules=false,"
                     "mcp_elicitations=true,other=1}}"),
            from +
                "[[allowed_approval_policies]]\n\n[allowed_approval_policies.granular]\n"
                "sandbox_approval = true\nrules = false\nskill_approval = false\n"
                "request_permissions = false\nmcp_elicitations = true\n");
  const std::string parse = std::string(kLoad) + "Failed to parse config requirements as TOML: ";
  const auto at = [&](const std::string& why, const char* where) {
    return parse + why + "\nin `" + where + "`\n";
  };
  EXPECT_EQ(required("sandbox_mode=\"x\"\napproval_policy=\"y\""),
            at("unknown variant `x`, expected one of `read-only`, `workspace-write`, "
               "`danger-full-access`",
               "sandbox_mode"));
  EXPECT_EQ(required("approval_policy=5"),
            at("invalid type: unit variant, expected string only", "approval_policy"));
  EXPECT_EQ(required("approval_policy={}"),
            at("wanted exactly 1 element, found 0 elements", "approval_policy"));
  EXPECT_EQ(required("approval_policy={never=1}"),
            at("expected table, found integer", "approval_policy"));
  EXPECT_EQ(required("approval_policy={granular={rules=true}}"),
            at("missing field `sandbox_approval`", "approval_policy"));
  EXPECT_EQ(
      required("approval_policy={granular={sandbox_approval=1}}"),
      at("invalid type: integer `1`, expected a boolean", "approval_policy.sandbox_approval"));
  EXPECT_EQ(
      required("approval_policy={granular=5}"),
      at("invalid type: integer `5`, expected struct GranularApprovalConfig", "approval_policy"));
}

TEST(ConfigReaderTest, BrokenTextIsToldAsTheReferencesDecoderDoes) {
  EXPECT_EQ(FindBrokenText("ok \xc3\xa9"), std::nullopt);
  EXPECT_EQ(FindBrokenText("ab\xff"), "invalid utf-8 sequence of 1 bytes from index 2");
  EXPECT_EQ(FindBrokenText("ab\xe2\x82"), "incomplete utf-8 byte sequence from index 2");
  EXPECT_EQ(FindBrokenText("\xe2\x82(x"), "invalid utf-8 sequence of 2 bytes from index 0");
}

}  // namespace
}  // namespace paned
