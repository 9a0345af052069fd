// --ws-auth on the real binary: every answer to a bearer, every set of flags that does not start,
// and that no token shows up anywhere.
#include <fstream>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

// JWTs with the secret below, made by another program; exp is far away unless the name says more.
constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr char kGood[] =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDcsImlzcyI6Im1lIiwiYXVkIjpbImEiLCJ5b3UiXX0.vWafmnesaoIsH-"
    "MoPbJ-KyxAax4HXMs-JcS0tT5mUN4";
constexpr char kOtherSecret[] =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDcsImlzcyI6Im1lIiwiYXVkIjoieW91In0."
    "X0Gt7B4iGlsYpVlJBo2t1lCrWVSUuBaDc9xlUAPf9Jk";
constexpr char kNone[] =
    "eyJhbGciOiJub25lIn0.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDcsImlzcyI6Im1lIiwiYXVkIjoieW91In0."
    "Xcqiezg34OWkwlj5jSFwIdZEH3GTOR5tLdjiK_sSOxs";
constexpr char kHs512[] =
    "eyJhbGciOiJIUzUxMiJ9.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDcsImlzcyI6Im1lIiwiYXVkIjoieW91In0."
    "tUi3Iv2YbFdVoOzSNCzuLDVNgY5XWnGCqey7-2ZKWxStKCoE8BBG5GRTwLg0MNdZWjwjAhyv5i-S4velW2iO9w";
constexpr char kNoExp[] =
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsImF1ZCI6InlvdSJ9.1Pexlg3NIApgjc-sIky5JyyDK8hQo0oMGmTC_"
    "zqVUEY";
constexpr char kFloatExp[] =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjFlMzAwLCJpc3MiOiJtZSIsImF1ZCI6InlvdSJ9."
    "s2rumacfdyGZhPTfMY9tmq2tYK9qxM6K4VMEnNgUGnw";
constexpr char kExpired[] =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDAsImlzcyI6Im1lIiwiYXVkIjoieW91In0.75FcnV1_"
    "i00zhg5vgl48eNVpcEKzXdgTuSATjNCACOY";
constexpr char kEarly[] =
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDcsIm5iZiI6OTIyMzM3MjAzNjg1NDc3NTgwNywiaXNzIjoibWUiLCJhdWQiOi"
    "J5b3UifQ.Ed-bdw2MRtwS4moDKtBMoOZioQcvqQAERLDJTIFVYxw";
constexpr char kOtherIssuer[] =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDcsImlzcyI6InlvdSIsImF1ZCI6InlvdSJ9."
    "e4Ib5OfRurB5mfztJDTA-CCxnSyIOXLO__s5b9Y-tjo";
constexpr char kOtherAudience[] =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDcsImlzcyI6Im1lIiwiYXVkIjoibWUifQ.yB_H-"
    "mevYVsae6su-REyXx5JE3JlmHdiiky6m2eXAzk";

constexpr char kMissing[] = "missing websocket bearer token";
constexpr char kBadHeader[] = "invalid authorization header";
constexpr char kBadToken[] = "invalid websocket bearer token";
constexpr char kBadJwt[] = "invalid websocket jwt";

