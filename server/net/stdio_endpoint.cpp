#include "server/net/stdio_endpoint.h"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/net/inbound_account.h"
#include "server/net/line_queue.h"
#include "server/net/stdio_fd.h"

namespace paned {
namespace {

constexpr std::size_t kReadBytes = 65536;
constexpr std::size_t kHighWatermark = std::size_t{1} << 20;
constexpr std::size_t kLowWatermark = std::size_t{512} << 10;
constexpr std::size_t kInboundHigh = std::size_t{64} << 20;
constexpr std::size_t kOutboundHigh = std::size_t{32} << 20;
// What a small line costs beside its bytes while it is dealt with.
constexpr std::size_t kLineCost = 512;
constexpr Duration kClosePatience = std::chrono::seconds(5);

class StdioConnection : public Connection, public std::enable_shared_from_this<StdioConnection> {
 public:
  StdioConnection(asio::io_context* io, Clock* clock, UniqueFd input, UniqueFd output,
                  std::size_t max_message_bytes)
      : io_(io),
        clock_(clock),
        max_message_bytes_(max_message_bytes),
        input_(std::make_unique<StdioFd>(io, std::move(input), StdioFd::Direction::kInput)),
        output_(std::make_unique<StdioFd>(io, std::move(output), StdioFd::Direction::kOutput)),
        queue_([this] { Settle(); }, [this] { EndLater(); }),
        chunk_(kReadBytes) {}

  void Start(ConnectionAcceptor* acceptor) {
    inbound_ = std::make_shared<InboundAccount>(kInboundHigh, kInboundHigh / 2,
                                                [io = io_, weak = weak_from_this()] {
                                                  asio::post(*io, [weak] {
                                                    if (const auto self = weak.lock())
                                                      self->ContinueReading();
                                                  });
                                                });
    last_written_ = clock_->Now();
    events_ = acceptor->OnConnected(shared_from_this());
    ContinueReading();
  }

  // Ends at once; OnClosed comes from within.
  void End() {
    if (ended_) return;
    const std::shared_ptr<StdioConnection> self = shared_from_this();
    ended_ = true;
    inbound_->Forget();
    close_timer_.reset();
    queue_.Abandon();
    input_.reset();
    output_.reset();
    if (events_ != nullptr) std::exchange(events_, nullptr)->OnClosed();
  }

  const std::string& label() const override { return label_; }

  void Send(std::string message) override {
    if (ended_ || closing_) return;
    queue_.Send(std::move(message));
    Settle();
  }

  void SendStreamed(std::unique_ptr<MessageSource> source) override {
    if (ended_ || closing_) return;
    queue_.SendStreamed(std::move(source));
    Settle();
  }

  bool WantsOutput() const override { return !ended_ && queue_.waiting_bytes() <= kHighWatermark; }

  void Close(CloseCode /*code*/, std::string_view /*reason*/) override {
    if (ended_ || closing_) return;
    closing_ = true;
    WatchClose();
    if (queue_.empty()) EndLater();
  }

  // A pipe cannot be asked: what was handed over counts as taken.
  void Confirm(std::function<void()> taken) override {
    if (!ended_ && !closing_) asio::post(*io_, std::move(taken));
  }

  // A pipe has no ping: the peer is there as long as the pipe is.
  void Probe(Duration /*patience*/, std::function<void(bool alive)> done) override {
    asio::post(*io_, [done = std::move(done), alive = !ended_ && !closing_] { done(alive); });
  }

 private:
  // Keeps one line while someone above uses it.
  struct Inbound {
    Inbound(std::string taken, std::shared_ptr<InboundAccount> charged)
        : line(std::move(taken)), account(std::move(charged)), cost(line.size() + kLineCost) {
      account->Add(cost);
    }
    Inbound(const Inbound&) = delete;
    Inbound& operator=(const Inbound&) = delete;
    ~Inbound() { account->Release(cost); }

    std::string line;
    std::shared_ptr<InboundAccount> account;
    std::size_t cost;
  };

  void ContinueReading() {
    if (ended_ || closing_ || waiting_to_read_ || GateClosed()) return;
    waiting_to_read_ = true;
    auto go_on = [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->ended_) return;
      self->waiting_to_read_ = false;
      if (self->unread_.empty()) self->ReadSome();
      self->TakeLines();
      self->ContinueReading();
    };
    if (unread_.empty()) {
      input_->WhenReady(std::move(go_on));
    } else {
      asio::post(*io_, std::move(go_on));
    }
  }

