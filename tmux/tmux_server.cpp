#include "tmux/tmux_server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include "server/base/os_error.h"
#include "tmux/tmux_commands.h"
#include "tmux/tmux_program.h"
#include "tmux/tmux_text.h"

namespace paned {
namespace {

using asio::posix::stream_descriptor;

constexpr std::chrono::seconds kSteady{5};    // a client that ran so long was no failure
constexpr unsigned kFailuresInARow = 3;       // before the next start has to wait
constexpr std::chrono::seconds kMaxWait{30};  // for the next start
constexpr std::chrono::seconds kStopPatience{2};
// tmux 3.3a goes down when it has news for control clients, such as that one has left, while the
// next one is half connected. So the next one waits until the last one's leaving is history.
constexpr std::chrono::milliseconds kSettle{50};
constexpr std::string_view kListClients = "list-clients -F '#{client_pid}'";

Error Internal(std::string message) { return {ErrorKind::kInternal, std::move(message)}; }

}  // namespace

TmuxServer::TmuxServer(asio::io_context* io, Clock* clock, TmuxOptions options, LogLine log)
    : io_(io),
      clock_(clock),
      options_(std::move(options)),
      log_(std::move(log)),
      socket_path_(SocketPath(options_)),
      server_(*io) {}

TmuxServer::~TmuxServer() {
  alive_.reset();
  if (client_) client_->Close(/*kill=*/false);
}

Result<std::string> TmuxServer::Probe(const std::string& program) { return ProbeTmux(program); }

void TmuxServer::OpenWindow(const std::string& name, const std::vector<std::string>& command,
                            OpenDone done) {
  Submit(
      {OpenWindowLine(name, command), 2, false, WhileAlive([done = std::move(done)](auto replies) {
         if (replies.ok()) return done(WindowIn(replies.value()));
         replies.error().message = "tmux opens no window: " + replies.error().message;
         done(std::move(replies.error()));
       })},
      /*may_start=*/true);
}

void TmuxServer::Rename(const std::string& window, const std::string& name) {
  SubmitFor(window, "rename-window -t " + window + " -- " + QuoteForTmux(SanitiseName(name)),
            "name of " + window);
}

void TmuxServer::Select(const std::string& window) {
  // Asked anew: what tmux has told may be on its way still.
  Submit({std::string(kListClients), 1, false,
          WhileAlive([this, window](const Result<ControlClient::Replies>& replies) {
            if (!replies.ok()) return;
            NotePeople(replies.value());
            if (people_ == 0) SubmitFor(window, "select-window -t " + window, {});
          })},
         /*may_start=*/false);
}

void TmuxServer::Resize(const Window& window, unsigned rows, unsigned cols) {
  SubmitFor(window.window, ResizeLine(window.window, rows, cols), "size of " + window.window);
}

void TmuxServer::Kill(const std::string& window) {
  SubmitFor(window, "kill-window -t " + window, "end of " + window);
}

void TmuxServer::Capture(const std::string& pane, CaptureDone done) {
  auto call = WhileAlive([done = std::move(done)](Result<ControlClient::Replies> replies) {
    if (replies.ok()) return done(ScreenIn(std::move(replies.value())));
    replies.error().message = "tmux shows no screen: " + replies.error().message;
    done(std::move(replies.error()));
  });
  if (!IsTmuxId(pane)) {
    asio::post(*io_, [call] { call(Internal("no pane has this name")); });
    return;
  }
  Submit({CaptureLine(pane), 2, /*counted=*/true, std::move(call)},
         /*may_start=*/false);
}

void TmuxServer::SubmitFor(const std::string& id, std::string line, std::string sets) {
  if (!IsTmuxId(id)) return Log("warn", "not a window of tmux");
  Submit(
      {std::move(line), 1, false, WhileAlive([this](const Result<ControlClient::Replies>& replies) {
         if (!replies.ok()) Log("debug", "tmux: " + replies.error().message);
       }),
       std::move(sets)},
      /*may_start=*/false);
}

void TmuxServer::Submit(Command command, bool may_start) {
  if (state_ == State::kRunning) return client_->Send(std::move(command));
  Wait({std::move(command), may_start ? 0 : generation_});
  if (state_ == State::kStarting) return;
  if (state_ == State::kStopped) return FailWaiting(Internal("tmux is stopped"));
  pid_t pid = 0;
  if (!may_start && !ListeningServer(socket_path_, &pid).valid()) {
    return FailWaiting(Internal("tmux does not run"));
  }
  StartClient();
}

// Of two commands that set the same thing the later one counts.
void TmuxServer::Wait(Waiting one) {
  if (!one.command.sets.empty()) {
    const auto older = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& other) {
      return other.command.sets == one.command.sets && other.generation == one.generation;
    });
    if (older != waiting_.end()) waiting_.erase(older);
  }
  waiting_.push_back(std::move(one));
}

