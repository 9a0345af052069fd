// A WebSocket client for tests, written from RFC 6455 on a plain socket: it shares no code with the
// server, and it can misbehave in every way a peer can.
// Threading: blocking calls; one thread at a time per client.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/unique_fd.h"

namespace paned::testing {

using WsTimeout = std::chrono::milliseconds;
constexpr WsTimeout kWsTimeout = std::chrono::seconds(60);

struct HttpResponse {
  int status = 0;  // 0: no complete answer came
  std::string head;
  std::string body;

  // The value of the header, by its lower-case name; nothing when it is not there.
  std::optional<std::string> Header(std::string_view name) const;
};

struct WsFrame {
  bool fin = true;
  unsigned opcode = 0;
  std::string payload;
};

struct WsMessage {
  unsigned opcode = 0;
  std::string payload;
  std::vector<std::size_t> frame_sizes;
};

// A connected socket for ws://IP:PORT, ws://[IP6]:PORT or unix:///path. Invalid when refused.
UniqueFd WsDial(const std::string& url, int receive_buffer_bytes = 0);

// Sends the bytes as they are and reads until the server closes.
HttpResponse HttpRaw(const std::string& url, const std::string& request,
                     WsTimeout timeout = kWsTimeout);
HttpResponse HttpGet(const std::string& url, const std::string& target,
                     const std::vector<std::string>& headers = {});

class WsClient {
 public:
  struct Options {
    std::string target = "/";
    std::vector<std::string> headers;  // "Name: value", beside those of the handshake
    int receive_buffer_bytes = 0;      // 0: the kernel's choice
  };

  // Null unless the server answers 101 with the right key; the answer then is in `refusal`.
  static std::unique_ptr<WsClient> Connect(const std::string& url);
  static std::unique_ptr<WsClient> Connect(const std::string& url, const Options& options,
                                           HttpResponse* refusal = nullptr);

  // All sends are false when the connection is gone or takes nothing for kWsTimeout.
  bool SendText(std::string_view payload) { return SendFrame(true, 0x1, payload); }
  bool SendBinary(std::string_view payload) { return SendFrame(true, 0x2, payload); }
  bool SendFrame(bool fin, unsigned opcode, std::string_view payload, bool masked = true);
  bool SendRaw(std::string_view bytes);
  bool Ping(std::string_view payload) { return SendFrame(true, 0x9, payload); }
  bool SendClose(std::uint16_t code, std::string_view reason = {});

  // The bytes of a masked frame, for tests that send many at once.
  static std::string Encode(bool fin, unsigned opcode, std::string_view payload,
                            bool masked = true);

  // The next frame of any kind, answered by nothing. Nothing at EOF, reset or timeout.
  std::optional<WsFrame> ReadFrame(WsTimeout timeout = kWsTimeout);
  // The next message, joined. Pings on the way are answered, pongs kept, a Close is echoed.
  std::optional<WsMessage> ReadMessage(WsTimeout timeout = kWsTimeout);
  // Reads to the end of the connection. True for an orderly one (EOF), false for a reset or
  // timeout.
  bool ReadToEnd(WsTimeout timeout = kWsTimeout);

  // What came with the server's Close frame.
  std::optional<std::uint16_t> close_code() const { return close_code_; }
  const std::string& close_reason() const { return close_reason_; }
  const std::vector<std::string>& pongs() const { return pongs_; }
  int pings() const { return pings_; }
  bool at_eof() const { return at_eof_; }
  const HttpResponse& handshake() const { return handshake_; }
  int fd() const { return fd_.get(); }

  void set_answer_pings(bool answer) { answer_pings_ = answer; }

  void ShutdownWrite();
  // Ends the connection with a RST.
  void Reset();

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  WsClient() = default;
  bool Fill(std::size_t size, Deadline deadline);
  void NoteClose(const std::string& payload);

  UniqueFd fd_;
  std::string input_;
  std::size_t consumed_ = 0;
  std::optional<std::uint16_t> close_code_;
  std::string close_reason_;
  std::vector<std::string> pongs_;
  int pings_ = 0;
  bool answer_pings_ = true;
  bool close_sent_ = false;
  bool at_eof_ = false;
  HttpResponse handshake_;
};

}  // namespace paned::testing