  bool GateClosed() {
    output_full_ = queue_.waiting_bytes() > (output_full_ ? kOutboundHigh / 2 : kOutboundHigh);
    return inbound_->Full() || output_full_;
  }

  void ReadSome() {
    const StdioFd::Transfer got = input_->Read(chunk_.data(), chunk_.size());
    unread_ = std::string_view(chunk_.data(), got.size);
    if (got.outcome != StdioFd::Outcome::kEnded) return;
    // The last line need not end in a newline.
    TakeLine();
    Close(CloseCode::kNormal, {});
  }

  // Takes the lines of one read, unless the peer has to wait: then the rest stays for later.
  void TakeLines() {
    while (!unread_.empty() && !ended_ && !closing_ && !GateClosed()) {
      const std::size_t newline = unread_.find('\n');
      const std::string_view part = unread_.substr(0, newline);
      if (line_.size() + part.size() > max_message_bytes_) {
        Close(CloseCode::kMessageTooBig, {});
        return;
      }
      line_.append(part);
      unread_.remove_prefix(newline == std::string_view::npos ? part.size() : newline + 1);
      if (newline != std::string_view::npos) TakeLine();
    }
  }

  void TakeLine() {
    std::string line = std::exchange(line_, {});
    if (line.find_first_not_of(" \t\r") == std::string::npos || closing_) return;
    const auto inbound = std::make_shared<Inbound>(std::move(line), inbound_);
    events_->OnMessage(InboundFrame{inbound->line.data(), inbound->line.size(), inbound});
  }

  // After anything that changes what waits.
  void Settle() {
    if (ended_) return;
    WriteSome();
    const std::size_t waiting = queue_.waiting_bytes();
    if (waiting > kHighWatermark) {
      above_high_ = true;
    } else if (above_high_ && waiting < kLowWatermark) {
      above_high_ = false;
      asio::post(*io_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->events_ != nullptr) self->events_->OnWritable();
      });
    }
    if (closing_ && queue_.empty()) EndLater();
    ContinueReading();
  }

  void WriteSome() {
    while (!waiting_to_write_ && !queue_.front().empty()) {
      const StdioFd::Transfer put = output_->Write(queue_.front());
      if (put.size > 0) last_written_ = clock_->Now();
      queue_.Advance(put.size);
      if (put.outcome == StdioFd::Outcome::kEnded) {
        EndLater();
        return;
      }
      if (put.outcome == StdioFd::Outcome::kWouldBlock) {
        waiting_to_write_ = true;
        output_->WhenReady([this] {
          const std::shared_ptr<StdioConnection> self = shared_from_this();
          waiting_to_write_ = false;
          Settle();
        });
      }
    }
  }

  void WatchClose() {
    close_timer_ = clock_->After(kClosePatience, [this, before = last_written_] {
      if (last_written_ == before) {
        End();
      } else {
        WatchClose();
      }
    });
  }

  // Posted: the caller may be the one whom OnClosed tells.
  void EndLater() {
    asio::post(*io_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->End();
    });
  }

  const std::string label_ = "JSON-RPC message from exec-server stdio";
  asio::io_context* io_;
  Clock* clock_;
  const std::size_t max_message_bytes_;
  std::unique_ptr<StdioFd> input_;
  std::unique_ptr<StdioFd> output_;
  LineQueue queue_;
  std::shared_ptr<InboundAccount> inbound_;
  ConnectionEvents* events_ = nullptr;
  std::vector<char> chunk_;
  std::string_view unread_;  // what is left of chunk_
  std::string line_;         // what has come of the current line
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  bool output_full_ = false;
  bool above_high_ = false;
  bool closing_ = false;
  bool ended_ = false;
  TimePoint last_written_ = {};
  std::unique_ptr<Timer> close_timer_;
};

class StdioPair : public StdioEndpoint {
 public:
  explicit StdioPair(std::shared_ptr<StdioConnection> connection)
      : connection_(std::move(connection)) {}
  ~StdioPair() override { connection_->End(); }

 private:
  std::shared_ptr<StdioConnection> connection_;
};

}  // namespace

std::unique_ptr<StdioEndpoint> StdioEndpoint::Serve(asio::io_context* io, Clock* clock,
                                                    UniqueFd input, UniqueFd output,
                                                    std::size_t max_message_bytes,
                                                    ConnectionAcceptor* acceptor) {
  auto connection = std::make_shared<StdioConnection>(io, clock, std::move(input),
                                                      std::move(output), max_message_bytes);
  connection->Start(acceptor);
  return std::make_unique<StdioPair>(std::move(connection));
}

}  // namespace paned
