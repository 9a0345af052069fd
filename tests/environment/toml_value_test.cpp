// Cutting a document down to paths, as the reference does it.
#include "server/environment/toml_value.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/environment/toml_parser.h"
#include "server/environment/toml_writer.h"

namespace paned {
namespace {

std::string Cut(const std::string& text, std::vector<TomlPath> paths) {
  std::sort(paths.begin(), paths.end());
  const auto parsed = ParseToml(text);
  return WriteToml(Project(std::get<TomlValue>(parsed), paths), 100'000).value_or("too large");
}

constexpr char kNested[] = "[b]\nx=1\n[b.c]\nd=1\ne=2\n";

TEST(TomlValueTest, OnlyWhatWasAskedForInTheOrderOfTheFile) {
  EXPECT_EQ(Cut("[b]\nx=1\n[a]\ny=1\n[c]\n", {{"a"}, {"b"}}), "[b]\nx = 1\n\n[a]\ny = 1\n");
  EXPECT_EQ(Cut("[b]\nx=1\ny=2\nz=3\n[a]\ny=1\n", {{"b", "z"}, {"a"}, {"b", "x"}}),
            "[b]\nx = 1\nz = 3\n\n[a]\ny = 1\n");
  EXPECT_EQ(Cut("a=1\n", {{"nope"}}), "");
}

TEST(TomlValueTest, TheShorterPathWins) {
  EXPECT_EQ(Cut(kNested, {{"b", "c", "d"}, {"b", "c"}}), "[b.c]\nd = 1\ne = 2\n");
  EXPECT_EQ(Cut(kNested, {{"b", "c"}, {"b", "c", "d"}}), "[b.c]\nd = 1\ne = 2\n");
  EXPECT_EQ(Cut(kNested, {{"b"}, {"b"}, {"b", "x"}}), "[b]\nx = 1\n\n[b.c]\nd = 1\ne = 2\n");
}

TEST(TomlValueTest, ATableOnTheWayStaysWhenNothingIsInIt) {
  EXPECT_EQ(Cut(kNested, {{"b", "c", "zz"}, {"b", "zz"}}), "[b.c]\n");
  EXPECT_EQ(Cut("[b]\nx=1\n", {{"b", "q", "q"}}), "[b]\n");
}

TEST(TomlValueTest, AValueOnTheWayIsTakenWhole) {
  EXPECT_EQ(Cut("[t]\nw=true\narr=[[1,2]]\n", {{"t", "w", "x"}, {"t", "arr", "0"}}),
            "[t]\nw = true\narr = [[1, 2]]\n");
  EXPECT_EQ(Cut("[[b]]\nx=1\ny=2\n", {{"b", "x"}}), "[[b]]\nx = 1\ny = 2\n");
}

TEST(TomlValueTest, ManyAndLongPathsAreNoTrouble) {
  std::vector<TomlPath> paths(10'000, {"b", "x"});
  paths.emplace_back(100'000, "b");
  paths.push_back({""});
  EXPECT_EQ(Cut(kNested, std::move(paths)), "[b]\nx = 1\n");
}

TEST(TomlValueTest, MembersOfTablesOnly) {
  const auto parsed = ParseToml("a=[1]\nb=2\n");
  const auto& table = std::get<TomlValue>(parsed);
  ASSERT_NE(FindMember(table, "b"), nullptr);
  EXPECT_EQ(FindMember(table, "b")->text, "2");
  EXPECT_EQ(FindMember(table, "c"), nullptr);
  EXPECT_EQ(FindMember(*FindMember(table, "a"), ""), nullptr);
}

}  // namespace
}  // namespace paned
