#include "server/server.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <ctime>
#include <utility>

#include "server/base/os_error.h"
#include "server/handlers/bind.h"
#include "server/handlers/environment_handlers.h"

namespace paned {
namespace {

// File calls under way at once. A worker costs memory only while it is busy, and a call stuck in a
// dead network mount must not stop the others.
constexpr std::size_t kMaxWorkers = 16;
// Shutdown: how long children have after TERM, and how long all of it may take.
constexpr Duration kChildPatience = std::chrono::milliseconds(500);
constexpr Duration kShutdownPatience = std::chrono::seconds(3);
// And then what was killed, to be gone.
constexpr Duration kReapPatience = std::chrono::seconds(1);
// The server's own, with terminals (some 25), a client, and a start of a process.
constexpr rlim_t kLeastDescriptors = 48;
constexpr Duration kTrimAfter = std::chrono::seconds(1);
constexpr Duration kQuietPoll = std::chrono::milliseconds(5);

std::string WorkingDirectory() {
  std::array<char, PATH_MAX> path = {};
  return ::getcwd(path.data(), path.size()) != nullptr ? path.data() : "/";
}

// What standard error is, when it is a regular file that has a name.
std::string LogFile() {
  struct stat about = {};
  if (::fstat(STDERR_FILENO, &about) != 0 || !S_ISREG(about.st_mode)) return {};
  std::array<char, PATH_MAX> path = {};
  const ssize_t size = ::readlink("/proc/self/fd/2", path.data(), path.size() - 1);
  struct stat named = {};
  if (size <= 0 || ::stat(path.data(), &named) != 0) return {};
  const bool same = named.st_dev == about.st_dev && named.st_ino == about.st_ino;
  return same ? path.data() : std::string();
}

// The file of this name, which may be another one by now (logrotate(8)), takes the place of
// standard error. Empty, or why not.
std::string OpenLogAnew(const std::string& path) {
  const UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640));
  if (!file.valid() || ::dup3(file.get(), STDERR_FILENO, 0) < 0) {
    return "cannot open " + path + ": " + OsErrorText(errno);
  }
  return {};
}

bool HangupIsIgnored() {
  struct sigaction action = {};
  return ::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

// What serves nobody is better not started: the first client would find out, and not why.
Status Server::CheckDescriptors() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kLeastDescriptors) return Done{};
  return Error{
      ErrorKind::kInternal,
      "too few descriptors: the limit is " + std::to_string(limit.rlim_cur) + ", and " +
          std::to_string(kLeastDescriptors) + " are needed to serve one client",
      {},
      kLeastDescriptors,
      "raise the limit (ulimit -n, LimitNOFILE=): 3 more for each process, 1 for each client"};
}

Server::Server(const ServeOptions& options, const char* const* environment)
    : options_(options),
      log_(options.log_level),
      workers_(&io_, kMaxWorkers),
      http_(&io_, HttpSettingsOf(environment)),
      budget_(options.retain_total_bytes),
      log_file_(LogFile()) {
  session_context_.clock = &clock_;
  session_context_.budget = &budget_;
  session_context_.limits = options.limits;
  session_context_.detach_ttl = options.detach_ttl;
  services_.sessions = &sessions_;
  services_.pipes = &pipes_;
  services_.workers = &workers_;
  services_.http = &http_;
  services_.missing_watcher = &missing_watcher_;
  services_.log = &log_;
  services_.forced_profile = options.profile;
  services_.inheritable = InheritableEnvironment(environment);
  services_.cwd = WorkingDirectory();
  services_.directories = FindDirectories(services_.cwd);
  BindHandlers(&services_, &router_);
}

Server::~Server() = default;

