// The running server: composes every part, and ends them in order. Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/auth/bearer_auth.h"
#include "server/base/asio_clock.h"
#include "server/base/log.h"
#include "server/base/worker_pool.h"
#include "server/fs/missing_watcher.h"
#include "server/handlers/services.h"
#include "server/listing.h"
#include "server/net/stdin_watch.h"
#include "server/net/stdio_endpoint.h"
#include "server/net/ws_endpoint.h"
#include "server/options.h"
#include "server/process/pipe_backend.h"
#include "server/process/reaper.h"
#include "server/rpc/connection_processor.h"
#include "server/session/session_registry.h"
#include "server/terminals.h"

namespace paned {

class Server final : public ConnectionAcceptor {
 public:
  // Refuses a limit with which nobody could be served. Before the constructor, which takes the
  // first descriptors.
  static Status CheckDescriptors();

  Server(const ServeOptions& options, const char* const* environment);
  ~Server() override;

  // Binds; `announce(url)` is called once when clients may come (not with stdio). Then serves until
  // asked to stop. The result is the exit code.
  Result<int> Run(const std::function<void(const std::string& url)>& announce);

  // ConnectionAcceptor
  ConnectionEvents* OnConnected(std::shared_ptr<Connection> connection) override;

 private:
  struct Peer {
    std::shared_ptr<Connection> connection;
    std::unique_ptr<ConnectionProcessor> processor;
  };

  Status SetUpAuth();
  Status Listen();
  void WatchStdin();
  Status OpenTerminals();
  void DescribeTerminals();
  void OpenListing();
  std::vector<ListingRow> ListProcesses();
  std::string ReadyDetails() const;
  void TrimLater();
  void AwaitSignal();
  void OnSignal(int signal_number);
  void Reload();
  void StopGently();
  void FinishWhenQuiet();
  void Finish();
  void AwaitReaped();

  const ServeOptions options_;
  asio::io_context io_;
  AsioClock clock_{&io_};
  Log log_;
  WorkerPool workers_;
  HttpClient http_;
  MissingWatcher missing_watcher_{&io_, &workers_};
  Reaper reaper_{&io_};
  PipeBackend pipes_{&io_, &reaper_};
  // Before the sessions: their processes give their holders back as they go.
  std::unique_ptr<Terminals> terminals_;
  OutputBudget budget_;
  SessionContext session_context_;
  SessionRegistry sessions_{&session_context_, [this] { TrimLater(); }};
  Services services_;
  Router router_;
  ReplyCounters reply_counters_;
  std::list<Peer> peers_;
  asio::signal_set signals_{io_};
  std::unique_ptr<Timer> quiet_timer_;
  std::unique_ptr<Timer> trim_timer_;
  TimePoint quiet_deadline_{};
  bool reloading_ = false;
  bool reload_again_ = false;
  int exit_code_ = 0;
  bool stopping_ = false;
  bool finished_ = false;
  std::string url_;
  std::optional<BearerAuth> auth_;
  const std::string log_file_;  // what standard error was at the start; "" when that was no file
  std::unique_ptr<StdinWatch> stdin_watch_;
  // Last: they stop delivering events before anything they deliver to goes away.
  std::unique_ptr<WsEndpoint> ws_;
  std::unique_ptr<StdioEndpoint> stdio_;
  std::unique_ptr<Listing> listing_;
};

}  // namespace paned
