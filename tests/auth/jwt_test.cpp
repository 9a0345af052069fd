// JWTs: every rule of HS256, types, times, issuer and audience, as measured on the reference.
#include "server/auth/jwt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "protocol/base64.h"
#include "server/auth/digest.h"

namespace paned {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr char kHeader[] = R"({"alg":"HS256","typ":"JWT"})";
constexpr char kGood[] = "";
constexpr char kInvalid[] = "invalid websocket jwt";
constexpr char kExpired[] = "expired websocket jwt";
constexpr char kEarly[] = "websocket jwt is not valid yet";
constexpr char kIssuer[] = "websocket jwt issuer mismatch";
constexpr char kAudience[] = "websocket jwt audience mismatch";

std::string Base64Url(std::string_view raw) {
  std::string text;
  protocol::AppendBase64(raw, &text);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::string Sign(const std::string& input, const std::string& secret = kSecret) {
  const Digest mac = HmacSha256(secret, input);
  return input + "." + Base64Url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::string Token(const std::string& header, const std::string& claims) {
  return Sign(Base64Url(header) + "." + Base64Url(claims));
}

std::string FaultOf(const std::string& token, const JwtRules& more = {}) {
  JwtRules rules = more;
  rules.secret = kSecret;
  return std::string(FindJwtFault(token, rules, kNow).value_or(kGood));
}

std::string FaultOfClaims(const std::string& claims, const JwtRules& rules = {}) {
  return FaultOf(Token(kHeader, claims), rules);
}

// With an exp that is good.
std::string FaultOfMore(const std::string& members, const JwtRules& rules = {}) {
  return FaultOfClaims(R"({"exp":1800000100,)" + members + "}", rules);
}

std::string FaultOfHeader(const std::string& header) {
  return FaultOf(Token(header, R"({"exp":1800000100})"));
}

// RFC 7515, appendix A.1: its key, its token, and a moment before its exp.
TEST(Jwt, TheExampleOfTheRfc) {
  JwtRules rules;
  ASSERT_FALSE(protocol::DecodeBase64(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==",
      &rules.secret));
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ"
      ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  EXPECT_FALSE(FindJwtFault(token, rules, 1300819000));
  EXPECT_EQ(FindJwtFault(token, rules, 1300819380 + 31), kExpired);
  rules.secret.back() = static_cast<char>(rules.secret.back() ^ 1);
  EXPECT_EQ(FindJwtFault(token, rules, 1300819000), kInvalid);
}

TEST(Jwt, OnlyHs256AndASignatureThatFits) {
  EXPECT_EQ(FaultOfHeader(kHeader), kGood);
  EXPECT_EQ(FaultOfHeader(R"( {"alg":"HS256"} )"), kGood);
  for (const char* algorithm : {R"("none")", R"("None")", R"("HS512")", R"("hs256")", R"("RS256")",
                                R"("HS256 ")", R"("")", "5", "null", R"(["HS256"])"}) {
    EXPECT_EQ(FaultOfHeader(R"({"alg":)" + std::string(algorithm) + "}"), kInvalid) << algorithm;
  }
  for (const char* header :
       {"{}", R"({"typ":"JWT"})", R"({"alg":"HS256"}x)", R"(["HS256"])", "",
        R"({"alg":"HS256","alg":"HS256"})", "\xEF\xBB\xBF{\"alg\":\"HS256\"}"}) {
    EXPECT_EQ(FaultOfHeader(header), kInvalid) << header;
  }
  const std::string input =
      Base64Url(R"({"alg":"none"})") + "." + Base64Url(R"({"exp":1800000100})");
  EXPECT_EQ(FaultOf(input + "."), kInvalid);
  const std::string good = Base64Url(kHeader) + "." + Base64Url(R"({"exp":1800000100})");
  EXPECT_EQ(FaultOf(Sign(good)), kGood);
  EXPECT_EQ(FaultOf(Sign(good, std::string(kSecret) + "x")), kInvalid);
  EXPECT_EQ(FaultOf(good + "."), kInvalid);
}

TEST(Jwt, HeaderMembersOfTheirTypesAndOthersIgnored) {
  for (const char* good :
       {R"("typ":"other")", R"("typ":null)", R"("kid":"k")", R"("x5c":["a"])", R"("x":[1,{"y":2}])",
        R"("crit":["exp"])", R"("zip":5)", R"("jwk":null)"}) {
    EXPECT_EQ(FaultOfHeader(R"({"alg":"HS256",)" + std::string(good) + "}"), kGood) << good;
  }
  for (const char* bad :
       {R"("typ":5)", R"("cty":5)", R"("jku":5)", R"("kid":5)", R"("x5u":5)", R"("x5t":{})",
        R"("x5t#S256":[])", R"("x5c":5)", R"("x5c":[5])", R"("jwk":{})", R"("jwk":5)"}) {
    EXPECT_EQ(FaultOfHeader(R"({"alg":"HS256",)" + std::string(bad) + "}"), kInvalid) << bad;
  }
}

TEST(Jwt, Base64UrlIsStrict) {
  const std::string header = Base64Url(R"({"alg":"HS256" })");  // of 2 characters at its end
  const std::string claims = Base64Url(R"({"exp":1800000100})");
  EXPECT_EQ(FaultOf(Sign(header + "." + claims)), kGood);
  EXPECT_EQ(FaultOf(Sign(header + "==." + claims)), kInvalid);
  EXPECT_EQ(FaultOf(Sign(header + "=." + claims)), kInvalid);
  EXPECT_EQ(FaultOf(Sign(header + "." + claims) + "="), kInvalid);
  EXPECT_EQ(FaultOf(Sign(header + "." + claims + "A")), kInvalid);
  // Bits that belong to no byte.
  std::string stray = header;
  ++stray.back();
  EXPECT_EQ(FaultOf(Sign(stray + "." + claims)), kInvalid);
  // The other alphabet.
  const std::string wide = Base64Url("{\"exp\":1800000100,\"q\":\"\xC3\xBF\xC3\xBF\xC3\xBF\"}");
  ASSERT_NE(wide.find_first_of("-_"), std::string::npos);
  EXPECT_EQ(FaultOf(Sign(header + "." + wide)), kGood);
  std::string standard = wide;
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  EXPECT_EQ(FaultOf(Sign(header + "." + standard)), kInvalid);
}

TEST(Jwt, ThreePartsAndNothingElse) {
  const std::string good = Token(kHeader, R"({"exp":1800000100})");
  for (const std::string& token :
       {std::string(), std::string("x"), std::string("."), std::string(".."), std::string("..."),
        good.substr(0, good.rfind('.')), good + ".", good + ".x", "." + good, " " + good,
        good.substr(0, good.size() - 2), good + "AA"}) {
    EXPECT_EQ(FaultOf(token), kInvalid) << token;
  }
}

TEST(Jwt, EveryCutOfAGoodTokenIsInvalid) {
  const std::string good = Token(kHeader, R"({"exp":1800000100})");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(FaultOf(good.substr(0, size)), kInvalid) << size;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string other = good;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(FaultOf(other), kInvalid) << at;
  }
}

TEST(Jwt, ExpIsAWholeNumberOfSeconds) {
  for (const char* exp : {"1800000100", "9223372036854775807"}) {
    EXPECT_EQ(FaultOfClaims(R"({"exp":)" + std::string(exp) + "}"), kGood) << exp;
  }
  for (const char* exp : {"-1", "0", "-9223372036854775808", "1799999000"}) {
    EXPECT_EQ(FaultOfClaims(R"({"exp":)" + std::string(exp) + "}"), kExpired) << exp;
  }
  for (const char* exp :
       {"1800000100.5", "1800000100.0", "1e10", "9223372036854775808", "18446744073709551616",
        "-9223372036854775809", "\"1800000100\"", "null", "true", "[]", "{}"}) {
    EXPECT_EQ(FaultOfClaims(R"({"exp":)" + std::string(exp) + "}"), kInvalid) << exp;
  }
  for (const char* claims : {"{}", "[1800000100]", "\"x\"", "null", "", "{",
                             R"({"exp":1800000100}x)", R"({"exp":1800000100,"exp":1800000100})"}) {
    EXPECT_EQ(FaultOfClaims(claims), kInvalid) << claims;
  }
}

TEST(Jwt, TypesOfTheOtherClaims) {
  for (const char* good :
       {R"("nbf":null)", R"("nbf":-1)", R"("iss":"x")", R"("iss":null)", R"("aud":"x")",
        R"("aud":[])", R"("aud":["x"])", R"("aud":null)", R"("sub":"x")", R"("iat":{})",
        R"("iat":9999999999)", R"("jti":[])", R"("z":{"a":[null,1.5]})"}) {
    EXPECT_EQ(FaultOfMore(good), kGood) << good;
  }
  for (const char* bad :
       {R"("nbf":"x")", R"("nbf":1.0)", R"("nbf":true)", R"("nbf":9223372036854775808)",
        R"("iss":5)", R"("iss":["x"])", R"("aud":5)", R"("aud":{})", R"("aud":[5])",
        R"("aud":["x",5])", R"("sub":{})"}) {
    EXPECT_EQ(FaultOfMore(bad), kInvalid) << bad;
  }
}

TEST(Jwt, TheClockMayBeWrongByTheSkewAndNoMore) {
  const auto exp = [](std::int64_t offset, const JwtRules& rules = {}) {
    return FaultOfClaims(R"({"exp":)" + std::to_string(kNow + offset) + "}", rules);
  };
  const auto nbf = [](std::int64_t offset, const JwtRules& rules = {}) {
    return FaultOfMore(R"("nbf":)" + std::to_string(kNow + offset), rules);
  };
  EXPECT_EQ(exp(-30), kGood);
  EXPECT_EQ(exp(-31), kExpired);
  EXPECT_EQ(nbf(30), kGood);
  EXPECT_EQ(nbf(31), kEarly);
  JwtRules rules;
  rules.max_clock_skew = 0;
  EXPECT_EQ(exp(0, rules), kGood);
  EXPECT_EQ(exp(-1, rules), kExpired);
  EXPECT_EQ(nbf(0, rules), kGood);
  EXPECT_EQ(nbf(1, rules), kEarly);
  rules.max_clock_skew = INT64_MAX;
  EXPECT_EQ(FaultOfClaims(R"({"exp":-1})", rules), kGood);
  EXPECT_EQ(FaultOfClaims(R"({"exp":-9223372036854775808})", rules), kExpired);
  EXPECT_EQ(FaultOfMore(R"("nbf":9223372036854775807)", rules), kGood);
  // exp is looked at first.
  EXPECT_EQ(FaultOfClaims(R"({"exp":1,"nbf":1900000000})"), kExpired);
}

TEST(Jwt, IssuerAndAudienceMustMatchWhenAskedFor) {
  JwtRules rules;
  rules.issuer = "me";
  rules.audience = "you";
  EXPECT_EQ(FaultOfMore(R"("iss":"me","aud":"you")", rules), kGood);
  EXPECT_EQ(FaultOfMore(R"("iss":"me","aud":["a","you"])", rules), kGood);
  for (const char* claims : {R"("aud":"you")", R"("iss":null,"aud":"you")",
                             R"("iss":"ME","aud":"x")", R"("iss":" me","aud":"you")"}) {
    EXPECT_EQ(FaultOfMore(claims, rules), kIssuer) << claims;
  }
  for (const char* claims : {R"("iss":"me")", R"("iss":"me","aud":null)", R"("iss":"me","aud":[])",
                             R"("iss":"me","aud":"x")", R"("iss":"me","aud":["x","y"])"}) {
    EXPECT_EQ(FaultOfMore(claims, rules), kAudience) << claims;
  }
  EXPECT_EQ(FaultOfClaims(R"({"exp":1,"iss":"x"})", rules), kExpired);
  EXPECT_EQ(FaultOfMore(R"("nbf":1900000000,"iss":"x")", rules), kEarly);
}

// Where paned is stricter than the reference.
TEST(Jwt, JsonIsStrictThroughout) {
  for (const char* claims :
       {R"("z":1,"z":2)", "\"z\":\"\xFF\"", R"("z":"\ud800")", R"("z":1E400)"}) {
    EXPECT_EQ(FaultOfMore(claims), kInvalid) << claims;
  }
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_EQ(FaultOfMore("\"z\":" + deep), kInvalid);
}

}  // namespace
}  // namespace paned
