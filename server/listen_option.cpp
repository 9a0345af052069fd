// The forms of --listen, and which of them are open to others.
#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <utility>

#include "server/options.h"

namespace paned {
namespace {

std::optional<unsigned short> ParsePort(std::string_view text) {
  unsigned short port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, port);
  if (fault != std::errc() || stopped != end) return std::nullopt;
  return port;
}

bool IsLiteralIp(const std::string& ip) {
  std::array<unsigned char, 16> ignored = {};
  return ::inet_pton(AF_INET, ip.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, ip.c_str(), ignored.data()) == 1;
}

}  // namespace

Result<Listen> ParseListen(const std::string& url) {
  if (url == "stdio" || url == "stdio://") return Listen(StdioListen{});
  if (url.rfind("unix://", 0) == 0) {
    std::string path = url.substr(7);
    if (path.empty() || path.front() != '/') {
      return Error{ErrorKind::kInvalidParams,
                   "invalid unix --listen URL `" + url + "`; expected `unix:///absolute/path`"};
    }
    return Listen(ListenAddress{{}, 0, std::move(path)});
  }
  if (url.rfind("ws://", 0) != 0) {
    return Error{ErrorKind::kInvalidParams, "unsupported --listen URL `" + url +
                                                "`; expected `ws://IP:PORT`, `unix:///path` or "
                                                "`stdio`"};
  }
  const std::string rest = url.substr(5);
  const std::size_t colon = rest.rfind(':');
  std::string ip = rest.substr(0, colon);
  const bool bracketed = ip.size() > 2 && ip.front() == '[' && ip.back() == ']';
  if (bracketed) ip = ip.substr(1, ip.size() - 2);
  const bool is_v6 = ip.find(':') != std::string::npos;
  const auto port = colon == std::string::npos ? std::nullopt : ParsePort(rest.substr(colon + 1));
  if (!port || !IsLiteralIp(ip) || bracketed != is_v6) {
    return Error{ErrorKind::kInvalidParams,
                 "invalid websocket --listen URL `" + url + "`; expected `ws://IP:PORT`"};
  }
  return Listen(ListenAddress{std::move(ip), *port, {}});
}

bool IsLoopback(const std::string& ip) {
  in_addr v4 = {};
  if (::inet_pton(AF_INET, ip.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6 = {};
  return ::inet_pton(AF_INET6, ip.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Status CheckExposure(const ServeOptions& options) {
  const auto* address = std::get_if<ListenAddress>(&options.listen);
  if (address == nullptr || !address->unix_path.empty() || IsLoopback(address->ip) ||
      options.auth.mode || options.insecure_no_auth) {
    return Done{};
  }
  return Error{ErrorKind::kInvalidParams,
               "refusing to listen on " + address->ip +
                   ": anyone who reaches it could run commands here.\n"
                   "Ask for a token: --ws-auth capability-token --ws-token-file FILE,\n"
                   "or listen on 127.0.0.1 or a Unix socket, behind a gateway,\n"
                   "or add --insecure-no-auth if the network is trusted."};
}

}  // namespace paned
