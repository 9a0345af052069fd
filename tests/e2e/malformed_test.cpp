// Hundreds of broken messages on one connection, which must live through them all.

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Malformed : public E2e {};

constexpr char kGood[] =
    R"({"id":77777,"method":"process/read","params":{"processId":"p\u00e9","afterSeq":1}})";

std::string Nested(char open, char close, int depth) {
  const auto count = static_cast<std::size_t>(depth);
  return R"({"id":1,"method":"environment/status","params":)" + std::string(count, open) +
         std::string(count, close) + "}";
}

std::string NestedObjects(int depth) {
  std::string text = R"({"id":"d","method":"environment/status","x":)";
  for (int i = 0; i < depth; ++i) text += "{\"a\":";
  return text + "1" + std::string(static_cast<std::size_t>(depth), '}') + "}";
}

std::string ManyValues(int count) {
  std::string text = R"({"id":"w","method":"environment/status","x":[0)";
  for (int i = 1; i < count; ++i) text += ",0";
  return text + "]}";
}

// None of these is a message at all.
std::vector<std::string> Unparsable() {
  std::vector<std::string> cases = {
      "",
      " ",
      "\n",
      "null",
      "true",
      "0",
      "-",
      "\"text\"",
      "[]",
      "[{}]",
      "{}",
      "{\"id\":1}",
      "{\"params\":{}}",
      "{\"jsonrpc\":\"2.0\"}",
      R"([{"id":1,"method":"environment/status"}])",
      R"([{"id":1,"method":"environment/status"},{"id":2,"method":"environment/status"}])",
      R"({"id":1,"method":5})",
      R"({"id":1,"method":null})",
      R"({"id":1,"method":["environment/status"]})",
      R"({"id":1,"method":{}})",
      R"({"id":1,"method":"a","method":"b"})",
      R"({"id":1,"id":2,"method":"environment/status"})",
      R"({"id":1,"method":"environment/status","params":{},"params":{}})",
      R"({"id":1,"method":"environment/status","x":1,"x":1})",
      R"({"id":1,"method":"environment/status","x":{"a":1,"b":{"c":1,"c":2}}})",
      R"({"id":1,"method":"environment/status","x":[{"a":1,"\u0061":2}]})",
      R"({"id":1,"\u0069d":2,"method":"environment/status"})",
      R"({"id":1,"method":"environment/status","trace":5})",
      R"({"id":1,"method":"environment/status","trace":{"traceparent":5}})",
      R"({id:1,"method":"environment/status"})",
      R"({'id':1,'method':'environment/status'})",
      R"({"id":1,"method":"environment/status",})",
      R"({"id":1,,"method":"environment/status"})",
      R"({"id":1 "method":"environment/status"})",
      R"({"id" 1,"method":"environment/status"})",
      R"({"id":1,"method":"environment/status"}})",
      R"({"id":1,"method":"environment/status"}x)",
      R"({"id":1,"method":"environment/status"}{"id":2,"method":"environment/status"})",
      R"({"id":1,"method":"environment/status"},)",
      R"(/* c */{"id":1,"method":"environment/status"})",
      "{\"id\":1,\"method\":\"environment/status\" // c\n}",
      "\xEF\xBB\xBF{\"id\":1,\"method\":\"environment/status\"}",
      R"({"id":1,"method":"environment/status"})" + std::string(1, '\0'),
      std::string(1, '\0'),
      "\xFF\xFE{",
      R"({"id":1,"method":"environment/status","x":"\ud800"})",
      R"({"id":1,"method":"environment/status","x":"\udc00"})",
      R"({"id":1,"method":"environment/status","x":"\ud800\ud800"})",
      R"({"id":1,"method":"environment/status","x":"\ud800\u0041"})",
      R"({"id":1,"method":"environment/status","x":"\ud83dx"})",
      R"({"id":1,"method":"environment/status","\udfff":1})",
      R"({"id":1,"method":"environment/status","x":"\u12"})",
      R"({"id":1,"method":"environment/status","x":"\u12g4"})",
      R"({"id":1,"method":"environment/status","x":"\x41"})",
      R"({"id":1,"method":"environment/status","x":"\'"})",
      "{\"id\":1,\"method\":\"environment/status\",\"x\":\"\n\"}",
      "{\"id\":1,\"method\":\"environment/status\",\"x\":\"\t\"}",
      R"({"id":1,"method":"environment/status","x":")" + std::string(1, '\0') + "\"}",
      Nested('[', ']', 128),
      Nested('[', ']', 1000),
      Nested('[', ']', 1000000),
      NestedObjects(128),
      NestedObjects(100000),
      std::string(1000000, '['),
      std::string(1000000, '{'),
      std::string(65536, '"'),
      ManyValues(262'145),
  };
  // Numbers that JSON does not have, or that nothing can hold.
  for (const char* number : {"01", "-01", "+1", ".5", "1.", "1e", "1e+", "--1", "0x10", "NaN",
                             "Infinity", "-Infinity", "1_000", "1e999", "-1e999"}) {
    cases.push_back(std::string(R"({"id":1,"method":"environment/status","x":)") + number + "}");
    cases.push_back(std::string(R"({"method":"environment/status","id":)") + number + "}");
  }
  // Bytes that are no UTF-8: stray, overlong, surrogates, too high, cut short.
  for (const char* bytes : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
                            "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE",
                            "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98"}) {
    cases.push_back(std::string(R"({"id":1,"method":"environment/status","x":")") + bytes + "\"}");
    cases.push_back(std::string(R"({"id":1,"method":"environment/status",")") + bytes + "\":1}");
    cases.push_back(std::string(bytes));
  }
  // A good message cut off everywhere, and with one byte gone that it needs.
  const std::string good = kGood;
  for (std::size_t size = 1; size < good.size(); ++size) cases.push_back(good.substr(0, size));
  for (std::size_t at = 0; at < good.size(); ++at) {
    if (std::string("{}:,").find(good[at]) == std::string::npos) continue;
    cases.push_back(good.substr(0, at) + good.substr(at + 1));
    cases.push_back(good.substr(0, at) + good[at] + good.substr(at));
  }
  return cases;
}

