#include "tests/support/ws_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace paned::testing {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// The example of RFC 6455 section 1.3: the answer to it is known without computing a digest.
constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr const char* kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
constexpr std::size_t kReadStep = 262144;

SteadyTime After(WsTimeout timeout) { return std::chrono::steady_clock::now() + timeout; }

bool WaitFor(int fd, short events, SteadyTime deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  pollfd state = {fd, events, 0};
  return ::poll(&state, 1, static_cast<int>(std::max<long long>(left.count(), 0))) > 0;
}

bool WriteAll(int fd, std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return false;
    if (!WaitFor(fd, POLLOUT, deadline)) return false;
  }
  return true;
}

// Appends what comes next. False at the end or after the deadline; `reset` tells a RST from an EOF.
bool ReadSome(int fd, std::string* to, SteadyTime deadline, bool* eof) {
  while (WaitFor(fd, POLLIN, deadline)) {
    // Made once: filling it with zeros for every small message would cost more than the message.
    thread_local std::vector<char> buffer(kReadStep);
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      to->append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) *eof = true;
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) return false;
  }
  return false;
}

std::string HostOf(const std::string& url) {
  const std::size_t at = url.find("://");
  return url.compare(0, 4, "unix") == 0 ? "localhost" : url.substr(at + 3);
}

HttpResponse Parse(const std::string& text) {
  HttpResponse response;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos || text.size() < 12) return response;
  response.status = std::atoi(text.c_str() + 9);
  response.head = text.substr(0, end + 2);
  response.body = text.substr(end + 4);
  return response;
}

std::string RequestText(const std::string& method, const std::string& url,
                        const std::string& target, const std::vector<std::string>& headers) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: " + HostOf(url) + "\r\n";
  for (const std::string& header : headers) text += header + "\r\n";
  return text + "\r\n";
}

UniqueFd DialUnix(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

}  // namespace

std::optional<std::string> HttpResponse::Header(std::string_view name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    const std::size_t start = at + 2;
    at = head.find("\r\n", start);
    const std::string line = head.substr(start, at - start);
    const std::size_t colon = line.find(':');
    if (colon != name.size()) continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
      return a == std::tolower(static_cast<unsigned char>(b));
    });
    if (same) return line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
  }
  return std::nullopt;
}

UniqueFd WsDial(const std::string& url, int receive_buffer_bytes) {
  if (url.compare(0, 7, "unix://") == 0) return DialUnix(url.substr(7));
  const std::string host = HostOf(url);
  const std::size_t colon = host.rfind(':');
  if (colon == std::string::npos) return {};
  const auto port = static_cast<std::uint16_t>(std::atoi(host.c_str() + colon + 1));
  const bool v6 = host.front() == '[';
  sockaddr_in v4_address = {};
  sockaddr_in6 v6_address = {};
  sockaddr* address = nullptr;
  socklen_t size = 0;
  if (v6) {
    v6_address.sin6_family = AF_INET6;
    v6_address.sin6_port = htons(port);
    ::inet_pton(AF_INET6, host.substr(1, colon - 2).c_str(), &v6_address.sin6_addr);
    address = reinterpret_cast<sockaddr*>(&v6_address);
    size = sizeof v6_address;
  } else {
    v4_address.sin_family = AF_INET;
    v4_address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.substr(0, colon).c_str(), &v4_address.sin_addr);
    address = reinterpret_cast<sockaddr*>(&v4_address);
    size = sizeof v4_address;
  }
  UniqueFd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer_bytes > 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), address, size) != 0) return {};
  return fd;
}

HttpResponse HttpRaw(const std::string& url, const std::string& request, WsTimeout timeout) {
  const UniqueFd fd = WsDial(url);
  const SteadyTime deadline = After(timeout);
  // The server may answer and close before it has read everything: its answer counts.
  WriteAll(fd.get(), request, deadline);
  std::string text;
  bool eof = false;
  while (ReadSome(fd.get(), &text, deadline, &eof)) {
  }
  return eof ? Parse(text) : HttpResponse{};
}

HttpResponse HttpGet(const std::string& url, const std::string& target,
                     const std::vector<std::string>& headers) {
  return HttpRaw(url, RequestText("GET", url, target, headers));
}

std::unique_ptr<WsClient> WsClient::Connect(const std::string& url) {
  return Connect(url, Options());
}

std::unique_ptr<WsClient> WsClient::Connect(const std::string& url, const Options& options,
                                            HttpResponse* refusal) {
  std::unique_ptr<WsClient> client(new WsClient());
  client->fd_ = WsDial(url, options.receive_buffer_bytes);
  if (!client->fd_.valid()) return nullptr;
  std::vector<std::string> headers = {"Connection: Upgrade", "Upgrade: websocket",
                                      "Sec-WebSocket-Version: 13",
                                      std::string("Sec-WebSocket-Key: ") + kKey};
  headers.insert(headers.end(), options.headers.begin(), options.headers.end());
  const SteadyTime deadline = After(kWsTimeout);
  WriteAll(client->fd_.get(), RequestText("GET", url, options.target, headers), deadline);
  while (client->input_.find("\r\n\r\n") == std::string::npos) {
    if (!ReadSome(client->fd_.get(), &client->input_, deadline, &client->at_eof_)) break;
  }
  client->handshake_ = Parse(client->input_);
  if (client->handshake_.status != 101 ||
      client->handshake_.Header("sec-websocket-accept") != kAccept) {
    if (refusal != nullptr) {
      while (ReadSome(client->fd_.get(), &client->input_, deadline, &client->at_eof_)) {
      }
      *refusal = Parse(client->input_);
    }
    return nullptr;
  }
  client->input_ = std::exchange(client->handshake_.body, {});
  return client;
}

