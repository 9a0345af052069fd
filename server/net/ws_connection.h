// One WebSocket peer: ties the library's connection to our queue, gate, liveness and close rules.
// Included by ws_endpoint.cpp alone. Threading: io thread only.
#pragma once

#include <asio/post.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "server/net/close_reason.h"
#include "server/net/connection.h"
#include "server/net/frame_scanner.h"
#include "server/net/inbound_account.h"
#include "server/net/lingering_close.h"
#include "server/net/liveness.h"
#include "server/net/outbound_queue.h"
#include "server/net/ping_markers.h"
#include "server/net/ws_config.h"
#include "server/net/ws_endpoint.h"

namespace paned {

class WsConnection;

// What all connections of an endpoint share.
struct WsShared {
  asio::io_context* io = nullptr;
  Clock* clock = nullptr;
  WsOptions options;
  ConnectionAcceptor* acceptor = nullptr;
  LogSink log;
  bool draining = false;
  std::unique_ptr<LingeringClose> linger;
  std::unordered_map<WsConnection*, std::shared_ptr<WsConnection>> live;
};

class WsConnection : public Connection,
                     public PeerSocketOwner,
                     public std::enable_shared_from_this<WsConnection> {
 public:
  WsConnection(WsShared* shared, WsServer::connection_ptr wire, const std::string& peer)
      : shared_(shared),
        io_(shared->io),
        wire_(std::move(wire)),
        label_("websocket JSON-RPC message from exec-server websocket " + peer),
        peer_(peer),
        scanner_(shared->options.max_message_bytes),
        queue_(OutboundQueue::Hooks{
            [this](OutboundQueue::Frame frame) {
              return !wire_->send(std::make_shared<OutboundMessage>(std::move(frame)));
            },
            [this](const Error& error) { OnSourceFailed(error); }, [this] { Settle(); }}) {}

  // Takes the accepted socket and begins the handshake.
  void Start(UniqueFd fd, int family) {
    inbound_ = std::make_shared<InboundAccount>(kInboundHigh, kInboundHigh / 2,
                                                [io = io_, weak = weak_from_this()] {
                                                  asio::post(*io, [weak] {
                                                    if (const auto self = weak.lock())
                                                      self->UpdateGate();
                                                  });
                                                });
    wire_->set_max_message_size(shared_->options.max_message_bytes);
    wire_->set_open_handler([this](const auto&) { OnOpen(); });
    wire_->set_message_handler(
        [this](const auto&, auto message) { OnMessage(std::move(message)); });
    wire_->set_http_handler([this](const auto&) { AnswerHttp(); });
    wire_->set_validate_handler([this](const auto&) { return MayUpgrade(); });
    wire_->set_ping_handler([this](const auto&, const std::string& payload) {
      queue_.SendControl(FrameOpcode::kPong, payload);
      Settle();
      return false;  // ours is counted, the library's would not be
    });
    wire_->set_pong_handler(
        [this](const auto&, const std::string& payload) { markers_.OnPong(payload); });
    wire_->set_termination_handler([this](const auto&) { OnTerminated(); });
    if (socket().Open(std::move(fd), family, shared_->clock, this)) {
      wire_->terminate(std::make_error_code(std::errc::bad_file_descriptor));
      return;
    }
    wire_->start();
  }

  // Ends the connection without a word to the peer. OnClosed comes from within.
  void Drop() {
    if (closed_) return;
    socket().GiveUp();
    wire_->terminate(std::make_error_code(std::errc::connection_aborted));
  }

  const std::string& label() const override { return label_; }

  void Send(std::string message) override {
    if (closed_ || closing_) return;
    queue_.Send(std::move(message));
    Settle();
  }

  void SendStreamed(std::unique_ptr<MessageSource> source) override {
    if (closed_ || closing_) return;
    queue_.SendStreamed(std::move(source));
    Settle();
  }

  bool WantsOutput() const override {
    return !closed_ && queue_.waiting_bytes() <= shared_->options.high_watermark;
  }

  void Close(CloseCode code, std::string_view reason) override {
    if (closed_ || closing_) return;
    closing_ = true;
    close_code_ = static_cast<websocketpp::close::status::value>(code);
    close_reason_ = CloseReason(reason);
    if (!SendCloseWhenDrained()) WatchClose();
  }

  void Confirm(std::function<void()> taken) override {
    if (closed_ || closing_) return;
    if (markers_.answered()) {
      queue_.SendMarker(markers_.Next(std::move(taken)));
      Settle();
    } else {
      asio::post(*io_, std::move(taken));
    }
  }

  void Probe(Duration patience, std::function<void(bool alive)> done) override {
    if (closed_ || !liveness_) {
      asio::post(*io_, [done = std::move(done)] { done(false); });
      return;
    }
    liveness_->Probe(patience, std::move(done));
  }

  std::size_t OnReceived(const char* data, std::size_t size) override {
    if (!open_) return size;  // the handshake
    liveness_->NoteSign();
    return scanner_.Scan(data, size);
  }

  void OnReadingEnded() override {
    namespace status = websocketpp::close::status;
    if (scanner_.verdict() == FrameScanner::Verdict::kTooBig) {
      CloseNow(status::message_too_big, "message exceeds the limit of " +
                                            std::to_string(shared_->options.max_message_bytes) +
                                            " bytes");
    } else {
      CloseNow(status::protocol_error, "malformed frame header");
    }
  }

  void OnWritten() override {
    queue_.OnWritten();
    Settle();
  }

  void OnShutdown(UniqueFd fd, bool orderly) override {
    if (orderly) {
      shared_->linger->Take(std::move(fd));
      return;
    }
    // What the kernel still holds for a peer beyond reach is let go at once.
    const linger at_once = {1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

 private:
  static constexpr int kUnauthorized = 401;
  static constexpr std::size_t kInboundHigh = std::size_t{64} << 20;
  static constexpr std::size_t kOutboundHigh = std::size_t{32} << 20;
  // What a small message costs beside its bytes, here and above, while it is dealt with.
  static constexpr std::size_t kMessageCost = 512;
  // How long a close may wait for output that the peer does not take.
  static constexpr Duration kClosePatience = std::chrono::seconds(5);

  // Keeps an inbound message while someone above uses it.
  struct Inbound {
    Inbound(WsServer::message_ptr taken, std::shared_ptr<InboundAccount> charged)
        : message(std::move(taken)),
          account(std::move(charged)),
          cost(message->get_payload().size() + kMessageCost) {
      account->Add(cost);
    }
    Inbound(const Inbound&) = delete;
    Inbound& operator=(const Inbound&) = delete;
    ~Inbound() { account->Release(cost); }

    WsServer::message_ptr message;
    std::shared_ptr<InboundAccount> account;
    std::size_t cost;
  };

  PeerSocket& socket() const { return wire_->get_socket(); }

  std::optional<HttpAnswer> Judge() const {
    HttpServerState state;
    state.draining = shared_->draining;
    state.check = shared_->options.check;
    return wire_->get_request().Answer(std::move(state), shared_->options.ready_details);
  }

  bool MayUpgrade() {
    const std::optional<HttpAnswer> refusal = Judge();
    if (!refusal) return true;
    if (refusal->status == kUnauthorized) {
      shared_->log("info", peer_ + " was refused: " + refusal->body);
    }
    Answer(*refusal);
    return false;
  }

  // Whatever the library takes for no upgrade, although the routes do, has to come again.
  void AnswerHttp() { Answer(Judge().value_or(HttpAnswer{503, {}})); }

  void Answer(const HttpAnswer& answer) {
    wire_->set_status(static_cast<websocketpp::http::status_code::value>(answer.status));
    if (answer.body.empty()) {
      wire_->append_header("Content-Length", "0");
    } else {
      wire_->append_header("Content-Type", "text/plain; charset=utf-8");
      wire_->set_body(answer.body);
    }
    wire_->append_header("Connection", "close");
  }

  void OnOpen() {
    open_ = true;
    const std::string& early = wire_->get_request().first_frames();
    if (scanner_.Scan(early.data(), early.size()) != early.size()) socket().EndReading();
    liveness_.emplace(shared_->clock, shared_->options.ping_interval,
                      shared_->options.pong_patience,
                      Liveness::Hooks{[this] { Ping(); }, [this] { return LastSign(); },
                                      [this] {
                                        shared_->log("warn", peer_ + " has gone silent: dropped");
                                        Drop();
                                      }});
    events_ = shared_->acceptor->OnConnected(shared_from_this());
    // Learns whether the peer answers pings, before anything depends on it.
    queue_.SendMarker(markers_.Next([] {}));
    Settle();
  }

  void OnMessage(WsServer::message_ptr message) {
    if (closing_) return;
    held_messages_.push_back(std::make_shared<Inbound>(std::move(message), inbound_));
    DeliverMessages();
  }

  // The gate stops reads; what one read has brought already waits here. Otherwise 64 KiB of small
  // requests would be answered with any amount of replies.
  void DeliverMessages() {
    while (!held_messages_.empty() && !inbound_full_ && !outbound_full_) {
      const std::shared_ptr<Inbound> inbound = std::move(held_messages_.front());
      held_messages_.pop_front();
      if (closing_ || closed_) continue;
      std::string& payload = inbound->message->get_raw_payload();
      events_->OnMessage(InboundFrame{payload.data(), payload.size(), inbound});
      UpdateGate();
    }
  }

  void Ping() {
    // One that could not leave yet says as much as two.
    if (queue_.waiting_bytes() > 0 && socket().last_sent() <= last_ping_) return;
    last_ping_ = shared_->clock->Now();
    queue_.SendControl(FrameOpcode::kPing, {});
  }

  TimePoint LastSign() const {
    // We do not read because we are behind: the peer is not to blame.
    if (inbound_full_) return shared_->clock->Now();
    const TimePoint read = std::max(socket().last_received(), reopened_);
    return outbound_full_ ? std::max(read, socket().last_sent()) : read;
  }

  void UpdateGate() {
    if (closed_) return;
    inbound_full_ = inbound_->Full();
    outbound_full_ = queue_.waiting_bytes() > (outbound_full_ ? kOutboundHigh / 2 : kOutboundHigh);
    const bool hold = inbound_full_ || outbound_full_;
    if (hold == gate_closed_) return;
    gate_closed_ = hold;
    if (hold) {
      socket().Hold(true);
      return;
    }
    reopened_ = shared_->clock->Now();
    // Posted: this may be a call from above. What was held comes before what is read next.
    asio::post(*io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      self->DeliverMessages();
      if (!self->closed_ && !self->gate_closed_) self->socket().Hold(false);
    });
  }

  // After anything that changes what waits.
  void Settle() {
    if (closed_) return;
    UpdateGate();
    const std::size_t waiting = queue_.waiting_bytes();
    if (waiting > shared_->options.high_watermark) {
      above_high_ = true;
    } else if (above_high_ && waiting < shared_->options.low_watermark) {
      above_high_ = false;
      asio::post(*io_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->events_ != nullptr) self->events_->OnWritable();
      });
    }
    if (closing_) SendCloseWhenDrained();
  }

