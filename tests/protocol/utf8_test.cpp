#include "protocol/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace paned::protocol {
namespace {

constexpr std::size_t kValid = std::string_view::npos;

TEST(Utf8, AcceptsEveryLengthAndItsLimits) {
  for (const std::string_view text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(FindInvalidUtf8(text), kValid) << text;
  }
}

TEST(Utf8, RefusesBrokenForms) {
  for (const std::string_view text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC2", "\302a",
        "\xE2\x82", "\xF0\x9F\x98"}) {
    EXPECT_EQ(FindInvalidUtf8(text), 0U);
  }
}

// The wide loop must not step over anything, wherever the character falls.
TEST(Utf8, FindsThePlaceAtEveryOffset) {
  for (std::size_t at = 0; at < 100; ++at) {
    for (std::size_t after = 0; after < 70; ++after) {
      const std::string before(at, 'x');
      const std::string tail(after, 'y');
      ASSERT_EQ(FindInvalidUtf8(before + "\xE2\x82\xAC" + tail), kValid);
      ASSERT_EQ(FindInvalidUtf8(before + "\xE2\x82" + tail), at);
      ASSERT_EQ(FindInvalidUtf8(before + "\xFF" + tail), at);
    }
  }
}

TEST(Utf8, BrokenSequenceIsItsLongestGoodFront) {
  const auto size = [](std::string_view text) { return NextUtf8(text).size; };
  EXPECT_EQ(size("\xE2\x82"), 2U);
  EXPECT_EQ(size("\xE2\x82x"), 2U);
  EXPECT_EQ(size("\xED\xA0\x80"), 1U);
  EXPECT_EQ(size("\xF0\x9F\x98!"), 3U);
  EXPECT_EQ(size("\xC0\x80"), 1U);
}

}  // namespace
}  // namespace paned::protocol
