// Digests against the standards' own examples, and what counts as equal.
#include "server/auth/digest.h"

#include <gtest/gtest.h>

#include <string>

namespace paned {
namespace {

std::string Hex(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// FIPS 180-4's examples.
TEST(Digest, Sha256OfKnownTexts) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// RFC 4231: a short key, and one longer than a block.
TEST(Digest, HmacOfKnownTexts) {
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hex(HmacSha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// Every bit counts, the first as much as the last.
TEST(Digest, EqualMeansEveryBit) {
  const Digest digest = Sha256("abc");
  EXPECT_TRUE(EqualInConstantTime(digest, Sha256("abc")));
  for (std::size_t bit = 0; bit < 8 * digest.size(); ++bit) {
    Digest other = digest;
    other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ (1U << bit % 8));
    EXPECT_FALSE(EqualInConstantTime(digest, other)) << bit;
    EXPECT_FALSE(EqualInConstantTime(other, digest)) << bit;
  }
}

TEST(Digest, HexIsSixtyFourDigitsOfEitherCase) {
  const std::string text = "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(ParseHexDigest(text), Sha256("abc"));
  EXPECT_FALSE(ParseHexDigest(""));
  EXPECT_FALSE(ParseHexDigest(text.substr(1)));
  EXPECT_FALSE(ParseHexDigest(text + "0"));
  EXPECT_FALSE(ParseHexDigest(" " + text.substr(1)));
  EXPECT_FALSE(ParseHexDigest("g" + text.substr(1)));
}

}  // namespace
}  // namespace paned