class Auth : public E2e {
 protected:
  std::string File(const std::string& name, const std::string& text) {
    WriteWholeFile(dir_ / name, text);
    return dir_ / name;
  }
  ServerProcess& ServeCapability() {
    return ServeWith({"--ws-auth=capability-token", "--ws-token-file", File("token", " sesame\n")});
  }
  // "" when the connection is opened, the 401's text otherwise.
  std::string Refusal(const std::vector<std::string>& headers) {
    WsClient::Options options;
    options.headers = headers;
    HttpResponse refusal;
    if (WsClient::Connect(server().url(), options, &refusal)) return "";
    EXPECT_EQ(refusal.status, 401);
    EXPECT_EQ(refusal.Header("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(refusal.Header("content-length"), std::to_string(refusal.body.size()));
    return refusal.body;
  }
  std::string RefusalOf(const std::string& token) {
    return Refusal({"Authorization: Bearer " + token});
  }
  std::string CommandLineAndEnvironment() {
    const std::string folder = "/proc/" + std::to_string(server().pid());
    return ReadWholeFile(folder + "/cmdline") + ReadWholeFile(folder + "/environ");
  }

  const TempDir dir_;
};

TEST_F(Auth, CapabilityToken) {
  ServeCapability();
  EXPECT_EQ(RefusalOf("sesame"), "");
  EXPECT_EQ(Refusal({"authorization: bEARER   sesame \t"}), "");
  EXPECT_EQ(Refusal({}), kMissing);
  for (const char* value : {"", "Bearer", "Bearer ", "Basic sesame", "sesame", "Bearer\tsesame",
                            "Bearer s\xC3\xA9same"}) {
    EXPECT_EQ(Refusal({std::string("Authorization: ") + value}), kBadHeader) << value;
  }
  for (const char* token : {"sesam", "sesamee", "Sesame", "sesame x", "\"sesame\""}) {
    EXPECT_EQ(RefusalOf(token), kBadToken) << token;
  }
  EXPECT_EQ(Refusal({"Authorization: Bearer sesame", "Authorization: Bearer sesame"}), kBadToken);
  WsClient::Options query;
  query.target = "/?token=sesame";
  HttpResponse refusal;
  EXPECT_FALSE(WsClient::Connect(server().url(), query, &refusal));
  EXPECT_EQ(refusal.body, kMissing);
}

TEST_F(Auth, OtherChecksComeFirst) {
  ServeCapability();
  const std::string& url = server().url();
  EXPECT_EQ(HttpGet(url, "/readyz").status, 200);
  EXPECT_EQ(HttpGet(url, "/healthz").status, 200);
  EXPECT_EQ(HttpGet(url, "/").status, 400);
  EXPECT_EQ(HttpGet(url, "/", {"Origin: x"}).status, 403);
  EXPECT_EQ(HttpGet(url, "/", {"Authorization: Bearer sesame"}).status, 400);
  const std::string healthcheck = ServerProgram() + " healthcheck " + url;
  EXPECT_EQ(std::system(healthcheck.c_str()), 0);
}

TEST_F(Auth, WhoIsLetInIsServed) {
  ServeCapability();
  WsClient::Options options;
  options.headers = {"Authorization: Bearer sesame"};
  const auto client = Connect(options);
  ASSERT_TRUE(client->Initialize("e2e").ok());
  EXPECT_EQ(client->Run("p", StartParams("p", {"echo", "hi"})).out, "hi\n");
}

TEST_F(Auth, TheFileIsReadOnceAndItsTokenShowsNowhere) {
  ServeCapability();
  File("token", "other");
  EXPECT_EQ(RefusalOf("sesame"), "");
  EXPECT_EQ(RefusalOf("other"), kBadToken);
  EXPECT_EQ(CommandLineAndEnvironment().find("sesame"), std::string::npos);
  EXPECT_TRUE(Says("was refused: ")) << server().Log();
  EXPECT_EQ(server().Log().find("sesame"), std::string::npos) << server().Log();
}

TEST_F(Auth, ADigestWillDo) {
  ServeWith({"--ws-auth", "capability-token", "--ws-token-sha256",
             "D0C04F4B1951E4AEAAEC8223ED2039E542F3AAE805A6FA7F6D794E5AFFF5D272"});
  EXPECT_EQ(RefusalOf("sesame"), "");
  EXPECT_EQ(RefusalOf("other"), kBadToken);
}

TEST_F(Auth, OnAUnixSocketToo) {
  ServerOptions options;
  options.listen = "unix://" + (dir_ / "a.sock");
  options.flags = {"--ws-auth=capability-token", "--ws-token-file", File("token", "sesame")};
  Serve(options);
  EXPECT_EQ(Refusal({}), kMissing);
  EXPECT_EQ(RefusalOf("sesame"), "");
}

// The token from the environment: it works, and neither children nor /proc get to see it.
TEST_F(Auth, ATokenFromTheEnvironment) {
  ServerOptions options;
  options.flags = {"--ws-auth=capability-token"};
  options.env = {"CODEX_EXEC_SERVER_CONNECTION_TOKEN= sesame "};
  Serve(options);
  EXPECT_EQ(RefusalOf("other"), kBadToken);
  WsClient::Options bearer;
  bearer.headers = {"Authorization: Bearer sesame"};
  const auto client = Connect(bearer);
  ASSERT_TRUE(client->Initialize("e2e").ok());
  const Story story = client->Run("p", StartParams("p", Sh("env; cat /proc/$PPID/environ")));
  EXPECT_NE(story.out.find("PATH="), std::string::npos);
  EXPECT_EQ(story.out.find("sesame"), std::string::npos);
  EXPECT_EQ(CommandLineAndEnvironment().find("sesame"), std::string::npos);
}

TEST_F(Auth, ATokenThatNobodyAsksForIsMentioned) {
  ServerOptions options;
  options.env = {"CODEX_EXEC_SERVER_CONNECTION_TOKEN=sesame"};
  Serve(options);
  EXPECT_EQ(Refusal({}), "");
  EXPECT_TRUE(Says("--ws-auth is missing")) << server().Log();
}

TEST_F(Auth, SignedTokens) {
  ServeWith({"--ws-auth=signed-bearer-token", "--ws-shared-secret-file", File("secret", kSecret),
             "--ws-issuer", "me", "--ws-audience= you "});
  EXPECT_EQ(RefusalOf(kGood), "");
  EXPECT_EQ(Refusal({}), kMissing);
  EXPECT_EQ(Refusal({"Authorization: Basic x"}), kBadHeader);
  for (const char* token : {"x", "a.b.c", kOtherSecret, kNone, kHs512, kNoExp, kFloatExp}) {
    EXPECT_EQ(RefusalOf(token), kBadJwt) << token;
  }
  EXPECT_EQ(RefusalOf(kExpired), "expired websocket jwt");
  EXPECT_EQ(RefusalOf(kEarly), "websocket jwt is not valid yet");
  EXPECT_EQ(RefusalOf(kOtherIssuer), "websocket jwt issuer mismatch");
  EXPECT_EQ(RefusalOf(kOtherAudience), "websocket jwt audience mismatch");
  EXPECT_EQ(server().Log().find(kSecret), std::string::npos);
  EXPECT_EQ(server().Log().find(kExpired), std::string::npos);
}

TEST_F(Auth, TheClockSkewIsAChoice) {
  ServeWith({"--ws-auth=signed-bearer-token", "--ws-shared-secret-file", File("secret", kSecret),
             "--ws-max-clock-skew-seconds=9223372036854775807"});
  EXPECT_EQ(RefusalOf(kExpired), "");
  EXPECT_EQ(RefusalOf(kEarly), "");
}

// --- what does not start -------------------------------------------------------------------------

class AuthFlags : public Auth {
 protected:
  static void ExpectRefused(const std::vector<std::string>& flags, const std::string& text,
                            int code = 1, const std::string& listen = "ws://127.0.0.1:0") {
    const FailedStart outcome = RunToItsEnd(flags, listen);
    EXPECT_EQ(outcome.code, code) << text;
    EXPECT_NE(outcome.log.find("Error: " + text + "\n"), std::string::npos) << outcome.log;
  }
};

TEST_F(AuthFlags, SetsThatDoNotFitExitWithOne) {
  const std::string token = File("token", "sesame");
  const std::string capability = "--ws-auth=capability-token";
  const std::string is_signed = "--ws-auth=signed-bearer-token";
  ExpectRefused({capability},
                "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth "
                "capability-token` is set");
  ExpectRefused(
      {is_signed},
      "`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set");
  ExpectRefused({"--ws-issuer=x"},
                "websocket auth flags require `--ws-auth capability-token` or `--ws-auth "
                "signed-bearer-token`");
  ExpectRefused({capability, "--ws-token-file", token, "--ws-token-sha256=x"},
                "`--ws-token-file` and `--ws-token-sha256` are mutually exclusive");
  ExpectRefused({capability, "--ws-token-sha256=sesame"},
                "--ws-token-sha256 must be a 64-character hex SHA-256 digest");
  ExpectRefused({is_signed, "--ws-shared-secret-file", token},
                "signed websocket bearer secret " + token + " must be at least 32 bytes");
  ExpectRefused({capability, "--ws-token-file=/nonexistent"},
                "failed to read websocket auth secret /nonexistent: No such file or directory (os "
                "error 2)");
  ExpectRefused({capability, "--ws-token-file", token},
                "WebSocket auth requires a WebSocket listener, not stdio", 1, "stdio");
}

TEST_F(AuthFlags, ValuesThatAreNoneExitWithTwo) {
  for (const auto& [flags, text] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--ws-auth=none"},
            "--ws-auth wants capability-token or signed-bearer-token, got `none`"},
           {{"--ws-auth"}, "--ws-auth needs a value"},
           {{"--ws-token=sesame"}, "unknown option `--ws-token`"},
           {{"--ws-max-clock-skew-seconds=1.5"},
            "invalid value '1.5' for '--ws-max-clock-skew-seconds <SECONDS>': invalid digit found "
            "in "
            "string"},
           {{"--ws-max-clock-skew-seconds="},
            "invalid value '' for '--ws-max-clock-skew-seconds <SECONDS>': cannot parse integer "
            "from "
            "empty string"},
           {{"--concurrent-requests=0"},
            "invalid value '0' for '--concurrent-requests <COUNT>': number would be zero for "
            "non-zero type"},
           {{"--concurrent-requests=-1"},
            "invalid value '-1' for '--concurrent-requests <COUNT>': invalid digit found in "
            "string"},
           {{"--concurrent-requests=99999999999999999999"},
            "invalid value '99999999999999999999' for '--concurrent-requests <COUNT>': number too "
            "large to fit in target type"}}) {
    ExpectRefused(flags, text, 2);
  }
}

TEST_F(AuthFlags, AnOpenAddressNeedsARemedy) {
  for (const char* url : {"ws://0.0.0.0:0", "ws://[::]:0", "ws://192.0.2.1:0"}) {
    const FailedStart outcome = RunToItsEnd({}, url);
    EXPECT_EQ(outcome.code, 2) << url;
    for (const char* remedy : {"--ws-auth", "127.0.0.1", "Unix socket", "--insecure-no-auth"}) {
      EXPECT_NE(outcome.log.find(remedy), std::string::npos) << outcome.log;
    }
  }
  // A token that nobody has to show is none.
  EXPECT_EQ(RunToItsEnd({"--ws-token-file", File("token", "t")}, "ws://0.0.0.0:0").code, 2);
  ServerOptions options;
  options.listen = "ws://0.0.0.0:0";
  options.flags = {"--ws-auth=capability-token", "--ws-token-file", File("token", "sesame")};
  Serve(options);
  EXPECT_EQ(Refusal({}), kMissing);
  EXPECT_EQ(RefusalOf("sesame"), "");
}

}  // namespace
}  // namespace paned::testing
