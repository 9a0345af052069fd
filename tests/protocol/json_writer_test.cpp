#include "protocol/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/protocol/parsed.h"

namespace paned::protocol {
namespace {

std::string Written(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

TEST(JsonWriter, Escapes) {
  EXPECT_EQ(Written(""), R"("")");
  EXPECT_EQ(Written("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(Written("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(Written(std::string_view("\0\x01\x1F\x7F", 4)), "\"\\u0000\\u0001\\u001f\x7F\"");
  EXPECT_EQ(Written("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
}

TEST(JsonWriter, RepairsUtf8) {
  EXPECT_EQ(Written("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(Written("\xFF\xFE"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Written("\xE2\x82"), "\"\xEF\xBF\xBD\"");
}

// Whatever goes in, what comes out parses, and ASCII comes back as it was.
TEST(JsonWriter, EveryByteAtEveryOffsetParses) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < 40; ++at) {
      const std::string text = std::string(at, 'x') + static_cast<char>(byte) + "tail";
      const Parsed parsed(Written(text));
      ASSERT_EQ(parsed.fault(), "");
      std::string_view back;
      ASSERT_TRUE(parsed.root().Get(&back));
      if (byte < 128) {
        ASSERT_EQ(back, text);
      }
    }
  }
}

TEST(JsonWriter, Numbers) {
  std::string out;
  AppendJsonNumber(std::uint64_t{UINT64_MAX}, &out);
  out += ' ';
  AppendJsonNumber(std::int64_t{INT64_MIN}, &out);
  out += ' ';
  AppendJsonNumber(std::int64_t{0}, &out);
  out += ' ';
  AppendJsonBool(true, &out);
  AppendJsonBool(false, &out);
  EXPECT_EQ(out, "18446744073709551615 -9223372036854775808 0 truefalse");
}

}  // namespace
}  // namespace paned::protocol
