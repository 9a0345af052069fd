// TOML in and out: every expected text below is what the reference wrote for the same file.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/environment/toml_parser.h"
#include "server/environment/toml_writer.h"

namespace paned {
namespace {

constexpr std::size_t kNoLimit = std::size_t{1} << 30;

std::string Rewrite(const std::string& text, std::size_t limit = kNoLimit) {
  const auto parsed = ParseToml(text);
  if (const auto* fault = std::get_if<TomlFault>(&parsed)) {
    return "fault at " + std::to_string(fault->line) + ':' + std::to_string(fault->column);
  }
  return WriteToml(std::get<TomlValue>(parsed), limit).value_or("too large");
}

TEST(TomlTextTest, TablesGetHeadersInTheOrderOfTheFile) {
  EXPECT_EQ(Rewrite("b.x=1\na.z=2\nb.y=3\n"), "[b]\nx = 1\ny = 3\n\n[a]\nz = 2\n");
  EXPECT_EQ(Rewrite("a=1\nb={x=1,y={z={w=1}}}\nc=[[1],[2,[3]]]\n"),
            "a = 1\nc = [[1], [2, [3]]]\n\n[b]\nx = 1\n\n[b.y.z]\nw = 1\n");
  EXPECT_EQ(Rewrite("[a.\"x y\".z]\nk=1\n[a]\nt=1\n[a.b]\n"),
            "[a]\nt = 1\n\n[a.\"x y\".z]\nk = 1\n\n[a.b]\n");
  EXPECT_EQ(Rewrite("[a]\n[a.b]\n[a.b.c]\nx=1\n[a.b.d]\n"), "[a.b.c]\nx = 1\n\n[a.b.d]\n");
  EXPECT_EQ(Rewrite("a=[]\nb={}\n"), "a = []\n\n[b]\n");
  EXPECT_EQ(Rewrite(""), "");
}

TEST(TomlTextTest, ArraysOfTablesGetHeadersExceptInsideArrays) {
  EXPECT_EQ(Rewrite("[[a]]\nx=1\n[[a]]\nx=2\n[a.q]\nr=1\n[[a.w]]\ns=1\n"),
            "[[a]]\nx = 1\n\n[[a]]\nx = 2\n\n[a.q]\nr = 1\n\n[[a.w]]\ns = 1\n");
  EXPECT_EQ(Rewrite("a=[{x=1,y={z=1}},{}]\n"), "[[a]]\nx = 1\n\n[a.y]\nz = 1\n\n[[a]]\n");
  EXPECT_EQ(Rewrite("a=[{x=1},2]\n"), "a = [{ x = 1 }, 2]\n");
  EXPECT_EQ(Rewrite("a=[[{x=1}]]\n"), "a = [[{ x = 1 }]]\n");
}

TEST(TomlTextTest, StringsTakeThePlainestQuotes) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("")", R"("")"},
      {R"('q"q')", R"('q"q')"},
      {R"("it's")", R"("it's")"},
      {R"("both'\"")", R"("""both'"""")"},
      {R"("tab\tx")", R"("tab\tx")"},
      {R"("nl\nx")", "\"\"\"\nnl\nx\"\"\""},
      {R"("\r\b\f\u0001\u007f\\")", R"("\r\b\f\u0001\u007F\\")"},
      {R"("\u00e9\U0001F600")", "\"\u00e9\U0001F600\""},
      {R"("\n")", "\"\"\"\n\n\"\"\""},
      {R"("a\nb'''c")", "\"\"\"\na\nb'''c\"\"\""},
      {R"("\"\"\"\n")", "'''\n\"\"\"\n'''"},
      {R"("x\r\ny")", "\"\"\"\nx\\r\ny\"\"\""},
      {R"("C:\\x")", R"('C:\x')"},
      {R"("\\n'")", R"('''\n'''')"},
      {R"("'''")", R"("'''")"},
      {R"("\"\"\"'''\u0001")", R"("\"\"\"'''\u0001")"},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(Rewrite("a=" + in + '\n'), "a = " + out + '\n');
}

TEST(TomlTextTest, KeysAreBareWhereTheyCanBe) {
  EXPECT_EQ(Rewrite("\"q k\"=1\n\"\u00e9\"=2\n\"\"=3\n\"a.b\"=4\n\"it's\"=5\n\"dq\\\"\"=6\n"
                    "-x_1=7\n\"n\\nl\"=8\n"),
            "\"q k\" = 1\n\"\u00e9\" = 2\n\"\" = 3\n\"a.b\" = 4\n\"it's\" = 5\n'dq\"' = 6\n"
            "-x_1 = 7\n\"n\\nl\" = 8\n");
}

TEST(TomlTextTest, NumbersKeepTheirValueAndNeverGetAnExponent) {
  EXPECT_EQ(Rewrite("a=0xff\nb=0o17\nc=-5\nd=9223372036854775807\n"),
            "a = 255\nb = 15\nc = -5\nd = 9223372036854775807\n");
  EXPECT_EQ(Rewrite("a=1.0\nb=-0.0\nc=1e22\nd=1.5e-7\n"),
            "a = 1.0\nb = -0.0\nc = 10000000000000000000000.0\nd = 0.00000015\n");
  EXPECT_EQ(Rewrite("a=3.141592653589793\nb=123456789012345680.0\nc=12.5\n"),
            "a = 3.141592653589793\nb = 123456789012345680.0\nc = 12.5\n");
  EXPECT_EQ(Rewrite("a=-inf\nb=-nan\nc=+inf\nd=true\n"), "a = -inf\nb = nan\nc = inf\nd = true\n");
  EXPECT_EQ(FormatTomlFloat(5e-324), "0." + std::string(323, '0') + '5');
  EXPECT_EQ(FormatTomlFloat(1e300), '1' + std::string(300, '0') + ".0");
}

TEST(TomlTextTest, TimesAreCutToWhatTheySay) {
  EXPECT_EQ(Rewrite("a=1979-05-27 07:32:00.5\nb=1979-05-27T07:32:00.1234567891Z\nc=07:32:00.1\n"),
            "a = 1979-05-27T07:32:00.5\nb = 1979-05-27T07:32:00.123456789Z\nc = 07:32:00.1\n");
  EXPECT_EQ(Rewrite("a=1979-05-27T00:32:00.999999-07:00\nb=1979-05-27\nc=1979-05-27T07:32:00.0Z\n"),
            "a = 1979-05-27T00:32:00.999999-07:00\nb = 1979-05-27\nc = 1979-05-27T07:32:00Z\n");
  EXPECT_EQ(Rewrite("a=1979-05-27T00:32:00+05:45\nb=07:32\n"),
            "a = 1979-05-27T00:32:00+05:45\nb = 07:32:00\n");
}

TEST(TomlTextTest, WhatIsNewInTheNextTomlIsRead) {
  EXPECT_EQ(Rewrite("a=\"\\e\\x41\"\nb={x=1,\n y=2,}\n"),
            "a = \"\\u001BA\"\n\n[b]\nx = 1\ny = 2\n");
}

TEST(TomlTextTest, FaultsHaveAPlace) {
  EXPECT_EQ(Rewrite("a = \n"), "fault at 1:5");
  EXPECT_EQ(Rewrite("x=1\n[a\n"), "fault at 2:3");
  EXPECT_EQ(Rewrite(std::string("a=\"\0\"\n", 6)), "fault at 1:4");
  EXPECT_EQ(Rewrite("a=1\na=2\n").substr(0, 10), "fault at 2");
  EXPECT_EQ(Rewrite("a=9223372036854775808\n").substr(0, 10), "fault at 1");
  EXPECT_EQ(Rewrite("\xef\xbb\xbf"
                    "a=1\r\n"),
            "a = 1\n");
}

TEST(TomlTextTest, ArraysMayNestEightyDeep) {
  const auto nested = [](std::size_t depth) {
    return "a=" + std::string(depth, '[') + std::string(depth, ']') + '\n';
  };
  EXPECT_EQ(Rewrite(nested(80)), "a = " + nested(80).substr(2));
  EXPECT_EQ(Rewrite(nested(81)), "fault at 1:83");
}

// Every table's header repeats the names above it: a short file can make a very long text.
TEST(TomlTextTest, TheTextIsLimited) {
  EXPECT_EQ(Rewrite("a=12345\n", 10), "a = 12345\n");
  EXPECT_EQ(Rewrite("a=12345\n", 9), "too large");
  std::string names = '[' + std::string(100'000, 'k') + "]\n";
  for (int n = 0; n < 10'000; ++n) names += 't' + std::to_string(n) + "={}\n";
  EXPECT_EQ(Rewrite(names, 1'000'000), "too large");
}

}  // namespace
}  // namespace paned
