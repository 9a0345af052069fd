// initialize and what must not be asked before it; ids; the order of checks.
#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Handshake : public E2e {};

TEST_F(Handshake, InitializeTellsSessionAndEnvironment) {
  const auto client = Connect();
  const Answer answer = client->Initialize("anyone");
  ASSERT_TRUE(answer.ok()) << answer.message();
  EXPECT_EQ(client->session().size(), 36u);
  const rapidjson::Value& info = answer.result()["environmentInfo"];
  for (const char* member : {"shell", "cwd", "executorVersion", "userHomeDir", "platformOs",
                             "tempDir", "temporaryDirectories", "capabilities"}) {
    EXPECT_TRUE(info.HasMember(member)) << member;
  }
  const Answer asked = client->Call("environment/info");
  ASSERT_TRUE(asked.ok());
  EXPECT_TRUE(asked.result() == info);
  EXPECT_STREQ(client->Call("environment/status").result()["status"].GetString(), "ready");
}

struct Family {
  const char* method;
  const char* params;
  const char* name;
};
constexpr Family kFamilies[] = {
    {"process/start", R"({"processId":"p","argv":["/bin/true"]})", "exec"},
    {"process/read", R"({"processId":"p"})", "exec"},
    {"process/write", R"({"processId":"p","chunk":""})", "exec"},
    {"process/signal", R"({"processId":"p","signal":"interrupt"})", "exec"},
    {"process/terminate", R"({"processId":"p"})", "exec"},
    {"fs/readFile", R"({"path":"/"})", "filesystem"},
    {"fs/writeFile", R"({"path":"/","dataBase64":""})", "filesystem"},
    {"fs/createDirectory", R"({"path":"/"})", "filesystem"},
    {"fs/getMetadata", R"({"path":"/"})", "filesystem"},
    {"fs/canonicalize", R"({"path":"/"})", "filesystem"},
    {"fs/readDirectory", R"({"path":"/"})", "filesystem"},
    {"fs/remove", R"({"path":"/nonexistent"})", "filesystem"},
    {"fs/copy", R"({"sourcePath":"/nonexistent","destinationPath":"/nonexistent"})", "filesystem"},
    {"environment/info", "{}", "environment info"},
    {"environment/status", "null", "environment status"},
};

TEST_F(Handshake, MethodsWaitForInitializeAndInitialized) {
  const auto client = Connect();
  for (const Family& family : kFamilies) {
    const Answer answer = client->Call(family.method, family.params);
    EXPECT_EQ(answer.code(), -32600) << family.method;
    EXPECT_EQ(answer.message(),
              std::string("client must call initialize before using ") + family.name + " methods");
  }
  ASSERT_TRUE(client->Call("initialize", R"({"clientName":""})").ok());
  for (const Family& family : kFamilies) {
    const Answer answer = client->Call(family.method, family.params);
    EXPECT_EQ(answer.code(), -32600) << family.method;
    EXPECT_EQ(answer.message(),
              std::string("client must send initialized before using ") + family.name + " methods");
  }
  client->Notify("initialized");
  EXPECT_TRUE(client->Call("environment/status").ok());
}

TEST_F(Handshake, UnknownMethodThenParamsThenState) {
  const auto client = Connect();
  Answer answer = client->Call("process/stop", "{}");
  EXPECT_EQ(answer.code(), -32601);
  EXPECT_EQ(answer.message(), "exec-server stub does not implement `process/stop` yet");
  EXPECT_EQ(client->Call("initialized").code(), -32601);
  answer = client->Call("process/read", "{}");
  EXPECT_EQ(answer.code(), -32602);
  EXPECT_EQ(answer.message(), "missing field `processId`");
  answer = client->Call("process/read", "null");
  EXPECT_EQ(answer.code(), -32602);
  EXPECT_EQ(answer.message(), "invalid type: null, expected struct ReadParams");
  EXPECT_EQ(client->Call("process/read", R"({"processId":"p"})").code(), -32600);
}

