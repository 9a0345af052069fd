#include "server/net/listen_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace paned {
namespace {

constexpr int kBacklog = 1024;

Error CannotListen(const std::string& where, const std::string& cause, const std::string& remedy) {
  Error error;
  error.kind = ErrorKind::kInternal;
  error.message = "cannot listen on " + where + ": " + cause + "; " + remedy;
  error.hint = remedy;
  return error;
}

Error CannotListen(const std::string& where, int number, bool unix_socket) {
  const char* remedy = "choose another address";
  switch (number) {
    case EADDRINUSE:
      remedy = "choose another port, or port 0 for any free one";
      break;
    case EADDRNOTAVAIL:
      remedy = "no interface of this machine has it; use 127.0.0.1, or 0.0.0.0 for all of them";
      break;
    case EACCES:
    case EPERM:
      remedy = unix_socket ? "choose a directory that this user may write to"
                           : "choose a port above 1023";
      break;
    case ENOENT:
    case ENOTDIR:
      remedy = "create the directory first";
      break;
    case EMFILE:
    case ENFILE:
      remedy = "raise the limit of open files";
      break;
    case EAFNOSUPPORT:
      remedy = "this machine has no such address family; use an IPv4 address";
      break;
    default:
      break;
  }
  return CannotListen(where, std::system_category().message(number), remedy);
}

// The largest output buffer the kernel gives a TCP socket by itself; 0 when it does not say.
long KernelSendBufferLimit() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_wmem");
  long smallest = 0;
  long initial = 0;
  long largest = 0;
  file >> smallest >> initial >> largest;
  return file ? largest : 0;
}

// Set on the listening socket, inherited by the accepted ones.
void LimitSendBuffer(int fd, int family, int bytes) {
  int current = 0;
  socklen_t size = sizeof current;
  ::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &current, &size);
  const long limit = family == AF_UNIX ? current : std::max<long>(KernelSendBufferLimit(), current);
  if (limit <= bytes) return;
  const int half = bytes / 2;  // the kernel doubles it, for its own bookkeeping
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
}

bool FillAddress(const ListenAddress& address, sockaddr_storage* out, socklen_t* size) {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  if (::inet_pton(AF_INET, address.ip.c_str(), &v4.sin_addr) == 1) {
    std::memcpy(out, &v4, sizeof v4);
    *size = sizeof v4;
    return true;
  }
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  if (::inet_pton(AF_INET6, address.ip.c_str(), &v6.sin6_addr) != 1) return false;
  std::memcpy(out, &v6, sizeof v6);
  *size = sizeof v6;
  return true;
}

Result<ListenSocket> OpenTcp(const ListenAddress& address) {
  const bool v6 = address.ip.find(':') != std::string::npos;
  const std::string where =
      "ws://" + (v6 ? "[" + address.ip + "]" : address.ip) + ":" + std::to_string(address.port);
  sockaddr_storage bound = {};
  socklen_t size = 0;
  if (!FillAddress(address, &bound, &size)) {
    return CannotListen(where, "not an IP address", "give a literal IPv4 or IPv6 address");
  }
  ListenSocket made;
  made.family = bound.ss_family;
  made.fd = UniqueFd(::socket(bound.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.fd.valid()) return CannotListen(where, errno, false);
  const int on = 1;
  ::setsockopt(made.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* generic = reinterpret_cast<sockaddr*>(&bound);
  if (::bind(made.fd.get(), generic, size) != 0) return CannotListen(where, errno, false);
  if (::listen(made.fd.get(), kBacklog) != 0) return CannotListen(where, errno, false);
  size = sizeof bound;
  if (::getsockname(made.fd.get(), generic, &size) != 0) return CannotListen(where, errno, false);
  made.url = "ws://" + EndpointText(bound);
  return made;
}

// Whether a server answers at the path: 0, or the error of the attempt.
int TryConnect(const sockaddr_un& address) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return errno;
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(probe.get(), generic, sizeof address) == 0 ? 0 : errno;
}

Result<ListenSocket> OpenUnix(const ListenAddress& address) {
  const std::string& path = address.unix_path;
  const std::string where = "unix://" + path;
  sockaddr_un bound = {};
  bound.sun_family = AF_UNIX;
  if (path.size() >= sizeof bound.sun_path) {
    return CannotListen(
        where, "the path is too long",
        "choose one of at most " + std::to_string(sizeof bound.sun_path - 1) + " bytes");
  }
  std::memcpy(bound.sun_path, path.c_str(), path.size() + 1);

  struct stat info = {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) {
      return CannotListen(where, "a file that is no socket is there", "choose another path");
    }
    if (TryConnect(bound) != ECONNREFUSED) {
      return CannotListen(where, "another server is listening there",
                          "stop it or choose another path");
    }
    // Left behind by a server that is gone.
    if (::unlink(path.c_str()) != 0) return CannotListen(where, errno, true);
  }

  ListenSocket made;
  made.family = AF_UNIX;
  made.url = where;
  made.unix_path = path;
  made.fd = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.fd.valid()) return CannotListen(where, errno, true);
  // On Linux the file takes its mode from the socket: so it is never open to others, not even
  // between bind and chmod, and no process-wide umask is touched.
  if (::fchmod(made.fd.get(), S_IRUSR | S_IWUSR) != 0) return CannotListen(where, errno, true);
  const auto* generic = reinterpret_cast<const sockaddr*>(&bound);
  if (::bind(made.fd.get(), generic, sizeof bound) != 0) return CannotListen(where, errno, true);
  if (::lstat(path.c_str(), &info) != 0) return CannotListen(where, errno, true);
  made.device = info.st_dev;
  made.inode = info.st_ino;
  if (::listen(made.fd.get(), kBacklog) != 0) {
    const int number = errno;
    ::unlink(path.c_str());
    return CannotListen(where, number, true);
  }
  return made;
}

}  // namespace

std::string EndpointText(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (address.ss_family == AF_INET) {
    sockaddr_in v4 = {};
    std::memcpy(&v4, &address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6 = {};
    std::memcpy(&v6, &address, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return "unix";
}

Result<ListenSocket> OpenListenSocket(const ListenAddress& address, int send_buffer_bytes) {
  Result<ListenSocket> made = address.unix_path.empty() ? OpenTcp(address) : OpenUnix(address);
  if (made.ok()) {
    LimitSendBuffer(made.value().fd.get(), made.value().family, send_buffer_bytes);
  }
  return made;
}

}  // namespace paned
