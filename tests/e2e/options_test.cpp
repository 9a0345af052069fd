// The command line: what is refused, and in which words.
#include <unistd.h>

#include <array>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

TEST(Options, EveryBadFlagIsNamed) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> flags = {
      {"--no-such-flag", {"--no-such-flag"}},
      {"stray", {"stray"}},
      {"--retain-bytes", {"--retain-bytes=4095"}},
      {"--retain-bytes", {"--retain-bytes", "-1"}},
      {"--retain-bytes", {"--retain-bytes"}},
      {"--retain-bytes", {"--retain-bytes=8MB"}},
      {"--retain-total-bytes", {"--retain-total-bytes=0"}},
      {"--max-message-bytes", {"--max-message-bytes=1"}},
      {"--max-message-bytes", {"--max-message-bytes=99999999999999999999"}},
      {"--when-full", {"--when-full=never"}},
      {"--detach-ttl", {"--detach-ttl=soon"}},
      {"--detach-ttl", {"--detach-ttl=0"}},
      {"--ping-interval", {"--ping-interval=5d"}},
      {"--pong-patience", {"--pong-patience="}},
      {"--profile", {"--profile=python"}},
      {"--log-level", {"--log-level=loud"}},
  };
  for (const auto& [name, arguments] : flags) {
    const FailedStart outcome = RunToItsEnd(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments.front();
    EXPECT_NE(outcome.log.find(name), std::string::npos) << outcome.log;
  }
}

TEST(Options, BadListenUrlsAreNamed) {
  for (const char* url : {"ws://localhost:0", "ws://127.0.0.1", "ws://127.0.0.1:0/x",
                          "ws://127.0.0.1:65536", "ws://[::1:0", "wss://127.0.0.1:0",
                          "http://127.0.0.1:0", "unix://relative", "unix:", "STDIO", "off", ""}) {
    const FailedStart outcome = RunToItsEnd({}, url);
    EXPECT_EQ(outcome.code, 2) << url;
    EXPECT_NE(outcome.log.find("--listen URL `" + std::string(url) + "`"), std::string::npos)
        << outcome.log;
  }
}

TEST(Options, OnlyLoopbackWithoutTheInsecureFlag) {
  for (const char* url : {"ws://0.0.0.0:0", "ws://[::]:0"}) {
    const FailedStart outcome = RunToItsEnd({}, url);
    EXPECT_EQ(outcome.code, 2) << url;
    EXPECT_NE(outcome.log.find("--insecure-no-auth"), std::string::npos) << outcome.log;
  }
  ServerOptions options;
  options.listen = "ws://0.0.0.0:0";
  options.flags = {"--insecure-no-auth"};
  ServerProcess server(options);
  EXPECT_EQ(server.url().rfind("ws://0.0.0.0:", 0), 0u) << server.url();
  EXPECT_TRUE(server.StopCleanly());
}

TEST(Options, HelpNamesEveryFlagAndEndsWell) {
  ServerOptions options;
  options.flags = {"--help"};
  options.announces = false;
  ServerProcess server(options);
  EXPECT_EQ(server.Wait(), 0);
  std::string help;
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  while ((got = ::read(server.output().get(), buffer.data(), buffer.size())) > 0) {
    help.append(buffer.data(), static_cast<std::size_t>(got));
  }
  for (const char* flag : {"--listen",
                           "--insecure-no-auth",
                           "--max-message-bytes",
                           "--retain-bytes",
                           "--retain-total-bytes",
                           "--when-full",
                           "--detach-ttl",
                           "--profile",
                           "--ping-interval",
                           "--pong-patience",
                           "--log-level",
                           "--concurrent-requests",
                           "--exit-on-stdin-close",
                           "--ws-auth",
                           "--ws-token-file",
                           "--ws-token-sha256",
                           "--ws-shared-secret-file",
                           "--ws-issuer",
                           "--ws-audience",
                           "--ws-max-clock-skew-seconds"}) {
    EXPECT_NE(help.find(flag), std::string::npos) << flag;
  }
}

}  // namespace
}  // namespace paned::testing
