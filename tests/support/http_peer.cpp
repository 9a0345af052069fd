#include "tests/support/http_peer.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace paned::testing {
namespace {

// Reads one request. Empty when the connection has ended.
std::string ReadRequest(int fd, std::string* rest) {
  std::string text = std::exchange(*rest, {});
  std::size_t wanted = std::string::npos;
  while (true) {
    const std::size_t end = text.find("\r\n\r\n");
    if (wanted == std::string::npos && end != std::string::npos) {
      std::string head = text.substr(0, end);
      std::transform(head.begin(), head.end(), head.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      constexpr char kLength[] = "content-length: ";
      const std::size_t at = head.find(kLength);
      wanted = end + 4;
      if (at != std::string::npos) {
        wanted += static_cast<std::size_t>(std::atoll(head.c_str() + at + sizeof kLength - 1));
      }
    }
    if (wanted <= text.size()) {
      *rest = text.substr(wanted);
      return text.substr(0, wanted);
    }
    std::array<char, 65536> buffer = {};
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return {};
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

bool HttpPeer::Wire::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
    *sent_ += static_cast<std::size_t>(sent);
  }
  return true;
}

void HttpPeer::Wire::Reset() {
  const linger at_once = {1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void HttpPeer::Wire::AwaitEnd() {
  std::array<char, 64> buffer = {};
  while (::recv(fd_, buffer.data(), buffer.size(), 0) > 0) {
  }
}

HttpPeer::HttpPeer(Serve serve) : serve_(std::move(serve)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 512) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

HttpPeer::~HttpPeer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string HttpPeer::Url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<std::string> HttpPeer::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

void HttpPeer::Accept() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++open_;
    const std::lock_guard<std::mutex> lock(mutex_);
    sockets_.push_back(fd);
    threads_.emplace_back([this, fd] { Run(fd); });
  }
}

void HttpPeer::Run(int fd) {
  Wire wire(fd, &sent_);
  std::string rest;
  while (true) {
    const std::string request = ReadRequest(fd, &rest);
    if (request.empty()) break;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(request);
    }
    if (!serve_(&wire, request)) break;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  sockets_.remove(fd);
  ::close(fd);
  --open_;
}

std::string HttpOk(const std::string& body, const std::string& headers) {
  return "HTTP/1.1 200 OK\r\n" + headers + "content-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace paned::testing
