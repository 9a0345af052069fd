// The private tmux server of one exec-server: windows for holders to run in and for people to look
// at. It is started when the first window is wanted, outlives paned, and is found again; if it is
// lost it is started anew. Bytes of programs never pass through here. Windows are addressed by
// tmux's own ids, and no text from outside is ever taken for tmux's language.
//
// Ids are of one tmux server. When that server ends, on_gone() is called before any id of the next
// one is handed out, and commands given before for the old ids fail instead of hitting new windows.
// Threading: io thread only; no callback comes from within a call, and none after the destruction.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "tmux/control_client.h"
#include "tmux/tmux_commands.h"

namespace paned {

class TmuxServer final : private ControlClient::Events {
 public:
  using LogLine = std::function<void(std::string_view level, const std::string& line)>;

  using Window = TmuxWindow;
  using Screen = TmuxScreen;
  using OpenDone = std::function<void(Result<Window>)>;
  using CaptureDone = std::function<void(Result<Screen>)>;

  TmuxServer(asio::io_context* io, Clock* clock, TmuxOptions options, LogLine log);
  TmuxServer(const TmuxServer&) = delete;
  TmuxServer& operator=(const TmuxServer&) = delete;
  // tmux stays, as after Stop(false).
  ~TmuxServer() override;

  // The version of a tmux that will do, or what is wrong and what to do about it. Blocks for a few
  // milliseconds.
  static Result<std::string> Probe(const std::string& program);

  // The connection to tmux is lost; what was under way has failed or is about to.
  void set_on_lost(std::function<void(const std::string& reason)> call) {
    on_lost_ = std::move(call);
  }
  // The tmux server itself has ended, and all its windows with it.
  void set_on_gone(std::function<void()> call) { on_gone_ = std::move(call); }

  // Opens a window of 80x24 behind all others, which keeps its size whoever attaches, and runs
  // `command` in it. Starts tmux first when it does not run.
  void OpenWindow(const std::string& name, const std::vector<std::string>& command, OpenDone done);

  // For these a window may be named by its pane as well. tmux is not started for them, but the
  // connection to one that runs is made again. What Rename, Resize and Kill ask for is asked for
  // again when the connection is lost before tmux has answered.
  void Rename(const std::string& window, const std::string& name);
  // Makes it what a person sees who attaches next; nothing happens while somebody is attached.
  void Select(const std::string& window);
  void Resize(const Window& window, unsigned rows, unsigned cols);
  void Kill(const std::string& window);
  void Capture(const std::string& pane, CaptureDone done);

  // Clients that are attached, not counting our own.
  std::size_t attached_people() const { return people_; }
  bool running() const { return state_ == State::kRunning; }
  const std::string& socket_path() const { return socket_path_; }
  // The tmux server's; 0: not known.
  pid_t server_pid() const { return server_pid_; }
  // Of our own client; 0: there is none.
  pid_t client_pid() const { return client_ ? client_->pid() : 0; }

  // Ends all that is under way, for good. kill: tmux and all that runs in it ends, and its files
  // go; else it stays with all its windows. `done`: that is over; within two seconds, whatever tmux
  // does.
  void Stop(bool kill, std::function<void()> done = {});

 private:
  using Command = ControlClient::Command;
  enum class State { kIdle, kStarting, kRunning, kStopped };
  struct Waiting {
    Command command;
    std::uint64_t generation;  // 0: for whichever server there will be
  };

  void OnNotification(const ControlNotification& notification) override;
  void OnLost(const std::string& reason, std::vector<Command> unset) override;

  // Guards a callback that may come when this object is no more.
  template <class Call>
  auto WhileAlive(Call call) {
    return [weak = std::weak_ptr<char>(alive_), call = std::move(call)](auto&&... arguments) {
      if (!weak.expired()) call(std::forward<decltype(arguments)>(arguments)...);
    };
  }
  void Log(std::string_view level, const std::string& line);

  void Submit(Command command, bool may_start);
  void SubmitFor(const std::string& id, std::string line, std::string sets);
  void Wait(Waiting one);
  void FailWaiting(Error error);
  void StartClient();
  Status WriteConfig() const;
  void OnAttached();
  void OnConnected();
  void FindServer();
  void AdoptServer(UniqueFd pidfd, pid_t pid);
  void WatchServer();
  void OnServerGone();
  void NoteFailure(const std::string& reason);
  void CountPeople();
  void NotePeople(const ControlClient::Replies& replies);

  void EndServer();
  void EndServerByForce();
  void FinishStop();
  void TellStopped();

  asio::io_context* io_;
  Clock* clock_;
  const TmuxOptions options_;
  const LogLine log_;
  const std::string socket_path_;
  std::function<void(const std::string&)> on_lost_;
  std::function<void()> on_gone_;

  State state_ = State::kIdle;
  std::shared_ptr<ControlClient> client_;
  std::deque<Waiting> waiting_;         // until tmux is there
  std::unique_ptr<Timer> start_timer_;  // until the client is attached

  pid_t server_pid_ = 0;
  asio::posix::stream_descriptor server_;  // its pidfd; open while it may live
  std::uint64_t generation_ = 1;           // of servers

  unsigned failures_ = 0;     // in a row
  std::string last_failure_;  // why
  TimePoint running_since_;   // of the client
  TimePoint next_start_;      // not before
  TimePoint settled_;         // when tmux has got over the loss of the last client

  std::size_t people_ = 0;
  bool counting_ = false;
  bool count_again_ = false;

  std::function<void()> stop_done_;
  std::unique_ptr<Timer> stop_timer_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace paned