  bool SendCloseWhenDrained() {
    if (!queue_.empty()) return false;
    if (std::exchange(close_sent_, true)) return true;
    close_timer_.reset();
    std::error_code error;
    wire_->close(close_code_, close_reason_, error);
    // An error: the peer has begun to close already, and the library sees that to its end.
    return true;
  }

  void WatchClose() {
    close_timer_ = shared_->clock->After(kClosePatience, [this, sent = socket().last_sent()] {
      if (socket().last_sent() == sent) {
        Drop();
      } else {
        WatchClose();
      }
    });
  }

  // Closes at once; what waits is dropped.
  void CloseNow(websocketpp::close::status::value code, const std::string& reason) {
    if (closed_) return;
    closing_ = close_sent_ = true;
    close_timer_.reset();
    queue_.Abandon();
    std::error_code error;
    wire_->close(code, CloseReason(reason), error);
    if (error) wire_->terminate(error);
  }

  void OnSourceFailed(const Error& error) {
    // Posted: the source is on the call stack.
    asio::post(*io_, [weak = weak_from_this(), text = error.message] {
      if (const auto self = weak.lock()) {
        self->CloseNow(websocketpp::close::status::internal_endpoint_error, text);
      }
    });
  }

  void OnTerminated() {
    const std::shared_ptr<WsConnection> self = shared_from_this();
    closed_ = true;
    close_timer_.reset();
    inbound_->Forget();
    queue_.Abandon();
    markers_.Clear();
    held_messages_.clear();
    if (liveness_) liveness_->Stop();
    shared_->live.erase(this);
    if (events_ != nullptr) std::exchange(events_, nullptr)->OnClosed();
  }

  WsShared* shared_;  // not after closed_
  asio::io_context* io_;
  WsServer::connection_ptr wire_;
  const std::string label_;
  const std::string peer_;
  FrameScanner scanner_;
  OutboundQueue queue_;
  std::shared_ptr<InboundAccount> inbound_;
  std::optional<Liveness> liveness_;
  PingMarkers markers_;
  ConnectionEvents* events_ = nullptr;
  bool open_ = false;
  bool closed_ = false;
  bool closing_ = false;     // Close was called: nothing more is taken from either side
  bool close_sent_ = false;  // the queue has drained and the Close frame is on its way
  bool above_high_ = false;
  bool inbound_full_ = false;
  bool outbound_full_ = false;
  bool gate_closed_ = false;
  std::list<std::shared_ptr<Inbound>> held_messages_;
  TimePoint reopened_ = {};
  TimePoint last_ping_ = {};
  websocketpp::close::status::value close_code_ = websocketpp::close::status::normal;
  std::string close_reason_;
  std::unique_ptr<Timer> close_timer_;
};

}  // namespace paned
