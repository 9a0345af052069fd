// Decoding of process/start: the method with most members and both dialects.
#include <gtest/gtest.h>

#include "protocol/codec.h"
#include "tests/protocol/parsed.h"

namespace paned::protocol {
namespace {

std::string Outcome(std::string_view text, StartParams* out) {
  const Parsed parsed(text);
  EXPECT_EQ(parsed.fault(), "") << text;
  const auto error = Decode(parsed.root(), out);
  if (!error) return "ok";
  EXPECT_EQ(error->code, ErrorCode::kInvalidParams);
  return error->message + " @ " + error->path;
}

// A good request with `member` added.
std::string With(std::string_view member, StartParams* out) {
  return Outcome(R"({"processId":"p","argv":["a"],)" + std::string(member) + "}", out);
}
std::string With(std::string_view member) {
  StartParams params;
  return With(member, &params);
}

TEST(StartParams, CodexDialect) {
  StartParams params;
  const std::string outcome = Outcome(
      R"({"processId":"p","argv":["sh","-c",""],"cwd":"file:///w%20d","env":{"A":"1","B":""},)"
      R"("envPolicy":{"inherit":"core","ignoreDefaultExcludes":true,"exclude":["X*"],)"
      R"("set":{"C":"3"},"includeOnly":["A","B"]},"tty":true,"pipeStdin":true,"arg0":"-sh",)"
      R"("sandbox":null,"enforceManagedNetwork":true,"managedNetwork":{},"networkProxy":{"proxy":{"enabled":true,)"
      R"("enableSocks5":false,"enableSocks5Udp":false,"allowUpstreamProxy":true,)"
      R"("dangerouslyAllowAllUnixSockets":false,"mode":"full","domains":{"x":"allow"},)"
      R"("unixSockets":null,"allowLocalBinding":false},"auditMetadata":{},"environmentId":"e"},)"
      R"("metadata":{"threadId":"01234567-89ab-cdef-0123-456789abcdef","toolCallId":"t"},)"
      R"("shellSnapshot":null})",
      &params);
  ASSERT_EQ(outcome, "ok");
  EXPECT_EQ(params.process_id, "p");
  EXPECT_EQ(params.argv, (std::vector<std::string>{"sh", "-c", ""}));
  ASSERT_TRUE(params.cwd.has_value());
  EXPECT_EQ(params.cwd->native, "/w d");
  ASSERT_TRUE(params.env.has_value());
  EXPECT_EQ(params.env->at("A"), "1");
  ASSERT_TRUE(params.env_policy.has_value());
  EXPECT_EQ(params.env_policy->inherit, InheritPolicy::kCore);
  EXPECT_TRUE(params.env_policy->ignore_default_excludes);
  EXPECT_EQ(params.env_policy->exclude, std::vector<std::string>{"X*"});
  EXPECT_EQ(params.env_policy->set.at("C"), "3");
  EXPECT_EQ(params.env_policy->include_only.size(), 2U);
  EXPECT_TRUE(params.tty && params.pipe_stdin && params.enforce_managed_network);
  EXPECT_TRUE(params.has_managed_network && params.network_proxy);
  EXPECT_EQ(params.network_proxy->proxy.mode, NetworkProxyMode::kFull);
  EXPECT_EQ(params.network_proxy->environment_id, "e");
  EXPECT_EQ(params.arg0, "-sh");
  ASSERT_TRUE(params.metadata.has_value());
  EXPECT_EQ(params.metadata->tool_call_id, "t");
}

TEST(StartParams, GoDialect) {
  StartParams params;
  ASSERT_EQ(Outcome(R"({"processId":"p","argv":["a"]})", &params), "ok");
  EXPECT_FALSE(params.cwd.has_value());
  EXPECT_FALSE(params.env.has_value());
  EXPECT_FALSE(params.tty || params.pipe_stdin);
  ASSERT_EQ(With(R"("cwd":"/a b","env":{})", &params), "ok");
  EXPECT_EQ(params.cwd->form, PathForm::kPlain);
  EXPECT_TRUE(params.env.has_value());
  ASSERT_EQ(With(R"("cwd":"")"), "ok");
}

TEST(StartParams, NullsStandForDefaults) {
  for (const std::string name :
       {"cwd", "env", "envPolicy", "tty", "pipeStdin", "arg0", "sandbox", "enforceManagedNetwork",
        "managedNetwork", "networkProxy", "metadata", "shellSnapshot"}) {
    StartParams params;
    ASSERT_EQ(With("\"" + name + "\":null", &params), "ok") << name;
    EXPECT_FALSE(params.cwd || params.env || params.env_policy || params.tty || params.pipe_stdin ||
                 params.arg0 || params.enforce_managed_network || params.has_managed_network ||
                 params.network_proxy || params.metadata || params.shell_snapshot)
        << name;
  }
}

TEST(StartParams, Faults) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("cwd":5)", "invalid type: number, expected a string @ cwd"},
      {R"("cwd":"x")", "invalid URI: relative URL without a base @ cwd"},
      {R"("env":[])", "invalid type: sequence, expected a map @ env"},
      {R"("env":{"A":1})", "invalid type: number, expected a string @ env.A"},
      {R"("tty":"x")", "invalid type: string \"x\", expected a boolean @ tty"},
      {R"("pipeStdin":0)", "invalid type: number, expected a boolean @ pipeStdin"},
      {R"("arg0":[])", "invalid type: sequence, expected a string @ arg0"},
      {R"("managedNetwork":5)",
       "invalid type: number, expected struct ManagedNetworkSandboxContext @ managedNetwork"},
      {R"("networkProxy":true)",
       "invalid type: boolean `true`, expected struct RemoteNetworkProxyLaunchConfig @ "
       "networkProxy"},
      {R"("networkProxy":{})", "missing field `proxy` @ networkProxy.proxy"},
      {R"("networkProxy":{"proxy":null})",
       "invalid type: null, expected struct RemoteNetworkProxyConfig @ networkProxy.proxy"},
      {R"("networkProxy":{"proxy":{"enabled":false}})",
       "missing field `enableSocks5` @ networkProxy.proxy.enableSocks5"},
      {R"("networkProxy":{"proxy":{"mode":"x"}})",
       "unknown variant `x`, expected `limited` or `full` @ networkProxy.proxy.mode"},
      {R"("networkProxy":{"proxy":{"mode":null}})",
       "invalid type: null, expected string or map @ networkProxy.proxy.mode"},
      {R"("networkProxy":{"proxy":{"domains":5}})",
       "invalid type: number, expected a map @ networkProxy.proxy.domains"},
      {R"("networkProxy":{"proxy":{"unixSockets":[]}})",
       "invalid type: sequence, expected struct NetworkUnixSocketPermissions @ "
       "networkProxy.proxy.unixSockets"},
      {R"("networkProxy":{"auditMetadata":5})",
       "invalid type: number, expected struct NetworkProxyAuditMetadata @ "
       "networkProxy.auditMetadata"},
      {R"("networkProxy":{"executionId":5})",
       "invalid type: number, expected a string @ networkProxy.executionId"},
      {R"("shellSnapshot":5)",
       "invalid type: number, expected struct ShellSnapshotRequest @ shellSnapshot"},
      {R"("shellSnapshot":{})", "missing field `scopeId` @ shellSnapshot.scopeId"},
      {R"("shellSnapshot":{"scopeId":"s"})", "missing field `shell` @ shellSnapshot.shell"},
      {R"("shellSnapshot":{"scopeId":null})",
       "invalid type: null, expected a string @ shellSnapshot.scopeId"},
      {R"("shellSnapshot":{"shell":"bash"})",
       "invalid type: string \"bash\", expected struct ShellInfo @ shellSnapshot.shell"},
      {R"("shellSnapshot":{"scopeId":"s","shell":{"name":"bash"}})",
       "missing field `path` @ shellSnapshot.shell.path"},
      {R"("shellSnapshot":{"scopeId":"s","shell":{"path":"/bin/bash"}})",
       "missing field `name` @ shellSnapshot.shell.name"},
      {R"("shellSnapshot":{"scopeId":"s","shell":{"name":"bash","path":5}})",
       "invalid type: number, expected a string @ shellSnapshot.shell.path"},
      {R"("metadata":"x")", "invalid type: string \"x\", expected struct ExecMetadata @ metadata"},
      {R"("metadata":{"toolCallId":5})",
       "invalid type: number, expected a string @ metadata.toolCallId"},
      {R"("envPolicy":5)", "invalid type: number, expected struct ExecEnvPolicy @ envPolicy"},
      {R"("envPolicy":{})", "missing field `inherit` @ envPolicy.inherit"},
      {R"("envPolicy":{"inherit":"x"})",
       "unknown variant `x`, expected one of `core`, `all`, `none` @ envPolicy.inherit"},
      {R"("envPolicy":{"inherit":null})",
       "invalid type: null, expected string or map @ envPolicy.inherit"},
      {R"("envPolicy":{"inherit":"all","set":{},"exclude":["a","b",5]})",
       "invalid type: number, expected a string @ envPolicy.exclude[2]"},
      {R"("envPolicy":{"inherit":"all","exclude":null})",
       "invalid type: null, expected a sequence @ envPolicy.exclude"},
      {R"("envPolicy":{"inherit":"all","exclude":[],"set":{},"includeOnly":[]})",
       "missing field `ignoreDefaultExcludes` @ envPolicy.ignoreDefaultExcludes"},
      {R"("sandbox":{})", "missing field `permissions` @ sandbox.permissions"},
  };
  for (const auto& [member, fault] : cases) EXPECT_EQ(With(member), fault) << member;
}

