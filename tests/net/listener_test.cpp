// Where the endpoint listens: TCP and Unix addresses, their errors, and a moment without
// descriptors.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "tests/net/net_harness.h"
#include "tests/support/temp_dir.h"
#include "tests/support/ws_client.h"

namespace paned::testing {
namespace {

class SocketFolder {
 public:
  std::string Socket() const { return directory_ / "socket"; }

 private:
  const TempDir directory_;
};

std::string ListenError(const ListenAddress& address) {
  asio::io_context io;
  AsioClock clock(&io);
  const auto made = WsEndpoint::Listen(&io, &clock, address, {}, nullptr,
                                       [](std::string_view, const std::string&) {});
  return made.ok() ? "none" : made.error().message;
}

ListenAddress UnixAddress(const std::string& path) {
  ListenAddress address;
  address.unix_path = path;
  return address;
}

void LeaveStaleSocket(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

TEST(Listener, TcpUrlNamesThePort) {
  NetHarness net;
  EXPECT_EQ(net.url().find("ws://127.0.0.1:"), 0u);
  EXPECT_EQ(net.url().find(":0", 14), std::string::npos);
}

TEST(Listener, ListensOnIpv6) {
  asio::io_context io;
  AsioClock clock(&io);
  ListenAddress address;
  address.ip = "::1";
  const auto made = WsEndpoint::Listen(&io, &clock, address, {}, nullptr,
                                       [](std::string_view, const std::string&) {});
  if (!made.ok()) GTEST_SKIP() << made.error().message;
  EXPECT_EQ(made.value()->url().find("ws://[::1]:"), 0u) << made.value()->url();
}

TEST(Listener, ErrorsNameAddressCauseAndRemedy) {
  NetHarness net;
  ListenAddress taken;
  taken.ip = "127.0.0.1";
  taken.port = static_cast<unsigned short>(std::stoi(net.url().substr(net.url().rfind(':') + 1)));
  EXPECT_EQ(ListenError(taken), "cannot listen on " + net.url() +
                                    ": Address already in use; choose another port, or port 0 for "
                                    "any free one");
  ListenAddress foreign;
  foreign.ip = "192.0.2.1";
  EXPECT_EQ(ListenError(foreign),
            "cannot listen on ws://192.0.2.1:0: Cannot assign requested address; no interface of "
            "this machine has it; use 127.0.0.1, or 0.0.0.0 for all of them");
  ListenAddress name;
  name.ip = "localhost";
  EXPECT_EQ(ListenError(name),
            "cannot listen on ws://localhost:0: not an IP address; give a literal IPv4 or IPv6 "
            "address");
  EXPECT_EQ(ListenError(UnixAddress("/nonexistent/socket")),
            "cannot listen on unix:///nonexistent/socket: No such file or directory; create the "
            "directory first");
  EXPECT_EQ(ListenError(UnixAddress("/" + std::string(108, 'x'))),
            "cannot listen on unix:///" + std::string(108, 'x') +
                ": the path is too long; choose one of at most 107 bytes");
}

TEST(Listener, UnixSocketIsPrivateAndRemoved) {
  const SocketFolder folder;
  struct stat info = {};
  {
    NetHarness net({}, Echo, folder.Socket());
    EXPECT_EQ(net.url(), "unix://" + folder.Socket());
    ASSERT_EQ(::lstat(folder.Socket().c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(info.st_mode & 07777, 0600u);

    const auto client = WsClient::Connect(net.url());
    ASSERT_TRUE(client);
    const std::string text(300000, 'x');
    ASSERT_TRUE(client->SendText(text));
    const auto reply = client->ReadMessage();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->payload, text);
    Peer& peer = net.At(0);
    EXPECT_EQ(net.Run([&] { return peer.connection->label(); }),
              "websocket JSON-RPC message from exec-server websocket unix");
    EXPECT_EQ(HttpGet(net.url(), "/healthz").body, "ok");
    ASSERT_TRUE(client->SendFrame(true, 1, "bad", false));
    EXPECT_TRUE(client->ReadToEnd());
    EXPECT_EQ(client->close_code(), 1002);
  }
  EXPECT_NE(::lstat(folder.Socket().c_str(), &info), 0);
}

TEST(Listener, StaleUnixSocketIsReplacedALiveOneIsNot) {
  const SocketFolder folder;
  LeaveStaleSocket(folder.Socket());
  NetHarness net({}, Echo, folder.Socket());
  EXPECT_TRUE(WsClient::Connect(net.url()));
  EXPECT_EQ(ListenError(UnixAddress(folder.Socket())),
            "cannot listen on " + net.url() +
                ": another server is listening there; stop it or choose another path");
  EXPECT_TRUE(WsClient::Connect(net.url()));
}

TEST(Listener, LeavesTheSocketOfASuccessor) {
  const SocketFolder folder;
  {
    NetHarness net({}, Echo, folder.Socket());
    ASSERT_EQ(::unlink(folder.Socket().c_str()), 0);
    LeaveStaleSocket(folder.Socket());
  }
  struct stat info = {};
  EXPECT_EQ(::lstat(folder.Socket().c_str(), &info), 0);
}

TEST(Listener, SurvivesAMomentWithoutDescriptors) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own checks need a descriptor";
#endif
  NetHarness net;
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd next(::dup(client.get()));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);

  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(net.url().substr(net.url().rfind(':') + 1))));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(net.Eventually([&] { return !net.log.empty(); }));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const std::string line = net.Run([&] { return net.log.at(0); });
  EXPECT_NE(line.find("Too many open files"), std::string::npos) << line;

  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_GT(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL), 0);
  char answer[12] = {};
  ASSERT_EQ(::recv(client.get(), answer, sizeof answer, MSG_WAITALL), 12);
  EXPECT_EQ(std::string(answer, sizeof answer), "HTTP/1.1 200");
}

}  // namespace
}  // namespace paned::testing
