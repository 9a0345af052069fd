// A WebSocket endpoint on a real socket with its own io thread, and what its connections were told.
// Threading: the test's thread; what touches connections goes through Run.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/base/asio_clock.h"
#include "server/net/connection.h"
#include "server/net/ws_endpoint.h"

namespace paned::testing {

// One connection as the server above sees it. Io thread only.
class Peer : public ConnectionEvents {
 public:
  using MessageHook = std::function<void(Peer&, InboundFrame)>;

  Peer(std::shared_ptr<Connection> its, const MessageHook* hook)
      : connection(std::move(its)), hook_(hook) {}

  void OnMessage(InboundFrame frame) override { (*hook_)(*this, std::move(frame)); }
  void OnWritable() override { ++writable; }
  void OnClosed() override { ++closed; }

  std::shared_ptr<Connection> connection;
  int writable = 0;
  int closed = 0;
  std::vector<std::string> messages;        // for hooks to use
  std::vector<std::shared_ptr<void>> kept;  // likewise

 private:
  const MessageHook* hook_;
};

// Message hooks.
void Echo(Peer& peer, InboundFrame frame);
void Record(Peer& peer, InboundFrame frame);

// The frames of a raw answer (all shorter than 126 bytes) without the server's pings.
std::string WithoutPings(const std::string& frames);

// Counts what has been pulled; ends after `pieces`, or fails at `fail_at`.
class TestSource : public MessageSource {
 public:
  struct Plan {
    int pieces = 1;
    std::size_t piece_bytes = 1;
    int fail_at = -1;
    bool later = false;  // through the io loop, as a file read would
    std::size_t* pulled = nullptr;
    asio::io_context* io = nullptr;
  };
  explicit TestSource(Plan plan) : plan_(plan) {}
  void Pull(Sink sink) override;

 private:
  Plan plan_;
  int next_ = 0;
};

class NetHarness : public ConnectionAcceptor {
 public:
  explicit NetHarness(const WsOptions& options = {}, Peer::MessageHook hook = Echo,
                      const std::string& unix_path = {});
  ~NetHarness() override;

  ConnectionEvents* OnConnected(std::shared_ptr<Connection> connection) override;

  const std::string& url() const { return url_; }
  asio::io_context& io() { return io_; }
  AsioClock& clock() { return clock_; }

  // Runs on the io thread and waits for it.
  template <class Work>
  auto Run(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    asio::post(io_, [&task] { task(); });
    return result.get();
  }
  // Until `condition` holds, looked at on the io thread. False after 20 seconds.
  bool Eventually(const std::function<bool()>& condition);
  // The number-th connection that was opened; waits for it.
  Peer& At(std::size_t number);

  std::unique_ptr<WsEndpoint> endpoint;
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<std::string> log;

 private:
  asio::io_context io_;
  AsioClock clock_{&io_};
  Peer::MessageHook hook_;
  std::string url_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_;
};

}  // namespace paned::testing