Status Server::OpenTerminals() {
  TerminalSettings settings = options_.terminals;
  // More than a process keeps here: what is held back, or dropped, is decided here as for pipes.
  settings.limits.ring_bytes = options_.limits.retain_bytes + 3 * options_.limits.max_chunk;
  Result<std::unique_ptr<Terminals>> opened = Terminals::Open(
      {&io_, &clock_, &log_, &reaper_, &workers_}, settings, [this] { DescribeTerminals(); });
  if (!opened.ok()) return std::move(opened.error());
  terminals_ = std::move(opened.value());
  DescribeTerminals();
  return Done{};
}

void Server::DescribeTerminals() {
  services_.terminals = terminals_->backend();
  services_.terminals_hint = terminals_->why();
  const protocol::EnvironmentInfo info =
      DescribeEnvironment(services_.directories, terminals_->capabilities());
  services_.login_shell = info.shell.path;
  services_.environment_info.clear();
  protocol::AppendJson(info, &services_.environment_info);
}

// Without it people cannot list and attach by name; clients lose nothing.
void Server::OpenListing() {
  const RuntimeDirectory* directory = terminals_->directory();
  if (directory == nullptr) return;
  ListingHead head;
  head.pid = ::getpid();
  head.url = ws_ ? url_ : "stdio";
  head.backend = terminals_->name();
  head.tmux_socket = terminals_->tmux_socket();
  Result<std::string> path = directory->Socket("listing.sock");
  Status failed = Done{};
  if (path.ok()) {
    Result<std::unique_ptr<Listing>> opened = Listing::Open(
        &io_, &clock_, path.value(), std::move(head), [this] { return ListProcesses(); },
        [this](std::string_view level, const std::string& line) {
          log_.Write(ParseLogLevel(level).value_or(LogLevel::kInfo), line);
        });
    if (opened.ok()) {
      listing_ = std::move(opened.value());
      return;
    }
    failed = std::move(opened.error());
  } else {
    failed = std::move(path.error());
  }
  log_.Write(LogLevel::kWarn, "paned ps and paned attach will not find this server",
             {{"reason", failed.error().message}});
}

std::vector<ListingRow> Server::ListProcesses() {
  std::vector<ListingRow> rows;
  sessions_.ForEach([&](Session* session) {
    session->processes().ForEach([&](Process* process) {
      if (process->exited()) return;
      ListingRow& row = rows.emplace_back();
      row.id = process->id();
      row.session = session->shown_id();
      row.backend = process->backend_name();
      row.state = process->state();
      row.age = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Now() -
                                                                      process->started_at());
      row.argv0 = process->program();
      row.pane = process->pane();
      row.pid = process->pid();
    });
  });
  return rows;
}

// What /readyz?verbose says.
std::string Server::ReadyDetails() const {
  return "tty backend: " + terminals_->why() + "\nsessions: " + std::to_string(sessions_.size()) +
         "\nprocesses: " + std::to_string(sessions_.running()) + "\n";
}

Status Server::SetUpAuth() {
  const bool stdio = std::holds_alternative<StdioListen>(options_.listen);
  Result<std::optional<BearerAuth>> auth = paned::SetUpAuth(options_.auth, stdio);
  if (!auth.ok()) return std::move(auth.error());
  auth_ = std::move(auth.value());
  if (!auth_ && options_.auth.environment_token) {
    log_.Write(LogLevel::kWarn,
               "a connection token is set, but nobody has to show it: --ws-auth is missing");
  }
  return Done{};
}

Status Server::Listen() {
  const auto* address = std::get_if<ListenAddress>(&options_.listen);
  if (address == nullptr) {
    stdio_ = StdioEndpoint::Serve(&io_, &clock_, UniqueFd(::dup(STDIN_FILENO)),
                                  UniqueFd(::dup(STDOUT_FILENO)), options_.max_message_bytes, this);
    return Done{};
  }
  WsOptions ws;
  ws.max_message_bytes = options_.max_message_bytes;
  ws.ping_interval = options_.ping_interval;
  ws.pong_patience = options_.pong_patience;
  ws.ready_details = [this] { return ReadyDetails(); };
  if (auth_) {
    ws.check = [this](std::optional<std::string_view> authorization) {
      return auth_->Refusal(authorization, std::time(nullptr));
    };
  }
  Result<std::unique_ptr<WsEndpoint>> bound = WsEndpoint::Listen(
      &io_, &clock_, *address, ws, this, [this](std::string_view level, const std::string& line) {
        log_.Write(ParseLogLevel(level).value_or(LogLevel::kInfo), line);
      });
  if (!bound.ok()) return std::move(bound.error());
  ws_ = std::move(bound.value());
  url_ = ws_->url();
  return Done{};
}