void ExpectAlive(RpcClient* client) {
  const Story story = client->Run("alive", StartParams("alive", Sh("echo alive")));
  EXPECT_EQ(story.out, "alive\n");
}

TEST_F(Malformed, EveryOneIsAnsweredWithIdMinusOne) {
  const auto client = Open();
  const std::vector<std::string> cases = Unparsable();
  EXPECT_GE(cases.size(), 200u);
  const std::string prefix =
      "failed to parse websocket JSON-RPC message from exec-server websocket 127.0.0.1:";
  for (const std::string& text : cases) {
    ASSERT_TRUE(client->ws().SendText(text));
    const Answer answer = client->AwaitStray();
    ASSERT_TRUE(answer) << text.substr(0, 200);
    EXPECT_EQ(answer.document()["id"].IsInt() ? answer.document()["id"].GetInt() : 0, -1)
        << text.substr(0, 200);
    EXPECT_EQ(answer.code(), -32600) << text.substr(0, 200);
    EXPECT_EQ(answer.message().rfind(prefix, 0), 0u) << answer.message();
  }
  ExpectAlive(client.get());
}

TEST_F(Malformed, BinaryFramesAreHeldToTheSame) {
  const auto client = Open();
  for (const std::string text : {"\xFF\xFF", "{\"id\":1", "[]"}) {
    ASSERT_TRUE(client->ws().SendBinary(text));
    EXPECT_EQ(client->AwaitStray().code(), -32600);
  }
  ExpectAlive(client.get());
}

