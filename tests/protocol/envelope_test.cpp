#include "protocol/envelope.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/protocol/parsed.h"

namespace paned::protocol {
namespace {

std::string Detail(std::string_view text) {
  const ParsedEnvelope envelope(text);
  EXPECT_EQ(envelope->kind == EnvelopeKind::kMalformed, !envelope->detail.empty()) << text;
  if (envelope->kind == EnvelopeKind::kMalformed) {
    EXPECT_EQ(envelope->id, RequestId(std::int64_t{-1})) << text;
  }
  return envelope->detail;
}

TEST(Envelope, Request) {
  const ParsedEnvelope envelope(
      R"({"jsonrpc":5,"id":7,"method":"process/read","params":{"a":1},"trace":null,"zz":[]})");
  EXPECT_EQ(envelope->kind, EnvelopeKind::kRequest);
  EXPECT_EQ(envelope->id, RequestId(std::int64_t{7}));
  EXPECT_EQ(envelope->method, "process/read");
  EXPECT_EQ(envelope->params.size(), 1U);
}

TEST(Envelope, ParamsMayBeAbsent) {
  const ParsedEnvelope envelope(R"({"id":1,"method":"x"})");
  EXPECT_EQ(envelope->kind, EnvelopeKind::kRequest);
  EXPECT_TRUE(envelope->params.IsNull());
}

TEST(Envelope, MethodDecidesBeforeResult) {
  EXPECT_EQ(ParsedEnvelope(R"({"id":1,"method":"x","result":5})")->kind, EnvelopeKind::kRequest);
  EXPECT_EQ(ParsedEnvelope(R"({"id":1,"method":"x","error":5})")->kind, EnvelopeKind::kRequest);
  EXPECT_EQ(ParsedEnvelope(R"({"method":"initialized"})")->kind, EnvelopeKind::kNotification);
}

TEST(Envelope, Responses) {
  EXPECT_EQ(ParsedEnvelope(R"({"id":1,"result":null})")->kind, EnvelopeKind::kResponse);
  const ParsedEnvelope error(R"({"error":{"code":-1,"message":"x","data":1},"id":"s"})");
  EXPECT_EQ(error->kind, EnvelopeKind::kResponse);
  EXPECT_EQ(error->id, RequestId(std::string("s")));
}

TEST(Envelope, Ids) {
  const auto id = [](std::string_view text) {
    return ParsedEnvelope(R"({"method":"x","id":)" + std::string(text) + "}")->id;
  };
  EXPECT_EQ(id("9223372036854775807"), RequestId(std::int64_t{INT64_MAX}));
  EXPECT_EQ(id("-9223372036854775808"), RequestId(std::int64_t{INT64_MIN}));
  EXPECT_EQ(id("-0"), RequestId(std::int64_t{0}));
  EXPECT_EQ(id("\"\""), RequestId(std::string()));
  EXPECT_EQ(id("\"a\\u0000b\""), RequestId(std::string("a\0b", 3)));
  const std::string longest(1'000'000, 'i');
  EXPECT_EQ(id("\"" + longest + "\""), RequestId(longest));
  for (const std::string_view bad :
       {"1.0", "null", "true", "[]", "{}", "1e2", "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(Detail(R"({"method":"x","id":)" + std::string(bad) + "}"),
              "data did not match any variant of untagged enum RequestId")
        << bad;
  }
}

TEST(Envelope, Trace) {
  EXPECT_EQ(Detail(R"({"id":1,"method":"x","trace":{}})"), "");
  EXPECT_EQ(Detail(R"({"id":1,"method":"x","trace":{"traceparent":null,"tracestate":"b"}})"), "");
  EXPECT_EQ(Detail(R"({"id":1,"method":"x","trace":5})"),
            "invalid type: number, expected struct W3cTraceContext");
  EXPECT_EQ(Detail(R"({"id":1,"method":"x","trace":"s"})"),
            "invalid type: string \"s\", expected struct W3cTraceContext");
  EXPECT_EQ(Detail(R"({"id":1,"method":"x","trace":[]})"),
            "invalid type: sequence, expected struct W3cTraceContext");
  EXPECT_EQ(Detail(R"({"id":1,"method":"x","trace":{"tracestate":5}})"),
            "invalid type: number, expected a string");
}

TEST(Envelope, Malformed) {
  for (const std::string_view text : {"[]", "5", "\"x\"", "null", "true", "[{\"id\":1}]"}) {
    EXPECT_EQ(Detail(text), "expected a JSON-RPC object") << text;
  }
  for (const std::string_view text : {"{}", R"({"id":1})", R"({"id":1,"params":"s"})"}) {
    EXPECT_EQ(Detail(text), "missing field `error`") << text;
  }
  EXPECT_EQ(Detail(R"({"result":5})"), "missing field `id`");
  EXPECT_EQ(Detail(R"({"error":{"code":1,"message":"x"}})"), "missing field `id`");
  EXPECT_EQ(Detail(R"({"id":1,"error":5})"),
            "invalid type: number, expected struct JSONRPCErrorError");
  EXPECT_EQ(Detail(R"({"id":1,"error":null})"),
            "invalid type: null, expected struct JSONRPCErrorError");
  EXPECT_EQ(Detail(R"({"id":1,"error":{}})"), "missing field `code`");
  EXPECT_EQ(Detail(R"({"id":1,"error":{"code":"x"}})"), "invalid type: string \"x\", expected i64");
  EXPECT_EQ(Detail(R"({"id":1,"error":{"code":1.5}})"), "invalid number");
  EXPECT_EQ(Detail(R"({"id":1,"error":{"code":1}})"), "missing field `message`");
  EXPECT_EQ(Detail(R"({"id":1,"error":{"code":1,"message":5}})"),
            "invalid type: number, expected a string");
  EXPECT_EQ(Detail(R"({"id":1,"method":5})"), "invalid type: number, expected a string");
  EXPECT_EQ(Detail(R"({"method":null})"), "invalid type: null, expected a string");
  EXPECT_EQ(Detail(R"({"id":true,"method":5})"),
            "data did not match any variant of untagged enum RequestId");
  EXPECT_EQ(Detail(R"({"id":1,"id":2,"method":"x"})"),
            "duplicate JSON object key `id` at line 1 column 12");
  EXPECT_EQ(Detail("{"), "EOF while parsing a value at line 1 column 1");
}

TEST(Envelope, Begins) {
  EXPECT_EQ(BeginResult(std::int64_t{-3}), R"({"jsonrpc":"2.0","id":-3,"result":)");
  EXPECT_EQ(BeginResult(std::string("a\"\xFF")),
            "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"\xEF\xBF\xBD\",\"result\":");
  EXPECT_EQ(BeginNotification(std::string_view("process/closed")),
            R"({"jsonrpc":"2.0","method":"process/closed","params":)");
}

TEST(Envelope, Errors) {
  RpcError error{ErrorCode::kNotFound, "no \"x\""};
  EXPECT_EQ(EncodeError(std::int64_t{1}, error),
            R"({"jsonrpc":"2.0","error":{"code":-32004,"message":"no \"x\""},"id":1})");
  error.limit = 5;
  EXPECT_EQ(
      EncodeError(std::string("s"), error),
      R"({"jsonrpc":"2.0","error":{"code":-32004,"message":"no \"x\"","data":{"limit":5}},"id":"s"})");
  error.path = "/a";
  error.hint = "try b";
  EXPECT_EQ(EncodeError(std::int64_t{1}, error),
            R"({"jsonrpc":"2.0","error":{"code":-32004,"message":"no \"x\"",)"
            R"("data":{"path":"/a","limit":5,"hint":"try b"}},"id":1})");
}

}  // namespace
}  // namespace paned::protocol