Result<int> Server::Run(const std::function<void(const std::string& url)>& announce) {
  // Before the first byte of output: whoever waits for the URL may signal at once.
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2}) signals_.add(number);
  if (options_.reload_on_hangup.value_or(false) || !HangupIsIgnored()) signals_.add(SIGHUP);
  AwaitSignal();
  Status authentic = SetUpAuth();
  if (!authentic.ok()) return std::move(authentic.error());
  const Status opened = OpenTerminals();
  if (!opened.ok()) return opened.error();
  Status listening = Listen();
  if (!listening.ok()) return std::move(listening.error());
  OpenListing();
  WatchStdin();
  if (ws_) announce(url_);
  log_.Write(LogLevel::kInfo, "serving",
             {{"url", ws_ ? url_ : "stdio"}, {"tty", terminals_->why()}});
  if (options_.process_one) {
    log_.Write(LogLevel::kInfo, "orphans are reaped: paned is process 1, with or without --init");
  }
  io_.run();
  if (reply_counters_.dropped + reply_counters_.doubled > 0) {
    log_.Write(LogLevel::kError, "requests without exactly one answer",
               {{"dropped", std::to_string(reply_counters_.dropped)},
                {"doubled", std::to_string(reply_counters_.doubled)}});
  }
  return exit_code_;
}

ConnectionEvents* Server::OnConnected(std::shared_ptr<Connection> connection) {
  log_.Write(LogLevel::kDebug, "connected", {{"peer", connection->label()}});
  const auto peer = peers_.emplace(peers_.end());
  peer->connection = connection;
  peer->processor = std::make_unique<ConnectionProcessor>(
      std::move(connection), &router_, &log_, &reply_counters_,
      ConcurrencyLimit{&clock_, options_.concurrent_requests}, [this, peer] {
        log_.Write(LogLevel::kDebug, "disconnected", {{"peer", peer->connection->label()}});
        peers_.erase(peer);
        TrimLater();
        if (stdio_ && !stopping_) StopGently();
      });
  return peer->processor.get();
}

// With stdio the protocol's own end of input is the end anyway.
void Server::WatchStdin() {
  if (!options_.exit_on_stdin_close || !ws_) return;
  stdin_watch_ = std::make_unique<StdinWatch>(&io_, UniqueFd(::dup(STDIN_FILENO)), [this] {
    log_.Write(LogLevel::kInfo, "stopping", {{"reason", "standard input has ended"}});
    if (!stopping_) StopGently();
  });
}

// What a burst of connections or of processes has left in the allocator goes back to the system
// soon, but not for every one of them.
void Server::TrimLater() {
  if (trim_timer_) return;
  trim_timer_ = clock_.After(kTrimAfter, [this] {
    trim_timer_.reset();
    ::malloc_trim(0);
  });
}

void Server::AwaitSignal() {
  signals_.async_wait([this](const asio::error_code& error, int signal_number) {
    if (error) return;
    OnSignal(signal_number);
    AwaitSignal();
  });
}

