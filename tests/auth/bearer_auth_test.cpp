// The Authorization header: what counts as a bearer, and what a wrong one is told.
#include "server/auth/bearer_auth.h"

#include <gtest/gtest.h>

#include <string>

namespace paned {
namespace {

constexpr char kGood[] = "";
constexpr char kBadHeader[] = "invalid authorization header";
constexpr char kBadToken[] = "invalid websocket bearer token";

std::string Refusal(const BearerAuth& auth, std::optional<std::string_view> authorization) {
  return std::string(auth.Refusal(authorization, 1'800'000'000).value_or(kGood));
}

TEST(BearerAuth, NoHeaderIsNoToken) {
  const BearerAuth auth(Sha256("sesame"));
  EXPECT_EQ(Refusal(auth, std::nullopt), "missing websocket bearer token");
  EXPECT_EQ(Refusal(BearerAuth(JwtRules{}), std::nullopt), "missing websocket bearer token");
}

TEST(BearerAuth, TheSchemeInAnyCaseAndBlanksAroundTheToken) {
  const BearerAuth auth(Sha256("sesame"));
  for (const char* header : {"Bearer sesame", "bearer sesame", "BEARER sesame", "Bearer  sesame",
                             " Bearer sesame \t", "Bearer \t sesame"}) {
    EXPECT_EQ(Refusal(auth, header), kGood) << header;
  }
  for (const char* header : {"", "Bearer", "Bearer ", "Bearer\tsesame", "Bearersesame", "sesame",
                             "Basic sesame", "Token sesame", "Bearer: sesame", "Bearer\x01 sesame",
                             "Bearer ses\x7F", "Bearer s\xC3\xA9same", "Bearer \xC2\xA0sesame"}) {
    EXPECT_EQ(Refusal(auth, header), kBadHeader) << header;
  }
}

TEST(BearerAuth, TheTokenToTheLastByte) {
  const BearerAuth auth(Sha256("sesame"));
  for (const char* header :
       {"Bearer sesam", "Bearer sesamee", "Bearer Sesame", "Bearer sesame x", "Bearer \"sesame\"",
        "Bearer sesame,", "Bearer sesame, Bearer sesame"}) {
    EXPECT_EQ(Refusal(auth, header), kBadToken) << header;
  }
  EXPECT_EQ(Refusal(BearerAuth(Sha256("a b")), "Bearer a b"), kGood);
  EXPECT_EQ(Refusal(BearerAuth(Sha256("a b")), "Bearer a\tb"), kBadToken);
  const std::string big(100'000, 'a');
  EXPECT_EQ(Refusal(BearerAuth(Sha256(big)), "Bearer " + big), kGood);
}

TEST(BearerAuth, SignedTokensHaveTheSameHeader) {
  JwtRules rules;
  rules.secret = "0123456789abcdef0123456789abcdef";
  const BearerAuth auth(rules);
  EXPECT_EQ(Refusal(auth, "Basic x"), kBadHeader);
  EXPECT_EQ(Refusal(auth, "Bearer x"), "invalid websocket jwt");
}

}  // namespace
}  // namespace paned
