// RandomUuid: version 4, by its looks and by its bits.
#include "server/base/random_id.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace paned {
namespace {

TEST(RandomUuid, IsAVersionFourUuid) {
  for (int n = 0; n < 100; ++n) {
    const std::string id = RandomUuid();
    std::string shape = id;
    for (char& c : shape) c = std::string("0123456789abcdef").find(c) < 16 ? 'x' : c;
    EXPECT_EQ(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    EXPECT_EQ(id[14], '4') << id;
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  }
}

TEST(RandomUuid, NeverTheSame) {
  std::set<std::string> ids;
  for (int n = 0; n < 10'000; ++n) ids.insert(RandomUuid());
  EXPECT_EQ(ids.size(), 10'000U);
}

// Every digit but the fixed ones takes every value.
TEST(RandomUuid, AllDigitsVary) {
  std::array<std::set<char>, 36> seen;
  for (int n = 0; n < 2000; ++n) {
    const std::string id = RandomUuid();
    for (std::size_t at = 0; at < id.size(); ++at) seen.at(at).insert(id[at]);
  }
  for (std::size_t at = 0; at < seen.size(); ++at) {
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const std::size_t wanted = dash || at == 14 ? 1 : at == 19 ? 4 : 16;
    EXPECT_EQ(seen.at(at).size(), wanted) << "digit " << at;
  }
}

}  // namespace
}  // namespace paned