std::string WsClient::Encode(bool fin, unsigned opcode, std::string_view payload, bool masked) {
  static std::atomic<std::uint32_t> seed{0x9e3779b9};
  std::string frame;
  frame.push_back(static_cast<char>(opcode | (fin ? 0x80u : 0u)));
  const unsigned mask_bit = masked ? 0x80 : 0;
  const std::uint64_t size = payload.size();
  int length_bytes = 0;
  if (size < 126) {
    frame.push_back(static_cast<char>(mask_bit | size));
  } else {
    length_bytes = size <= 0xffff ? 2 : 8;
    frame.push_back(static_cast<char>(mask_bit | (length_bytes == 2 ? 126u : 127u)));
  }
  for (int shift = (length_bytes - 1) * 8; shift >= 0; shift -= 8) {
    frame.push_back(static_cast<char>(size >> shift & 0xff));
  }
  if (!masked) return frame.append(payload);
  const std::uint32_t key = seed += 0x7f4a7c15;
  std::array<char, 4> bytes;
  std::memcpy(bytes.data(), &key, bytes.size());
  frame.append(bytes.data(), bytes.size());
  const std::size_t start = frame.size();
  frame.append(payload);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame[start + i] = static_cast<char>(frame[start + i] ^ bytes[i % 4]);
  }
  return frame;
}

bool WsClient::SendFrame(bool fin, unsigned opcode, std::string_view payload, bool masked) {
  return SendRaw(Encode(fin, opcode, payload, masked));
}

bool WsClient::SendRaw(std::string_view bytes) {
  return WriteAll(fd_.get(), bytes, After(kWsTimeout));
}

bool WsClient::SendClose(std::uint16_t code, std::string_view reason) {
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload.append(reason);
  close_sent_ = true;
  return SendFrame(true, 0x8, payload);
}

// Waits until `size` bytes lie ready.
bool WsClient::Fill(std::size_t size, Deadline deadline) {
  if (consumed_ > (std::size_t{1} << 20) && consumed_ > input_.size() / 2) {
    input_.erase(0, std::exchange(consumed_, 0));
  }
  while (input_.size() - consumed_ < size) {
    if (!ReadSome(fd_.get(), &input_, deadline, &at_eof_)) return false;
  }
  return true;
}

std::optional<WsFrame> WsClient::ReadFrame(WsTimeout timeout) {
  const Deadline deadline = After(timeout);
  if (!Fill(2, deadline)) return std::nullopt;
  const auto byte = [this](std::size_t i) {
    return static_cast<unsigned char>(input_[consumed_ + i]);
  };
  WsFrame frame;
  frame.fin = (byte(0) & 0x80) != 0;
  frame.opcode = byte(0) & 0x0f;
  std::uint64_t size = byte(1) & 0x7f;
  const std::size_t length_bytes = size == 127 ? 8 : size == 126 ? 2 : 0;
  if (!Fill(2 + length_bytes, deadline)) return std::nullopt;
  if (length_bytes > 0) size = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8 | byte(2 + i);
  // A server never masks.
  const std::size_t header = 2 + length_bytes;
  if ((byte(1) & 0x80) != 0 || !Fill(header + size, deadline)) return std::nullopt;
  frame.payload = input_.substr(consumed_ + header, size);
  consumed_ += header + size;
  if (consumed_ == input_.size()) {
    input_.clear();
    consumed_ = 0;
  }
  if (frame.opcode == 0x8) NoteClose(frame.payload);
  return frame;
}

void WsClient::NoteClose(const std::string& payload) {
  close_code_ = payload.size() < 2
                    ? 1005
                    : static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                                 static_cast<unsigned char>(payload[1]));
  close_reason_ = payload.size() < 2 ? std::string() : payload.substr(2);
}

std::optional<WsMessage> WsClient::ReadMessage(WsTimeout timeout) {
  const Deadline deadline = After(timeout);
  WsMessage message;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<WsTimeout>(deadline - std::chrono::steady_clock::now());
    std::optional<WsFrame> frame = ReadFrame(std::max(left, WsTimeout(0)));
    if (!frame) return std::nullopt;
    switch (frame->opcode) {
      case 0x8:
        if (!close_sent_) SendClose(close_code_ == 1005 ? 1000 : *close_code_);
        return std::nullopt;
      case 0x9:
        ++pings_;
        if (answer_pings_) SendFrame(true, 0xA, frame->payload);
        continue;
      case 0xA:
        pongs_.push_back(std::move(frame->payload));
        continue;
      default:
        break;
    }
    if (message.frame_sizes.empty()) message.opcode = frame->opcode;
    message.frame_sizes.push_back(frame->payload.size());
    if (message.payload.empty()) {
      message.payload = std::move(frame->payload);
    } else {
      message.payload += frame->payload;
    }
    if (frame->fin) return message;
  }
}

bool WsClient::ReadToEnd(WsTimeout timeout) {
  const Deadline deadline = After(timeout);
  while (ReadFrame(
      std::max(std::chrono::duration_cast<WsTimeout>(deadline - std::chrono::steady_clock::now()),
               WsTimeout(0)))) {
  }
  return at_eof_;
}

void WsClient::ShutdownWrite() { ::shutdown(fd_.get(), SHUT_WR); }

void WsClient::Reset() {
  const linger at_once = {1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd_.Reset();
}

}  // namespace paned::testing
