#include "protocol/json_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/protocol/parsed.h"

namespace paned::protocol {
namespace {

std::string Fault(std::string_view text) { return Parsed(text).fault(); }

std::string Repeat(std::string_view unit, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += unit;
  return out;
}

TEST(JsonReader, ScalarsAndTheirGetters) {
  const Parsed parsed(R"({"n":null,"t":true,"f":false,"u":18446744073709551615,"i":-5,"r":1.0,)"
                      R"("s":"a\u0000b","z":-0})");
  ASSERT_EQ(parsed.fault(), "");
  const JsonValue root = parsed.root();
  EXPECT_EQ(root.size(), 8U);
  EXPECT_TRUE(root.Find("n")->IsNull());
  bool flag = false;
  EXPECT_TRUE(root.Find("t")->Get(&flag));
  EXPECT_TRUE(flag);
  EXPECT_TRUE(root.Find("f")->Get(&flag));
  EXPECT_FALSE(flag);
  std::uint64_t number = 0;
  EXPECT_TRUE(root.Find("u")->Get(&number));
  EXPECT_EQ(number, UINT64_MAX);
  EXPECT_FALSE(root.Find("i")->Get(&number));
  std::int64_t integer = 0;
  EXPECT_FALSE(root.Find("u")->Get(&integer));
  EXPECT_TRUE(root.Find("i")->Get(&integer));
  EXPECT_EQ(integer, -5);
  EXPECT_EQ(root.Find("r")->type(), JsonType::kReal);
  EXPECT_FALSE(root.Find("r")->Get(&integer));
  EXPECT_TRUE(root.Find("z")->Get(&number));
  EXPECT_EQ(number, 0U);
  std::string_view text;
  EXPECT_TRUE(root.Find("s")->Get(&text));
  EXPECT_EQ(text, std::string_view("a\0b", 3));
  EXPECT_FALSE(root.Find("n")->Get(&text));
  EXPECT_FALSE(root.Find("s")->Get(&flag));
  EXPECT_FALSE(root.Find("x").has_value());
  EXPECT_FALSE(root.Find("s")->Find("x").has_value());
}

TEST(JsonReader, ItemsSkipWhatIsInside) {
  const Parsed parsed(R"({"a":[1,[2,{"x":3}],{}],"b":{"c":[]},"d":4})");
  ASSERT_EQ(parsed.fault(), "");
  std::string keys;
  for (const JsonItem& item : parsed.root().Items()) keys += item.key;
  EXPECT_EQ(keys, "abd");
  std::string types;
  for (const JsonItem& item : parsed.root().Find("a")->Items()) {
    EXPECT_TRUE(item.key.empty());
    types += std::to_string(static_cast<int>(item.value.type()));
  }
  EXPECT_EQ(types, "378");
  for (const JsonItem& item : parsed.root().Find("d")->Items()) FAIL() << item.key;
  for (const JsonItem& item : JsonValue().Items()) FAIL() << item.key;
}

// Nodes move from the document's own array to the heap on the way.
TEST(JsonReader, ManyNodes) {
  for (const std::size_t count : {1U, 62U, 63U, 64U, 65U, 66U, 1000U}) {
    const Parsed parsed("[" + Repeat("7,", count) + "{\"last\":[1]}]");
    ASSERT_EQ(parsed.fault(), "");
    EXPECT_EQ(parsed.root().size(), count + 1);
    std::size_t seen = 0;
    JsonValue last;
    for (const JsonItem& item : parsed.root().Items()) {
      ++seen;
      last = item.value;
    }
    EXPECT_EQ(seen, count + 1);
    EXPECT_EQ(last.Find("last")->size(), 1U);
  }
}

TEST(JsonReader, DocumentIsReusable) {
  JsonDocument document;
  std::string many = "[" + Repeat("1,", 200) + "1]";
  ASSERT_EQ(document.Parse(many.data(), many.size()), std::nullopt);
  std::string one = "5";
  ASSERT_EQ(document.Parse(one.data(), one.size()), std::nullopt);
  std::uint64_t number = 0;
  EXPECT_TRUE(document.root().Get(&number));
  EXPECT_EQ(number, 5U);
}

struct FaultCase {
  std::string_view text;
  std::string_view fault;
};

// Texts and places as the reference gives them.
TEST(JsonReader, ReferenceFaults) {
  const FaultCase cases[] = {
      {"", "EOF while parsing a value at line 1 column 0"},
      {"  ", "EOF while parsing a value at line 1 column 2"},
      {"{\"id\":", "EOF while parsing a value at line 1 column 6"},
      {"{a:1}", "key must be a string at line 1 column 2"},
      {"{\"a\" 1}", "expected `:` at line 1 column 6"},
      {"{\"a\":1 \"b\":2}", "expected `,` or `}` at line 1 column 8"},
      {"{\"a\":[1 2]}", "expected `,` or `]` at line 1 column 9"},
      {"\xEF\xBB\xBF{}", "expected value at line 1 column 1"},
      {"\v{}", "expected value at line 1 column 1"},
      {{"{}\0", 3}, "trailing characters at line 1 column 3"},
      {{"\0{}", 3}, "expected value at line 1 column 1"},
      {"{\"id\":1,\"id\":2}", "duplicate JSON object key `id` at line 1 column 12"},
      {"{\"a\":1,\"\\u0061\":2}", "duplicate JSON object key `a` at line 1 column 10"},
      {"{\"id\":1,\n\n\"method\" x}", "expected `:` at line 3 column 10"},
  };
  for (const FaultCase& row : cases) EXPECT_EQ(Fault(row.text), row.fault) << row.text;
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"{\"a\":1,}",
                                      "[1,]",
                                      "{\"a\":01}",
                                      "{\"a\":-}",
                                      "{\"a\":1.}",
                                      "{\"a\":.5}",
                                      "{\"a\":+1}",
                                      "{\"a\":tru}",
                                      "{\"a\":NaN}",
                                      "{\"a\":\"\\q\"}",
                                      "{\"a\":\"\x01\"}",
                                      "{\"a\":\"x",
                                      "{} x",
                                      "{}{}",
                                      "1 2",
                                      "'a'",
                                      "// c\n{}",
                                      "{\"a\":\"\\u12\"}",
                                      "[",
                                      "]",
                                      "{\"a\":\"x\ny\"}"}) {
    EXPECT_NE(Fault(text), "") << text;
  }
  EXPECT_NE(Fault({"{\"a\":\"x\0y\"}", 11}), "");
  EXPECT_NE(Fault({"{\"a\":1\0}", 8}), "");
}

