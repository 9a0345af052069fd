// `paned healthcheck`: what it calls healthy, and how it says what is not.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

struct Verdict {
  int code = -1;
  std::string said;
};

Verdict Check(const std::string& arguments) {
  const std::string command = ServerProgram() + " healthcheck " + arguments + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "re");
  Verdict verdict;
  std::array<char, 4096> buffer;
  std::size_t got = 0;
  while ((got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    verdict.said.append(buffer.data(), got);
  }
  const int status = ::pclose(pipe);
  verdict.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return verdict;
}

void ExpectUnhealthy(const std::string& url, const std::string& reason) {
  const Verdict verdict = Check(url);
  EXPECT_EQ(verdict.code, 1);
  EXPECT_EQ(verdict.said, "unhealthy: " + url + " " + reason + "\n");
}

// A TCP port of the test's own; the kernel accepts for it, nobody answers.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), generic, size), 0);
    EXPECT_EQ(::getsockname(socket_.get(), generic, &size), 0);
    url_ = "ws://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  const std::string& url() const { return url_; }
  void Listen() { EXPECT_EQ(::listen(socket_.get(), 8), 0); }
  UniqueFd Accept() { return UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

 private:
  UniqueFd socket_;
  std::string url_;
};

// What `url` is called when its server answers every request with `answer`.
void ExpectUnhealthyFor(const std::string& answer, const std::string& reason) {
  SilentPort port;
  port.Listen();
  std::thread server([&] {
    const UniqueFd peer = port.Accept();
    std::array<char, 1024> request;
    EXPECT_GT(::recv(peer.get(), request.data(), request.size(), 0), 0);
    EXPECT_EQ(::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(answer.size()));
  });
  ExpectUnhealthy(port.url(), reason);
  server.join();
}

TEST(Healthcheck, ReadyOnEveryKindOfAddress) {
  const TempDir dir;
  for (const std::string& listen : {std::string("ws://127.0.0.1:0"), "unix://" + (dir / "a.sock"),
                                    std::string("ws://[::1]:0")}) {
    ServerOptions options;
    options.listen = listen;
    ServerProcess server(options);
    if (server.url().empty() && listen.find("::1") != std::string::npos) continue;  // no IPv6 here
    const Verdict verdict = Check(server.url());
    EXPECT_EQ(verdict.code, 0) << listen;
    EXPECT_EQ(verdict.said, "");
    EXPECT_TRUE(server.StopCleanly());
  }
}

// The URL of --listen will do, also where it means every address.
TEST(Healthcheck, AnyAddressMeansThisMachine) {
  ServerOptions options;
  options.listen = "ws://0.0.0.0:0";
  options.flags = {"--insecure-no-auth"};
  ServerProcess server(options);
  EXPECT_EQ(Check(server.url()).code, 0);
  EXPECT_TRUE(server.StopCleanly());
}

TEST(Healthcheck, NobodyThere) {
  const SilentPort port;  // bound but not listening
  ExpectUnhealthy(port.url(), "cannot be connected to: Connection refused");
  ExpectUnhealthy("unix:///nonexistent/a.sock",
                  "cannot be connected to: No such file or directory");
  ExpectUnhealthy("unix:///" + std::string(200, 'a'),
                  "cannot be connected to: the path is too long for a socket");
}

TEST(Healthcheck, AHungServerIsGivenUp) {
  SilentPort port;
  port.Listen();
  const auto began = std::chrono::steady_clock::now();
  ExpectUnhealthy(port.url(), "did not answer within 3 s");
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, std::chrono::seconds(3));
  EXPECT_LT(took, kPatience);
}

TEST(Healthcheck, OtherAnswersAreNamed) {
  ExpectUnhealthyFor("HTTP/1.1 404 Not Found\r\n\r\n", "is not ready: /readyz answered 404");
  ExpectUnhealthyFor("SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP");
  ExpectUnhealthyFor("HTTP/1.1", "closed the connection without an answer");
}

TEST(Healthcheck, WrongUsage) {
  for (const char* arguments : {"stdio", "ws://127.0.0.1:0", "http://127.0.0.1:80", "a b", "''"}) {
    const Verdict verdict = Check(arguments);
    EXPECT_EQ(verdict.code, 2) << arguments;
    EXPECT_NE(verdict.said.find("healthcheck"), std::string::npos) << verdict.said;
  }
  EXPECT_EQ(Check("--help").code, 0);
}

class Draining : public E2e {};

TEST_F(Draining, IsNotReady) {
  const auto stuck = Open();
  ASSERT_TRUE(
      stuck->Call("process/start", StartParams("p", Sh("trap '' TERM; sleep 1000; :"))).ok());
  server().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return server().Log().find("stopping") != std::string::npos; }));
  ExpectUnhealthy(server().url(), "is not ready: it is shutting down (503)");
  EXPECT_EQ(server().Wait(), 0);
  ServerIsGone();
}

}  // namespace
}  // namespace paned::testing