// Later, as this may be within the call that submitted them. What sets something waits for the next
// connection, as long as there is something to set.
void TmuxServer::FailWaiting(Error error) {
  std::deque<Waiting> failed;
  for (Waiting& one : std::exchange(waiting_, {})) {
    const bool may_come_true = state_ != State::kStopped && server_.is_open() &&
                               one.generation == generation_ && !one.command.sets.empty();
    (may_come_true ? waiting_ : failed).push_back(std::move(one));
  }
  asio::post(*io_, [waiting = std::move(failed), error = std::move(error)] {
    for (const Waiting& one : waiting) {
      if (one.command.done) one.command.done(error);
    }
  });
}

void TmuxServer::StartClient() {
  const TimePoint now = clock_->Now();
  if (failures_ >= kFailuresInARow && now < next_start_) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(next_start_ - now).count();
    return FailWaiting(Internal(last_failure_ + " (the next try is in " + std::to_string(left) +
                                " s at the earliest)"));
  }
  if (now < settled_) {
    state_ = State::kStarting;
    start_timer_ = clock_->After(settled_ - now, [this] {
      const auto fired = std::move(start_timer_);
      state_ = State::kIdle;
      const bool starts = std::any_of(waiting_.begin(), waiting_.end(),
                                      [](const Waiting& one) { return one.generation == 0; });
      if (!starts && !server_.is_open()) return FailWaiting(Internal("tmux does not run"));
      StartClient();
    });
    return;
  }
  const Status config = WriteConfig();
  if (!config.ok()) {
    NoteFailure(config.error().message);
    return FailWaiting(config.error());
  }
  auto started = ControlClient::Start(io_, clock_, options_.program, ClientArguments(options_),
                                      options_.patience, this);
  if (!started.ok()) {
    NoteFailure(started.error().message);
    return FailWaiting(std::move(started.error()));
  }
  client_ = std::move(started.value());
  state_ = State::kStarting;
  start_timer_ = clock_->After(options_.patience, [this] {
    const auto fired = std::move(start_timer_);
    OnLost("it has not answered in time", {});
  });
}

// Attached to the session. Commands that were sent before could overtake the attaching.
void TmuxServer::OnAttached() {
  start_timer_.reset();
  client_->Send({std::string(kListClients), 1, false,
                 WhileAlive([this](const Result<ControlClient::Replies>& replies) {
                   if (state_ != State::kStarting) return;
                   if (!replies.ok()) return OnLost(replies.error().message, {});
                   NotePeople(replies.value());
                   OnConnected();
                 })});
}

Status TmuxServer::WriteConfig() const {
  const std::string path = ConfigPath(options_);
  const std::string part = path + ".part";
  const std::string text = ConfigText(options_);
  ::unlink(part.c_str());
  const UniqueFd file(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid() ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::rename(part.c_str(), path.c_str()) != 0) {
    return Internal("tmux's configuration cannot be written: " + OsErrorText(errno));
  }
  return Done{};
}

void TmuxServer::OnConnected() {
  state_ = State::kRunning;
  running_since_ = clock_->Now();
  const std::weak_ptr<char> alive = alive_;
  FindServer();
  if (alive.expired() || state_ != State::kRunning) return;
  Log("info", "tmux runs, pid " + std::to_string(server_pid_) + ", socket " + socket_path_);
  for (Waiting& one : std::exchange(waiting_, {})) {
    if (one.generation == 0 || one.generation == generation_) {
      client_->Send(std::move(one.command));
    } else {
      asio::post(*io_, [done = std::move(one.command.done)] {
        if (done) done(Internal("the tmux server of this window has ended"));
      });
    }
  }
}

// The server behind the socket: the one known, or another one, and then that one is gone.
void TmuxServer::FindServer() {
  pid_t pid = 0;
  UniqueFd pidfd = ListeningServer(socket_path_, &pid);
  if (!pidfd.valid()) return;
  if (server_.is_open()) {
    if (pid == server_pid_ && !HasEnded(server_.native_handle())) return;
    const std::weak_ptr<char> alive = alive_;
    OnServerGone();
    if (alive.expired()) return;
  }
  AdoptServer(std::move(pidfd), pid);
}

void TmuxServer::AdoptServer(UniqueFd pidfd, pid_t pid) {
  asio::error_code ignored;
  server_.close(ignored);
  server_.assign(pidfd.Release());
  server_pid_ = pid;
  WatchServer();
}

void TmuxServer::WatchServer() {
  server_.async_wait(stream_descriptor::wait_read,
                     WhileAlive([this](const asio::error_code& error) {
                       if (error || !server_.is_open()) return;
                       // A wait may complete too early.
                       if (!HasEnded(server_.native_handle())) return WatchServer();
                       OnServerGone();
                     }));
}

void TmuxServer::OnServerGone() {
  asio::error_code ignored;
  server_.close(ignored);
  server_pid_ = 0;
  settled_ = {};
  ++generation_;
  if (state_ == State::kStopped) return FinishStop();
  Log("warn", "the tmux server has ended");
  if (on_gone_) on_gone_();
}

void TmuxServer::OnNotification(const ControlNotification& notification) {
  if (notification.name == "session-changed") {
    if (state_ == State::kStarting && start_timer_) OnAttached();
  } else if (notification.name == "client-session-changed" ||
             notification.name == "client-detached") {
    CountPeople();
  } else if (notification.name == "config-error") {
    Log("warn", "tmux does not take its configuration: " + notification.arguments);
  }
}

