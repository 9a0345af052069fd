// The thread behind HttpClient: takes commands, drives libcurl's multi handle, follows redirects,
// and posts what comes to the io thread.
// Threading: Command() and the destructor on the io thread; the rest on the engine's own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "server/http/curl_library.h"
#include "server/http/http_client.h"

namespace paned {

// What both threads know of a transfer.
struct HttpTransferState {
  HttpEvents* events = nullptr;  // io thread only; null once it has ended or been cancelled
  std::atomic<std::size_t> unconsumed{0};
};

class HttpExchange;

class HttpEngine {
 public:
  struct Command {
    enum class Kind { kStart, kResume, kCancel };
    Kind kind = Kind::kStart;
    std::shared_ptr<HttpTransferState> state;
    std::shared_ptr<OutboundRequest> request;  // of kStart
  };

  HttpEngine(asio::io_context* io, HttpSettings settings);
  HttpEngine(const HttpEngine&) = delete;
  HttpEngine& operator=(const HttpEngine&) = delete;
  ~HttpEngine();

  void Give(Command command);

 private:
  void Run();
  bool TakeCommands(std::vector<Command>* commands);
  void Obey(const Command& command);
  void Perform();
  void Refuse(const Command& command, const Error& error);

  asio::io_context* io_;
  const HttpSettings settings_;

  std::mutex mutex_;
  std::vector<Command> commands_;
  CURLM* wakeable_ = nullptr;  // set while the thread may sleep in poll
  bool running_ = false;
  bool stopping_ = false;
  std::thread thread_;

  std::unique_ptr<CurlLibrary> curl_;
  CURLM* multi_ = nullptr;
  std::unordered_map<HttpTransferState*, std::unique_ptr<HttpExchange>> exchanges_;
  std::chrono::steady_clock::time_point busy_at_;
};

}  // namespace paned