TEST(StartParams, RequiredMembers) {
  StartParams params;
  EXPECT_EQ(Outcome("{}", &params), "missing field `processId` @ processId");
  EXPECT_EQ(Outcome(R"({"processId":"p"})", &params), "missing field `argv` @ argv");
  EXPECT_EQ(Outcome(R"({"processId":null})", &params),
            "invalid type: null, expected a string @ processId");
  EXPECT_EQ(Outcome(R"({"processId":"p","argv":null})", &params),
            "invalid type: null, expected a sequence @ argv");
  EXPECT_EQ(Outcome(R"({"processId":"p","argv":["a",null]})", &params),
            "invalid type: null, expected a string @ argv[1]");
  EXPECT_EQ(Outcome(R"({"tty":5,"zz":1,"argv":5,"processId":6})", &params),
            "invalid type: number, expected a boolean @ tty");
}

TEST(StartParams, ThreadIdIsAUuid) {
  const auto with = [](const std::string& id) {
    return With(R"("metadata":{"threadId":")" + id + "\"}");
  };
  const std::string at = " @ metadata.threadId";
  const std::string character =
      "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], "
      "found ";
  EXPECT_EQ(with("0123456789abcdef0123456789ABCDEF"), "ok");
  EXPECT_EQ(with("{01234567-89ab-cdef-0123-456789abcdef}"), "ok");
  EXPECT_EQ(with("urn:uuid:01234567-89ab-cdef-0123-456789abcdef"), "ok");
  EXPECT_EQ(with("x"), character + "`x` at 1" + at);
  EXPECT_EQ(with("01234567-89ab-cdef-0123-456789abcdeg"), character + "`g` at 36" + at);
  EXPECT_EQ(with(""), "invalid length: expected length 32 for simple format, found 0" + at);
  EXPECT_EQ(with("0123456789abcdef0123456789abcde"),
            "invalid length: expected length 32 for simple format, found 31" + at);
  EXPECT_EQ(with("aé"), character + "`é` at 2" + at);
  EXPECT_EQ(with("{x}"), character + "`x` at 2" + at);
  EXPECT_EQ(with("urn:uuid:0123456789abcdef0123456789abcdef"),
            "invalid group count: expected 5, found 1" + at);
  EXPECT_EQ(with("{}"), "invalid group count: expected 5, found 1" + at);
  EXPECT_EQ(with("01234567-89ab"), "invalid group count: expected 5, found 2" + at);
  EXPECT_EQ(with("0123456-789ab-cdef-0123-456789abcdef"),
            "invalid group length in group 0: expected 8, found 7" + at);
  EXPECT_EQ(With(R"("metadata":{"threadId":null})"), "ok");
}

}  // namespace
}  // namespace paned::protocol
