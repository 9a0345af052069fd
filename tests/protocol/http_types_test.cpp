// http/request's parameters, result and notification on the wire.
#include <gtest/gtest.h>

#include "protocol/codec.h"
#include "tests/protocol/parsed.h"

namespace paned::protocol {
namespace {

std::string Outcome(std::string_view text, HttpRequestParams* out) {
  const Parsed parsed(text);
  EXPECT_EQ(parsed.fault(), "") << text;
  const auto error = Decode(parsed.root(), out);
  return error ? error->message : "ok";
}

// The outcome with `more` beside the required members.
std::string With(const std::string& more) {
  HttpRequestParams params;
  return Outcome(R"({"method":"GET","url":"http://h/","requestId":"r",)" + more + '}', &params);
}

TEST(HttpTypes, EveryMemberIsRead) {
  HttpRequestParams params;
  ASSERT_EQ(Outcome(R"({"method":"POST","url":"u","requestId":"r","headers":[)"
                    R"({"name":"A","value":"v","valueEnvVar":"E"},{"name":"b","value":""}],)"
                    R"("bodyBase64":"YWI=","timeoutMs":18446744073709551615,)"
                    R"("redirectPolicy":"stop","streamResponse":true,"other":1})",
                    &params),
            "ok");
  EXPECT_EQ(params.method, "POST");
  ASSERT_EQ(params.headers.size(), 2U);
  EXPECT_EQ(params.headers[0].value_env_var, "E");
  EXPECT_FALSE(params.headers[1].value_env_var);
  EXPECT_EQ(params.body, "ab");
  EXPECT_EQ(params.timeout_ms, UINT64_MAX);
  EXPECT_EQ(params.redirect_policy, RedirectPolicy::kStop);
  EXPECT_TRUE(params.stream_response);
}

TEST(HttpTypes, DefaultsAndFaults) {
  HttpRequestParams params;
  EXPECT_EQ(Outcome(R"({"method":"","url":"","requestId":""})", &params), "ok");
  EXPECT_EQ(params.redirect_policy, RedirectPolicy::kFollow);
  EXPECT_FALSE(params.stream_response || params.timeout_ms);
  EXPECT_EQ(Outcome("null", &params), "invalid type: null, expected struct HttpRequestParams");
  EXPECT_EQ(Outcome("{}", &params), "missing field `method`");
  EXPECT_EQ(Outcome(R"({"method":"","url":""})", &params), "missing field `requestId`");
  EXPECT_EQ(With(R"("headers":{})"), "invalid type: map, expected a sequence");
  EXPECT_EQ(With(R"("headers":["a"])"), "invalid type: string \"a\", expected struct HttpHeader");
  EXPECT_EQ(With(R"("headers":[{"value":"x"}])"), "missing field `name`");
  EXPECT_EQ(With(R"("headers":[{"name":"x","value":null}])"),
            "invalid type: null, expected a string");
  EXPECT_EQ(With(R"("bodyBase64":"%%")"), "Invalid symbol 37, offset 0.");
  EXPECT_EQ(With(R"("timeoutMs":-1)"), "invalid number");
  EXPECT_EQ(With(R"("timeoutMs":"x")"), "invalid type: string \"x\", expected u64");
  EXPECT_EQ(With(R"("redirectPolicy":"x")"), "unknown variant `x`, expected `follow` or `stop`");
  EXPECT_EQ(With(R"("redirectPolicy":5)"), "invalid type: number, expected string or map");
  EXPECT_EQ(With(R"("streamResponse":1)"), "invalid type: number, expected a boolean");
}

TEST(HttpTypes, ResultAndDelta) {
  HttpResult result;
  result.status = 200;
  result.headers = {{"a", "1"}};
  result.body.raw = "ab";
  std::string text;
  AppendJson(result, &text);
  EXPECT_EQ(text, R"({"status":200,"headers":[{"name":"a","value":"1"}],"bodyBase64":"YWI="})");
  HttpBodyDelta delta{"r", 3, {"ab"}, false, std::nullopt};
  text.clear();
  AppendJson(delta, &text);
  EXPECT_EQ(text, R"({"requestId":"r","seq":3,"deltaBase64":"YWI=","done":false,"error":null})");
  delta.delta.raw = {};
  delta.done = true;
  delta.error = "why";
  EXPECT_EQ(EncodeNotification("http/request/bodyDelta", delta),
            R"({"jsonrpc":"2.0","method":"http/request/bodyDelta","params":)"
            R"({"requestId":"r","seq":3,"deltaBase64":"","done":true,"error":"why"}})");
}

}  // namespace
}  // namespace paned::protocol