TEST(JsonReader, BlanksAroundAreFine) { EXPECT_EQ(Fault("\r\n\t {} \r\n\t"), ""); }

TEST(JsonReader, LoneSurrogates) {
  for (const std::string_view text :
       {R"(["\ud800"])", R"(["\udc00"])", R"(["\uDFFF"])", R"(["\ud800x"])", R"(["\ud800\u0041"])",
        R"(["\ud800\ud800"])", R"(["ab\udfffcd"])", R"({"\udc00":1})"}) {
    EXPECT_NE(Fault(text), "") << text;
  }
  EXPECT_EQ(Fault(R"(["\ud83d\ude00","\ud7ff","\ue000"])"), "");
  EXPECT_EQ(Fault("[\"\xED\x9F\xBF\\n\"]"), "");
}

TEST(JsonReader, InvalidUtf8Anywhere) {
  EXPECT_EQ(Fault("[\"\xFF\"]"), "invalid unicode code point at line 1 column 3");
  EXPECT_NE(Fault("\xFF"), "");
  EXPECT_NE(Fault("[\"\xED\xA0\x80\"]"), "");
  EXPECT_NE(Fault("{\"\xC0\x80\":1}"), "");
  EXPECT_NE(Fault("[] \xC2"), "");
}

TEST(JsonReader, DepthLimit) {
  EXPECT_EQ(Fault(Repeat("[", 127) + Repeat("]", 127)), "");
  EXPECT_EQ(Fault(Repeat("[", 128) + Repeat("]", 128)),
            "recursion limit exceeded at line 1 column 128");
  EXPECT_EQ(Fault(Repeat("{\"a\":", 127) + "1" + Repeat("}", 127)), "");
  EXPECT_NE(Fault(Repeat("{\"a\":", 128) + "1" + Repeat("}", 128)), "");
  EXPECT_NE(Fault(Repeat("[", 500'000)), "");
  EXPECT_EQ(Fault("[" + Repeat("[[]],", 1000) + "1]"), "");
}

TEST(JsonReader, ValueLimit) {
  const std::string head = R"({"id":1,"method":"x","params":[)";
  EXPECT_EQ(Fault(head + Repeat("1,", 262'139) + "1]}"), "");
  EXPECT_EQ(Fault(head + Repeat("1,", 262'140) + "1]}"),
            "JSON-RPC message exceeds the limit of 262144 JSON values at line 1 column 524311");
  EXPECT_EQ(Fault("[" + Repeat("1,", 300'000) + "1]"),
            "JSON-RPC message exceeds the limit of 262144 JSON values at line 1 column 524287");
  // Keys are no values.
  std::string object = "{\"k0\":1";
  for (int i = 1; i < 262'143; ++i) object += ",\"k" + std::to_string(i) + "\":1";
  EXPECT_EQ(Fault(object + "}"), "");
  EXPECT_NE(Fault(object + ",\"x\":1}"), "");
}

TEST(JsonReader, DuplicateKeys) {
  EXPECT_NE(Fault(R"({"a":[{"b":1,"c":2,"b":3}]})"), "");
  EXPECT_EQ(Fault(R"({"a":{"a":1},"b":{"a":1}})"), "");
  EXPECT_NE(Fault(R"({"":1,"":2})"), "");
  // Around the count where the search changes.
  for (const int count : {2, 23, 24, 25, 26, 300}) {
    std::string object = "{\"k0\":0";
    for (int i = 1; i < count; ++i) object += ",\"k" + std::to_string(i) + "\":0";
    EXPECT_EQ(Fault(object + "}"), "") << count;
    for (const int twin : {0, count / 2, count - 1}) {
      const std::string key = "\"k" + std::to_string(twin) + "\"";
      std::string again = object;
      again += ',';
      again += key;
      EXPECT_EQ(Fault(again + ":0,\"z\":1,\"z\":2}"),
                "duplicate JSON object key `k" + std::to_string(twin) + "` at line 1 column " +
                    std::to_string(again.size()))
          << count;
    }
  }
}

TEST(JsonReader, NumbersOutOfRange) {
  const Parsed parsed("[18446744073709551616,-9223372036854775809,1e2,1.5]");
  ASSERT_EQ(parsed.fault(), "");
  for (const JsonItem& item : parsed.root().Items()) {
    EXPECT_EQ(item.value.type(), JsonType::kReal);
  }
}

}  // namespace
}  // namespace paned::protocol