// Deep and wide, but within the limits.
TEST_F(Malformed, TheLargestThatIsAllowedIsTaken) {
  const auto client = Open();
  for (const std::string& text : {NestedObjects(126), ManyValues(262'000)}) {
    ASSERT_TRUE(client->ws().SendText(text));
    EXPECT_TRUE(client->AwaitStray().ok());
  }
}

struct BadParams {
  const char* method;
  const char* params;
  int code;
  const char* message;  // "" : any
};

constexpr BadParams kBadParams[] = {
    {"process/read", "[]", -32602, ""},
    {"process/read", "5", -32602, ""},
    {"process/read", R"("p")", -32602, ""},
    {"process/read", R"({"processId":null})", -32602, "invalid type: null, expected a string"},
    {"process/read", R"({"processId":5})", -32602, "invalid type: number, expected a string"},
    {"process/read", R"({"processId":"p","afterSeq":-1})", -32602, "invalid number"},
    {"process/read", R"({"processId":"p","afterSeq":1.5})", -32602, "invalid number"},
    {"process/read", R"({"processId":"p","afterSeq":18446744073709551616})", -32602, ""},
    {"process/read", R"({"processId":"p","waitMs":1e300})", -32602, ""},
    {"process/read", R"({"processId":"p","maxBytes":"1"})", -32602, ""},
    {"process/read", R"({"processId":"p","afterSeq":18446744073709551615})", -32600,
     "unknown process id p"},
    {"process/start", R"({"processId":"p"})", -32602, "missing field `argv`"},
    {"process/start", R"({"processId":"p","argv":"true"})", -32602, ""},
    {"process/start", R"({"processId":"p","argv":[1]})", -32602, ""},
    {"process/start", R"({"processId":"p","argv":["x"],"env":{"A":1}})", -32602, ""},
    {"process/start", R"({"processId":"p","argv":["x"],"env":[]})", -32602, ""},
    {"process/start", R"({"processId":"p","argv":["x"],"tty":"no"})", -32602,
     "invalid type: string \"no\", expected a boolean"},
    {"process/start", R"({"processId":"p","argv":["x"],"cwd":"relative"})", -32602,
     "invalid URI: relative URL without a base"},
    {"process/start", R"({"processId":"p","argv":["x"],"cwd":"http://h/x"})", -32602,
     "unsupported path URI scheme `http`"},
    {"process/start", R"({"processId":"p","argv":["x"],"envPolicy":{}})", -32602, ""},
    {"process/write", R"({"processId":"p"})", -32602, "missing field `chunk`"},
    {"process/write", R"({"processId":"p","chunk":"Q"})", -32602, ""},
    {"process/write", R"({"processId":"p","chunk":"QQ"})", -32602, "Invalid padding"},
    {"process/write", R"({"processId":"p","chunk":"QQ="})", -32602, "Invalid padding"},
    {"process/write", R"({"processId":"p","chunk":"QUF"})", -32602, "Invalid padding"},
    {"process/write", R"({"processId":"p","chunk":"QQ==QQ=="})", -32602, ""},
    {"process/write", R"({"processId":"p","chunk":"QQ%="})", -32602,
     "Invalid symbol 37, offset 2."},
    {"process/write", R"({"processId":"p","chunk":"QQ =="})", -32602, ""},
    {"process/write", R"({"processId":"p","chunk":"QUJ_"})", -32602, ""},
    {"process/write", R"({"processId":"p","chunk":"QQl="})", -32602,
     "Invalid last symbol 108, offset 2."},
    {"process/write", R"({"processId":"p","chunk":"","writeId":""})", -32602,
     "writeId must not be empty"},
    {"process/signal", R"({"processId":"p","signal":"kill"})", -32602,
     "unknown variant `kill`, expected `interrupt`"},
    {"process/signal", R"({"processId":"p"})", -32602, "missing field `signal`"},
    {"fs/readFile", R"({"path":""})", -32602, "invalid URI: relative URL without a base"},
    {"fs/readFile", R"({"path":"a/b"})", -32602, "invalid URI: relative URL without a base"},
    {"fs/readFile", R"({"path":"file:///a?q"})", -32602,
     "query parameters are not allowed in path URIs"},
    {"fs/readFile", R"({"path":"file:///a#f"})", -32602, "fragments are not allowed in path URIs"},
    {"fs/readFile", R"({"path":"file:///tmp/%00"})", -32602,
     "'file:///tmp/%00' is invalid on 'linux'"},
    {"fs/readFile", R"({"path":"file://host/x"})", -32600, "'file://host/x' is invalid on 'linux'"},
    {"fs/writeFile", R"({"path":"/nonexistent/x","dataBase64":"!"})", -32600, ""},
    {"fs/copy", R"({"sourcePath":"/a"})", -32602, "missing field `destinationPath`"},
    {"environment/info", R"({"a":1})", -32602, "invalid type: map, expected unit"},
};

TEST_F(Malformed, ParametersThatDoNotDecode) {
  const auto client = Open();
  for (const BadParams& bad : kBadParams) {
    const Answer answer = client->Call(bad.method, bad.params);
    EXPECT_EQ(answer.code(), bad.code) << bad.method << " " << bad.params << answer.message();
    if (bad.message[0] != '\0') {
      EXPECT_EQ(answer.message(), bad.message) << bad.method << " " << bad.params;
    }
  }
  ExpectAlive(client.get());
}

// A seeded stream of damage: whatever comes of it, every message with an id gets one reply and the
// connection lives.
TEST_F(Malformed, RandomDamageLeavesTheConnectionAlive) {
  const auto client = Open();
  std::uint32_t seed = 12345;
  const auto next = [&seed] { return (seed = seed * 1664525 + 1013904223) >> 8; };
  for (int round = 0; round < Scaled(2000, 200); ++round) {
    std::string text = kGood;
    for (std::uint32_t hits = 1 + next() % 3; hits > 0; --hits) {
      text[next() % text.size()] = static_cast<char>(next());
    }
    ASSERT_TRUE(client->ws().SendText(text));
  }
  EXPECT_TRUE(client->Call("environment/status").ok());
  ExpectAlive(client.get());
}

}  // namespace
}  // namespace paned::testing
