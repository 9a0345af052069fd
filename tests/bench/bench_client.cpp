#include "tests/bench/bench_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/e2e/text.h"

namespace paned::bench {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

UniqueFd Dial(const std::string& url) {
  const std::string host = url.substr(url.find("://") + 3);
  const std::size_t colon = host.rfind(':');
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(host.c_str() + colon + 1)));
  ::inet_pton(AF_INET, host.substr(0, colon).c_str(), &address.sin_addr);
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Die("cannot connect to " + url);
  }
  return fd;
}

}  // namespace

double Seconds(BenchClock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double Quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

BenchClient::BenchClient(const std::string& url, const std::string& client_name)
    : fd_(Dial(url)), buffer_(kBuffer) {
  SendRaw(
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  std::string_view head;
  do {
    Need(end_ - begin_ + 1);
    head = std::string_view(buffer_.data(), end_);
  } while (head.find("\r\n\r\n") == std::string_view::npos);
  if (head.find(" 101 ") == std::string_view::npos) Die("no upgrade from " + url);
  begin_ = head.find("\r\n\r\n") + 4;
  Call("initialize", "{\"clientName\":" + testing::Quote(client_name) + "}");
  SendRaw(Frame(R"({"method":"initialized","params":{}})"));
}

void BenchClient::Need(std::size_t size) {
  if (begin_ + size > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (size > buffer_.size()) buffer_.resize(size + kBuffer);
  }
  while (end_ - begin_ < size) {
    const int on = 1;
    const ssize_t got = ::recv(fd_.get(), buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got <= 0) Die("the server has closed the connection");
    end_ += static_cast<std::size_t>(got);
    // Acknowledge at once: a delayed ACK must not be what is measured.
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  }
}

std::string BenchClient::Frame(std::string_view payload) {
  std::string frame = "\x81";
  const std::size_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  const std::size_t marker = length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127;
  frame += static_cast<char>(0x80 | marker);
  for (int shift = (length_bytes - 1) * 8; shift >= 0; shift -= 8) {
    frame += static_cast<char>(size >> shift & 0xff);
  }
  return frame.append(4, '\0').append(payload);  // a mask of zeros masks nothing
}

std::string BenchClient::Request(std::uint64_t id, std::string_view method,
                                 const std::string& params) {
  return "{\"id\":" + std::to_string(id) + ",\"method\":\"" + std::string(method) +
         "\",\"params\":" + params + "}";
}

std::uint64_t BenchClient::Send(std::string_view method, const std::string& params) {
  const std::uint64_t id = next_id_++;
  SendRaw(Frame(Request(id, method, params)));
  return id;
}

void BenchClient::SendRaw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) Die("the server takes nothing");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string_view BenchClient::Receive() {
  joined_.clear();
  while (true) {
    Need(2);
    const auto byte = [this](std::size_t i) {
      return static_cast<unsigned char>(buffer_[begin_ + i]);
    };
    std::size_t size = byte(1) & 0x7fu;
    const std::size_t length_bytes = size == 127 ? 8 : size == 126 ? 2 : 0;
    Need(2 + length_bytes);
    if (length_bytes > 0) size = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8 | byte(2 + i);
    const unsigned opcode = byte(0) & 0x0fu;
    const bool fin = (byte(0) & 0x80u) != 0;
    Need(2 + length_bytes + size);
    const std::string_view payload(buffer_.data() + begin_ + 2 + length_bytes, size);
    begin_ += 2 + length_bytes + size;
    if (opcode == 0x9) {
      std::string pong = Frame(payload);
      pong[0] = '\x8A';
      SendRaw(pong);
      continue;
    }
    if (opcode > 2) continue;
    if (fin && joined_.empty()) return payload;
    joined_.append(payload);
    if (fin) return joined_;
  }
}

std::string_view BenchClient::Await(std::uint64_t id) {
  const std::string wanted = "\"id\":" + std::to_string(id);
  while (true) {
    const std::string_view message = Receive();
    // Its id stands at the front of a result, and at the end of the reference's errors.
    const std::size_t at = message.substr(0, 64).find(wanted);
    if (at != std::string_view::npos) {
      const char next = message[at + wanted.size()];
      if (next == ',' || next == '}') return message;
    }
    const std::string_view tail =
        message.substr(message.size() - std::min<std::size_t>(message.size(), 32));
    if (message.substr(0, 9) == "{\"error\":" &&
        tail.find(wanted + "}") != std::string_view::npos) {
      Die("an error: " + std::string(message.substr(0, 300)));
    }
  }
}

std::string_view BenchClient::Call(std::string_view method, const std::string& params) {
  const std::string_view reply = Await(Send(method, params));
  if (reply.substr(0, 80).find("\"error\"") != std::string_view::npos) {
    Die("an error: " + std::string(reply.substr(0, 300)));
  }
  return reply;
}

std::string StartParams(const std::string& id, const std::vector<std::string>& argv, bool tty) {
  return "{\"processId\":" + testing::Quote(id) + ",\"argv\":" + testing::QuoteAll(argv) +
         R"(,"cwd":"file:///tmp","env":{"PATH":"/usr/bin:/bin"},"tty":)" +
         (tty ? "true" : "false") + R"(,"pipeStdin":false,"arg0":null})";
}

std::optional<std::uint64_t> LastNumber(std::string_view message, std::string_view name) {
  const std::string wanted = "\"" + std::string(name) + "\":";
  const std::size_t at = message.rfind(wanted);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = at + wanted.size(); i < message.size(); ++i) {
    if (message[i] < '0' || message[i] > '9') break;
    number = number * 10 + static_cast<std::uint64_t>(message[i] - '0');
  }
  return number;
}

BenchOptions ParseBenchOptions(int argc, char** argv) {
  BenchOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--peer" && i + 1 < argc) {
      options.peer = argv[++i];
    } else if (flag == "--count" && i + 1 < argc) {
      options.count = std::atoi(argv[++i]);
    } else {
      Die("usage: " + std::string(argv[0]) + " [--peer ws://IP:PORT] [--count N]");
    }
  }
  return options;
}

}  // namespace paned::bench