TEST_F(Handshake, InitializeMayFailAndBeTriedAgainButWorksOnce) {
  const auto client = Connect();
  EXPECT_EQ(client->Call("initialize", "{}").code(), -32602);
  EXPECT_EQ(client->Call("initialize", R"({"clientName":null})").code(), -32602);
  Answer answer = client->Initialize("e2e", "0f0e0d0c-0000-4000-8000-000000000000");
  EXPECT_EQ(answer.code(), -32600);
  EXPECT_EQ(answer.message(), "unknown session id 0f0e0d0c-0000-4000-8000-000000000000");
  answer = client->Call("initialize", R"({"clientName":"x","resumeSessionId":""})");
  EXPECT_EQ(answer.message(), "unknown session id ");
  EXPECT_TRUE(client->Initialize("e2e").ok());
  answer = client->Initialize("e2e");
  EXPECT_EQ(answer.code(), -32600);
  EXPECT_EQ(answer.message(), "initialize may only be sent once per connection");
  EXPECT_TRUE(client->Call("environment/status").ok());
}

TEST_F(Handshake, InitializedIsHarmlessAtAnyTime) {
  const auto client = Connect();
  client->Notify("initialized");
  EXPECT_EQ(client->Call("environment/status").code(), -32600);
  ASSERT_TRUE(client->Call("initialize", R"({"clientName":"x"})").ok());
  client->ws().SendText(R"({"method":"initialized"})");
  EXPECT_TRUE(client->Call("environment/status").ok());
  client->Notify("initialized", "null");
  EXPECT_TRUE(client->Call("environment/status").ok());
}

TEST_F(Handshake, StrayMessagesAreIgnored) {
  const auto client = Open();
  for (const char* stray :
       {R"({"method":"process/terminate","params":{"processId":"p"}})",
        R"({"method":"$/cancelRequest","params":{"id":1}})", R"({"method":"initialize"})",
        R"({"id":1,"result":{}})", R"({"id":"x","result":null})",
        R"({"error":{"code":-1,"message":"m"},"id":7})"}) {
    client->ws().SendText(stray);
    // Had the stray been answered, that answer would come first.
    const Answer next = client->Call("environment/status");
    EXPECT_TRUE(next.ok()) << stray;
    EXPECT_FALSE(client->AwaitStray(Millis(0))) << stray;
  }
}

TEST_F(Handshake, IdsAreEchoedAsTheyCame) {
  const auto client = Open();
  for (const std::string id : {"\"\"", "\"abc\"", "\"-1\"", "\"\\u00e9\\n\\\"\"", "0", "-1", "-17",
                               "9223372036854775807", "-9223372036854775808"}) {
    client->ws().SendText("{\"method\":\"environment/status\",\"id\":" + id + "}");
    const Answer answer = client->AwaitStray();
    ASSERT_TRUE(answer.ok()) << id;
    rapidjson::Document expected;
    expected.Parse(id.c_str());
    EXPECT_TRUE(answer.document()["id"] == expected) << id;
  }
  for (const std::string id : {"null", "1.0", "1e3", "true", "[]", "{}", "9223372036854775808",
                               "-9223372036854775809", "123456789012345678901234567890"}) {
    client->ws().SendText("{\"method\":\"environment/status\",\"id\":" + id + "}");
    const Answer answer = client->AwaitStray();
    EXPECT_EQ(answer.code(), -32600) << id;
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer.document()["id"].GetInt(), -1) << id;
  }
}

TEST_F(Handshake, OneIdMayBeInUseTwice) {
  const auto client = Open();
  for (int i = 0; i < 2; ++i) {
    client->ws().SendText(R"({"id":"same","method":"environment/status"})");
  }
  EXPECT_TRUE(client->AwaitStray().ok());
  EXPECT_TRUE(client->AwaitStray().ok());
}

TEST_F(Handshake, OrderOfMembersAndUnknownMembersDoNotMatter) {
  const auto client = Open();
  client->ws().SendText(
      R"({"params":{"x":1,"processId":"nobody","y":[{}]},"trace":{"traceparent":"t"},)"
      R"("jsonrpc":"1.0","extra":null,"method":"process/terminate","id":"a"})");
  const Answer answer = client->AwaitStray();
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer.result()["running"].GetBool());
}

}  // namespace
}  // namespace paned::testing
