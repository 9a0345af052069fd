#include "server/client/healthcheck.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <string_view>

#include "server/base/unique_fd.h"

namespace paned {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(3);
constexpr std::string_view kRequest =
    "GET /readyz HTTP/1.1\r\nHost: paned\r\nConnection: close\r\n\r\n";
constexpr std::string_view kStatusLine = "HTTP/1.1 200";  // how long what matters of it is
constexpr std::string_view kReady = "200";
constexpr std::string_view kDraining = "503";

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

template <class T>
SocketAddress Pack(const T& address) {
  SocketAddress packed;
  std::memcpy(&packed.storage, &address, sizeof(address));
  packed.size = sizeof(address);
  return packed;
}

// Nothing (size 0): a path too long for a socket.
SocketAddress ToSocketAddress(const ListenAddress& address) {
  if (!address.unix_path.empty()) {
    sockaddr_un local = {};
    local.sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof(local.sun_path)) return {};
    address.unix_path.copy(local.sun_path, address.unix_path.size());
    return Pack(local);
  }
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  if (::inet_pton(AF_INET6, address.ip.c_str(), &v6.sin6_addr) == 1) return Pack(v6);
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.ip.c_str(), &v4.sin_addr);
  return Pack(v4);
}

// Whether the socket got ready in time.
bool Await(const UniqueFd& fd, short events, SteadyClock::time_point deadline) {
  pollfd state = {fd.get(), events, 0};
  int ready = 0;
  do {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    if (left <= 0) return false;
    ready = ::poll(&state, 1, static_cast<int>(left));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// The error number; 0: connected.
int Connect(const UniqueFd& fd, const SocketAddress& address, SteadyClock::time_point deadline) {
  if (!fd.valid()) return errno;
  const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(fd.get(), target, address.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!Await(fd, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

// What is wrong with the server; "" when it is ready.
std::string Ask(const ListenAddress& server) {
  const auto deadline = SteadyClock::now() + kPatience;
  const SocketAddress address = ToSocketAddress(server);
  if (address.size == 0) return "cannot be connected to: the path is too long for a socket";
  const UniqueFd fd(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (const int error = Connect(fd, address, deadline); error != 0) {
    return std::string("cannot be connected to: ") + std::strerror(error);
  }
  ::send(fd.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);  // a failure shows in recv

  std::array<char, kStatusLine.size()> answer = {};
  std::size_t size = 0;
  while (size < answer.size()) {
    if (!Await(fd, POLLIN, deadline)) return "did not answer within 3 s";
    const ssize_t got = ::recv(fd.get(), answer.data() + size, answer.size() - size, 0);
    if (got == 0) return "closed the connection without an answer";
    if (got < 0) return std::string("did not answer: ") + std::strerror(errno);
    size += static_cast<std::size_t>(got);
  }
  const std::string_view line(answer.data(), size);
  if (line.substr(0, 7) != kStatusLine.substr(0, 7)) return "does not speak HTTP";
  const std::string_view status = line.substr(9);
  if (status == kReady) return {};
  if (status == kDraining) return "is not ready: it is shutting down (503)";
  return "is not ready: /readyz answered " + std::string(status);
}

}  // namespace

int Healthcheck(const HealthcheckOptions& options) {
  const std::string fault = Ask(options.address);
  if (fault.empty()) return 0;
  std::cerr << "unhealthy: " << options.url << ' ' << fault << '\n';
  return 1;
}

}  // namespace paned