void TmuxServer::CountPeople() {
  count_again_ = counting_;
  if (std::exchange(counting_, true) || state_ != State::kRunning) return;
  client_->Send({std::string(kListClients), 1, false,
                 WhileAlive([this](const Result<ControlClient::Replies>& replies) {
                   counting_ = false;
                   if (!replies.ok()) return;
                   NotePeople(replies.value());
                   if (std::exchange(count_again_, false)) CountPeople();
                 })});
}

void TmuxServer::NotePeople(const ControlClient::Replies& replies) {
  const std::string own = std::to_string(client_pid());
  const auto& pids = replies.front();
  people_ = static_cast<std::size_t>(
      std::count_if(pids.begin(), pids.end(), [&](const auto& pid) { return pid != own; }));
}

void TmuxServer::OnLost(const std::string& reason, std::vector<Command> unset) {
  client_->Close(/*kill=*/true);
  client_.reset();
  if (server_.is_open()) settled_ = clock_->Now() + kSettle;
  start_timer_.reset();
  people_ = 0;
  counting_ = false;
  count_again_ = false;
  if (state_ == State::kStopped) {
    if (!server_.is_open()) EndServerByForce();
    return;
  }
  const bool was_running = state_ == State::kRunning;
  const std::string failure =
      (was_running ? "tmux is lost: " : "tmux could not be started: ") + reason;
  NoteFailure(failure);
  state_ = State::kIdle;
  Log("warn", failure);
  for (Command& command : unset) Wait({std::move(command), generation_});
  FailWaiting(Internal(failure));
  // Once, at once, and only a tmux that is there: if it does not answer then either, it is asked
  // when there is more to ask.
  pid_t pid = 0;
  if (was_running && !waiting_.empty() && ListeningServer(socket_path_, &pid).valid()) {
    StartClient();
  }
  if (was_running && on_lost_) on_lost_(reason);
}

void TmuxServer::NoteFailure(const std::string& reason) {
  const TimePoint now = clock_->Now();
  if (state_ == State::kRunning && now - running_since_ >= kSteady) failures_ = 0;
  ++failures_;
  last_failure_ = reason;
  if (failures_ < kFailuresInARow) return;
  const unsigned doublings = std::min(failures_ - kFailuresInARow, 5U);
  next_start_ = now + std::min(std::chrono::seconds(1U << doublings), kMaxWait);
}

void TmuxServer::Stop(bool kill, std::function<void()> done) {
  const bool stopped = state_ == State::kStopped;
  state_ = State::kStopped;
  start_timer_.reset();
  people_ = 0;
  if (!waiting_.empty()) FailWaiting(Internal("tmux is being stopped"));
  if (stopped) {
    if (done) asio::post(*io_, WhileAlive(std::move(done)));
    return;
  }
  stop_done_ = std::move(done);
  if (kill) return EndServer();
  if (!client_) return asio::post(*io_, WhileAlive([this] { TellStopped(); }));
  std::exchange(client_, nullptr)->Close(/*kill=*/false, WhileAlive([this] { TellStopped(); }));
  stop_timer_ = clock_->After(kStopPatience, [this] { TellStopped(); });
}

// As kill-server does it, but tmux need not be connected, nor answer.
void TmuxServer::EndServer() {
  pid_t pid = 0;
  UniqueFd pidfd = ListeningServer(socket_path_, &pid);
  if (pidfd.valid()) AdoptServer(std::move(pidfd), pid);
  if (!server_.is_open() && !client_) {
    asio::post(*io_, WhileAlive([this] { FinishStop(); }));
    return;
  }
  if (server_.is_open()) {
    SignalBehind(server_.native_handle(), SIGTERM);
  } else {  // it is just being started
    client_->Send({"kill-server", 1, false, {}});
  }
  stop_timer_ = clock_->After(kStopPatience, [this] { EndServerByForce(); });
}

void TmuxServer::EndServerByForce() {
  pid_t pid = 0;
  UniqueFd pidfd;
  if (!server_.is_open()) pidfd = ListeningServer(socket_path_, &pid);
  if (pidfd.valid()) AdoptServer(std::move(pidfd), pid);
  if (!server_.is_open()) return FinishStop();
  Log("warn", "tmux does not end by itself");
  SignalBehind(server_.native_handle(), SIGKILL);
}

void TmuxServer::FinishStop() {
  if (client_) std::exchange(client_, nullptr)->Close(/*kill=*/true);
  pid_t pid = 0;
  if (!ListeningServer(socket_path_, &pid).valid()) {
    ::unlink(socket_path_.c_str());
    ::unlink(ConfigPath(options_).c_str());
  }
  TellStopped();
}

void TmuxServer::TellStopped() {
  const auto fired = std::move(stop_timer_);
  const auto done = std::exchange(stop_done_, nullptr);
  if (done) done();
}

void TmuxServer::Log(std::string_view level, const std::string& line) {
  if (log_) log_(level, line);
}

}  // namespace paned