// TERM, INT and HUP: the end, gently; at once for a second TERM or INT, and for QUIT. A second HUP
// is no word of haste: a terminal that goes sends it by its shell and by the kernel. HUP may mean a
// reload. USR1 and USR2 mean nothing, and end nothing.
void Server::OnSignal(int signal_number) {
  if (signal_number == SIGUSR1 || signal_number == SIGUSR2) {
    log_.Write(LogLevel::kInfo, "a signal without a meaning",
               {{"signal", std::to_string(signal_number)}});
    return;
  }
  if (signal_number == SIGHUP && options_.reload_on_hangup.value_or(false)) return Reload();
  if (stopping_ && signal_number == SIGHUP) return;
  log_.Write(LogLevel::kInfo, "stopping", {{"signal", std::to_string(signal_number)}});
  if (stopping_ || signal_number == SIGQUIT) {
    exit_code_ = 128 + signal_number;
    io_.stop();
    return;
  }
  StopGently();
}

// Files are read and opened where that may take its time, one reload after another. A token file
// that will not do leaves all as it was.
void Server::Reload() {
  reload_again_ = reloading_;
  if (std::exchange(reloading_, true)) return;
  struct Read {
    Result<std::optional<BearerAuth>> auth;
    std::string log_fault;
  };
  workers_.Run<Read>(
      [flags = options_.auth, log_file = log_file_] {
        Read read{paned::SetUpAuth(flags, /*stdio=*/false), {}};
        if (read.auth.ok() && !log_file.empty()) read.log_fault = OpenLogAnew(log_file);
        return read;
      },
      [this](Read read) {
        reloading_ = false;
        if (read.auth.ok()) {
          auth_ = std::move(read.auth.value());
          log_.Write(LogLevel::kInfo, "reloaded");
        } else {
          log_.Write(LogLevel::kError, "nothing was reloaded: all stays as it was",
                     {{"reason", read.auth.error().message}});
        }
        if (!read.log_fault.empty()) {
          log_.Write(LogLevel::kError, "the log stays where it was", {{"reason", read.log_fault}});
        }
        if (std::exchange(reload_again_, false)) Reload();
      });
}

// Refuse newcomers, answer who waits, say goodbye, end the children, go.
void Server::StopGently() {
  stopping_ = true;
  quiet_deadline_ = clock_.Now() + kShutdownPatience;
  if (ws_) ws_->StartDraining();
  const bool keep = options_.terminals.keep_on_exit;
  sessions_.ForEach([keep](Session* session) {
    session->processes().ForEach([keep](Process* process) {
      process->AnswerReadsNow();
      if (keep && process->tty()) {
        process->LeaveRunning();
      } else {
        process->End(kChildPatience);
      }
    });
  });
  for (Peer& peer : peers_) {
    peer.connection->Close(CloseCode::kGoingAway, "server is shutting down");
  }
  FinishWhenQuiet();
}

void Server::FinishWhenQuiet() {
  std::size_t running = 0;
  sessions_.ForEach([&](Session* session) {
    session->processes().ForEach([&](Process* process) {
      const bool kept = process->tty() && options_.terminals.keep_on_exit;
      if (!process->exited() && !kept) ++running;
    });
  });
  if ((peers_.empty() && running == 0) || clock_.Now() >= quiet_deadline_) {
    Finish();
    return;
  }
  quiet_timer_ = clock_.After(kQuietPoll, [this] { FinishWhenQuiet(); });
}

// All processes are over, or out of time. What holds terminals ends last.
void Server::Finish() {
  if (std::exchange(finished_, true)) return;
  listing_.reset();
  sessions_.ForEach([](Session* session) { session->processes().Clear(); });
  terminals_->Stop([this] {
    quiet_deadline_ = clock_.Now() + kReapPatience;
    AwaitReaped();
  });
}

// The runtime directory goes when the last holder has. Kept ones are not waited for.
void Server::AwaitReaped() {
  const bool left =
      !options_.terminals.keep_on_exit && (reaper_.waiting() > 0 || terminals_->HoldersLeft());
  if (!left || clock_.Now() >= quiet_deadline_) {
    io_.stop();
    return;
  }
  quiet_timer_ = clock_.After(kQuietPoll, [this] { AwaitReaped(); });
}

}  // namespace paned
