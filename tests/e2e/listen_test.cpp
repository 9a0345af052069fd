// Where it listens: TCP, IPv6, a Unix socket, stdio; ports in use, sockets left behind.
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

ServerOptions At(const std::string& listen, bool announces = true) {
  ServerOptions options;
  options.listen = listen;
  options.announces = announces;
  return options;
}

void ExpectServing(const ServerProcess& server) {
  const auto client = RpcClient::Open(server.url());
  ASSERT_NE(client, nullptr) << server.Log();
  EXPECT_EQ(client->Run("p", StartParams("p", Sh("echo hi"))).out, "hi\n");
}

TEST(Listen, Ipv6) {
  ServerProcess server(At("ws://[::1]:0"));
  if (server.url().empty()) GTEST_SKIP() << "no IPv6 loopback here: " << server.Log();
  EXPECT_EQ(server.url().rfind("ws://[::1]:", 0), 0u) << server.url();
  ExpectServing(server);
  EXPECT_TRUE(server.StopCleanly());
}

TEST(Listen, UnixSocketIsForItsOwnerAloneAndGoesAway) {
  const TempDir dir;
  const std::string path = dir / "s.sock";
  ServerProcess server(At("unix://" + path));
  EXPECT_EQ(server.url(), "unix://" + path);
  struct stat status = {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ExpectServing(server);
  EXPECT_TRUE(server.StopCleanly());
  EXPECT_NE(::stat(path.c_str(), &status), 0) << "the socket is left behind";
}

TEST(Listen, PortInUse) {
  ServerProcess first;
  ServerProcess second(At(first.url(), false));
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_NE(second.Log().find("Address already in use"), std::string::npos) << second.Log();
  ExpectServing(first);
}

TEST(Listen, SocketOfALivingServerIsLeftAlone) {
  const TempDir dir;
  ServerProcess first(At("unix://" + (dir / "s.sock")));
  ServerProcess second(At(first.url(), false));
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_NE(second.Log(), "");
  ExpectServing(first);
}

TEST(Listen, NoFileIsTakenForASocket) {
  const TempDir dir;
  WriteWholeFile(dir / "precious", "data");
  ServerProcess server(At("unix://" + (dir / "precious"), false));
  EXPECT_EQ(server.Wait(), 1);
  EXPECT_EQ(ReadWholeFile(dir / "precious"), "data");
}

TEST(Listen, AfterKillNineTheNextServerTakesThePath) {
  const TempDir dir;
  const std::string url = "unix://" + (dir / "s.sock");
  for (int round = 0; round < 3; ++round) {
    ServerProcess server(At(url));
    ASSERT_EQ(server.url(), url) << server.Log();
    const auto client = RpcClient::Open(url);
    ASSERT_NE(client, nullptr);
    ASSERT_TRUE(client->Call("process/start", StartParams("p", Sh("exec sleep 2"))).ok());
    ExpectServing(server);
    server.Signal(SIGKILL);
    EXPECT_EQ(server.Wait(), 137);
    EXPECT_TRUE(client->ws().ReadToEnd());
  }
}

class Stdio : public ::testing::Test {
 protected:
  void SendLine(const std::string& line) {
    const std::string text = line + "\n";
    ASSERT_EQ(::write(server_.input().get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  // The next line as JSON.
  rapidjson::Document Next() {
    rapidjson::Document document;
    while (buffer_.find('\n') == std::string::npos) {
      pollfd state = {server_.output().get(), POLLIN, 0};
      char bytes[65536];
      if (::poll(&state, 1, static_cast<int>(kPatience.count())) <= 0) return document;
      const ssize_t got = ::read(server_.output().get(), bytes, sizeof bytes);
      if (got <= 0) return document;
      buffer_.append(bytes, static_cast<std::size_t>(got));
    }
    const std::size_t end = buffer_.find('\n');
    document.Parse(buffer_.data(), end);
    EXPECT_FALSE(document.HasParseError()) << buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    EXPECT_TRUE(document.IsObject() && document.HasMember("jsonrpc"));
    return document;
  }

  ServerProcess server_{At("stdio", false)};
  std::string buffer_;
};

TEST_F(Stdio, CarriesNothingButTheProtocol) {
  SendLine(R"({"id":1,"method":"initialize","params":{"clientName":"x"}})");
  EXPECT_TRUE(Next().HasMember("result"));
  SendLine("");
  SendLine("   ");
  SendLine(R"({"method":"initialized"})");
  SendLine("{broken");
  const rapidjson::Document broken = Next();
  EXPECT_EQ(broken["id"].GetInt(), -1);
  EXPECT_EQ(std::string(broken["error"]["message"].GetString())
                .rfind("failed to parse JSON-RPC message from exec-server stdio: ", 0),
            0u);
  SendLine(R"({"id":2,"method":"process/start","params":)" +
           StartParams("p", Sh("echo out; echo err >&2; exit 3")) + "}");
  std::string last;
  for (int lines = 0; last != "process/closed" && lines < 10; ++lines) {
    const rapidjson::Document message = Next();
    if (!message.IsObject()) break;
    if (message.HasMember("method")) last = message["method"].GetString();
  }
  EXPECT_EQ(last, "process/closed");
  server_.input().Reset();
  EXPECT_EQ(server_.Wait(), 0) << server_.Log();
  EXPECT_EQ(Next().IsObject(), false) << "something follows the end";
}

TEST_F(Stdio, ChildrenDoNotShareItsStreams) {
  SendLine(R"({"id":1,"method":"initialize","params":{"clientName":"x"}})");
  Next();
  SendLine(R"({"method":"initialized"})");
  SendLine(R"({"id":2,"method":"process/start","params":)" +
           StartParams("p", Sh("exec sleep 1000")) + "}");
  EXPECT_TRUE(Next().HasMember("result"));
  // At first the server asks tmux for its version, too.
  ASSERT_TRUE(Eventually([&] { return server_.Children().size() == 1; }));
  const std::vector<pid_t> children = server_.Children();
  server_.input().Reset();
  EXPECT_EQ(server_.Wait(), 0);
  EXPECT_TRUE(Eventually([&] { return !IsAlive(children[0]); }));
}

TEST_F(Stdio, SigtermEndsItWell) {
  SendLine(R"({"id":1,"method":"initialize","params":{"clientName":"x"}})");
  Next();
  EXPECT_TRUE(server_.StopCleanly());
}

}  // namespace
}  // namespace paned::testing
