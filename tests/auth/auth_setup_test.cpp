// Which flags of --ws-auth go together, what the files may hold, and in which words the rest is
// refused. No message may repeat a secret.
#include "server/auth/auth_setup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace paned {
namespace {

class AuthSetup : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& bytes) {
    const std::string path = dir_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static WsAuthFlags Capability(const std::string& file = {}) {
    WsAuthFlags flags;
    flags.mode = WsAuthMode::kCapabilityToken;
    if (!file.empty()) flags.token_file = file;
    return flags;
  }
  static WsAuthFlags Signed(const std::string& file = {}) {
    WsAuthFlags flags;
    flags.mode = WsAuthMode::kSignedBearerToken;
    if (!file.empty()) flags.shared_secret_file = file;
    return flags;
  }
  static std::string Fault(const WsAuthFlags& flags, bool stdio = false) {
    const auto auth = SetUpAuth(flags, stdio);
    return auth.ok() ? "" : auth.error().message;
  }
  static bool LetsIn(const WsAuthFlags& flags, const std::string& token) {
    const auto auth = SetUpAuth(flags, false);
    return auth.ok() && auth.value() && !auth.value()->Refusal("Bearer " + token, 1'800'000'000);
  }

  testing::TempDir dir_;
};

TEST_F(AuthSetup, NoFlagsNoPolicy) {
  const auto auth = SetUpAuth({}, true);
  ASSERT_TRUE(auth.ok());
  EXPECT_FALSE(auth.value());
  WsAuthFlags flags;
  flags.environment_token = Sha256("t");
  ASSERT_TRUE(SetUpAuth(flags, true).ok());
  EXPECT_FALSE(SetUpAuth(flags, true).value());
}

TEST_F(AuthSetup, CompanionsNeedTheMode) {
  const std::string text =
      "websocket auth flags require `--ws-auth capability-token` or `--ws-auth "
      "signed-bearer-token`";
  WsAuthFlags flags;
  flags.token_file = "/x";
  EXPECT_EQ(Fault(flags), text);
  flags = {};
  flags.token_sha256 = "x";
  EXPECT_EQ(Fault(flags), text);
  flags = {};
  flags.shared_secret_file = "/x";
  EXPECT_EQ(Fault(flags), text);
  flags = {};
  flags.issuer = "x";
  EXPECT_EQ(Fault(flags), text);
  flags = {};
  flags.audience = "x";
  EXPECT_EQ(Fault(flags), text);
  flags = {};
  flags.max_clock_skew = 30;
  EXPECT_EQ(Fault(flags, true), text);
}

TEST_F(AuthSetup, CapabilityTokenFlags) {
  const std::string token = File("token", "sesame");
  EXPECT_EQ(Fault(Capability()),
            "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth "
            "capability-token` is set");
  WsAuthFlags flags = Capability(token);
  flags.token_sha256 = std::string(64, 'a');
  EXPECT_EQ(Fault(flags), "`--ws-token-file` and `--ws-token-sha256` are mutually exclusive");
  const std::string foreign =
      "`--ws-shared-secret-file`, `--ws-issuer`, `--ws-audience`, and "
      "`--ws-max-clock-skew-seconds` require `--ws-auth signed-bearer-token`";
  flags.issuer = "x";
  EXPECT_EQ(Fault(flags), foreign);  // before the exclusion
  flags = Capability(token);
  flags.shared_secret_file = token;
  EXPECT_EQ(Fault(flags), foreign);
  flags = Capability(token);
  flags.audience = "x";
  EXPECT_EQ(Fault(flags), foreign);
  flags = Capability(token);
  flags.max_clock_skew = 3;
  EXPECT_EQ(Fault(flags), foreign);
  EXPECT_EQ(Fault(Capability(token), true),
            "WebSocket auth requires a WebSocket listener, not stdio");
  EXPECT_EQ(Fault(Capability(), true), Fault(Capability()));
}

TEST_F(AuthSetup, SignedTokenFlags) {
  const std::string secret = File("secret", std::string(32, 's'));
  EXPECT_EQ(Fault(Signed()),
            "`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set");
  const std::string foreign =
      "`--ws-token-file` and `--ws-token-sha256` require `--ws-auth capability-token`, not "
      "`signed-bearer-token`";
  WsAuthFlags flags = Signed(secret);
  flags.token_file = secret;
  EXPECT_EQ(Fault(flags), foreign);
  flags = Signed();
  flags.token_sha256 = "x";
  EXPECT_EQ(Fault(flags), foreign);
  flags = Signed(secret);
  flags.max_clock_skew = std::uint64_t{INT64_MAX};
  EXPECT_EQ(Fault(flags), "");
  flags.max_clock_skew = std::uint64_t{INT64_MAX} + 1;
  EXPECT_EQ(Fault(flags), "websocket auth clock skew must fit in a signed 64-bit integer");
}

TEST_F(AuthSetup, TokensComeFromAFileADigestOrTheEnvironment) {
  EXPECT_TRUE(LetsIn(Capability(File("token", " \xC2\xA0sesame\xE3\x80\x80\r\n")), "sesame"));
  EXPECT_FALSE(LetsIn(Capability(dir_ / "token"), "sesam"));
  EXPECT_TRUE(LetsIn(Capability(File("inner", "\na b\n")), "a b"));
  WsAuthFlags flags = Capability();
  flags.token_sha256 = " BA7816BF8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ";
  EXPECT_TRUE(LetsIn(flags, "abc"));
  flags.environment_token = Sha256("other");
  EXPECT_TRUE(LetsIn(flags, "abc"));  // a flag goes first
  EXPECT_FALSE(LetsIn(flags, "other"));
  flags.token_sha256.reset();
  EXPECT_TRUE(LetsIn(flags, "other"));
  for (const char* bad :
       {"", "sesame", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}) {
    flags.token_sha256 = bad;
    EXPECT_EQ(Fault(flags), "--ws-token-sha256 must be a 64-character hex SHA-256 digest") << bad;
  }
}

TEST_F(AuthSetup, FilesThatHoldNoSecret) {
  const std::string prefix = "failed to read websocket auth secret ";
  EXPECT_EQ(Fault(Capability(dir_ / "none")),
            prefix + (dir_ / "none") + ": No such file or directory (os error 2)");
  EXPECT_EQ(Fault(Signed(dir_ / "x/../none")),
            prefix + (dir_ / "none") + ": No such file or directory (os error 2)");
  ASSERT_EQ(::mkdir((dir_ / "folder").c_str(), 0700), 0);
  EXPECT_EQ(Fault(Capability(dir_ / "folder")),
            prefix + (dir_ / "folder") + ": Is a directory (os error 21)");
  EXPECT_EQ(Fault(Capability(File("binary", "secret\xFF"))),
            prefix + (dir_ / "binary") + ": stream did not contain valid UTF-8");
  for (const char* blank : {"", " \n\t", "\xC2\xA0\xE2\x80\x8A"}) {
    EXPECT_EQ(Fault(Capability(File("blank", blank))),
              "websocket auth secret " + (dir_ / "blank") + " must not be empty");
    EXPECT_EQ(Fault(Signed(dir_ / "blank")), Fault(Capability(dir_ / "blank")));
  }
  EXPECT_EQ(Fault(Capability(File("big", std::string((1 << 20) + 1, 'a')))),
            prefix + (dir_ / "big") + ": it has more than 1 MiB");
  EXPECT_EQ(Fault(Signed("/dev/zero")), prefix + "/dev/zero: it has more than 1 MiB");
}

TEST_F(AuthSetup, ASigningSecretHas32Bytes) {
  EXPECT_EQ(Fault(Signed(File("short", std::string(31, 's') + "\n\n\n"))),
            "signed websocket bearer secret " + (dir_ / "short") + " must be at least 32 bytes");
  EXPECT_EQ(Fault(Signed(File("enough", " " + std::string(32, 's')))), "");
  EXPECT_EQ(Fault(Capability(File("t", "t"))), "");  // a capability token may be short
}

TEST_F(AuthSetup, BlankIssuersAndAudiencesAskForNothing) {
  // {"alg":"HS256"} and {"exp":9223372036854775807} with the secret below.
  const std::string token =
      "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDd9."
      "z-hjKKWLsbISH5EWCuztWkHCW3UBYeoNci5C-6XAr2k";
  WsAuthFlags flags = Signed(File("secret", "0123456789abcdef0123456789abcdef\n"));
  EXPECT_TRUE(LetsIn(flags, token));
  flags.issuer = "";
  flags.audience = " \t";
  EXPECT_TRUE(LetsIn(flags, token));
  flags.issuer = "me";
  EXPECT_FALSE(LetsIn(flags, token));
}

}  // namespace
}  // namespace paned
