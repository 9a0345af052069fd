// Holders in the panes of a private tmux server: a person can look at them and type. The holder of
// a new pane calls here, on a socket in the runtime directory.
// Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "server/base/clock.h"
#include "server/base/unique_fd.h"
#include "tmux/hello_listener.h"
#include "tmux/holder_launcher.h"
#include "tmux/tmux_server.h"

namespace paned {

class PaneLauncher final : public HolderLauncher {
 public:
  // `program`: HolderImage's path. `directory`: of the runtime files, with a folder "h".
  // `socket_path`: "directory/holders.sock", short enough for an address.
  static Result<std::unique_ptr<PaneLauncher>> Listen(asio::io_context* io, Clock* clock,
                                                      TmuxServer* tmux, std::string program,
                                                      std::string directory,
                                                      const std::string& socket_path);

  PaneLauncher(asio::io_context* io, Clock* clock, TmuxServer* tmux, std::string program,
               std::string directory, UniqueFd listener);
  ~PaneLauncher() override;

  void Launch(LaunchDone done) override;
  // Not while people are attached: what they watch must not become another process under their
  // eyes and hands.
  bool MayRecycle(const Seat& seat) const override;
  bool Shown(const Seat& seat) const override { return seat.generation == generation_; }
  void Label(const Seat& seat, std::string_view text) override;
  void Resize(const Seat& seat, protocol::TerminalSize size) override;
  void ReadScreen(const Seat& seat, BackendProcess::ScreenDone done) override;
  std::string_view name() const override { return "tmux"; }

 private:
  // One new pane: its window as tmux tells it, and its holder as that tells of itself, in either
  // order.
  struct Launching {
    LaunchDone done;
    std::optional<TmuxServer::Window> window;
    std::unique_ptr<Timer> timeout;
  };
  struct Caller {
    std::shared_ptr<HolderLink> link;
    std::string pane;
    std::string socket_path;
  };

  void WaitForCallers();
  bool AcceptAll();
  void OnHello(std::shared_ptr<HolderLink> link, const HelloListener::Said* said);
  // By number, so that what comes late finds nothing.
  void OnWindow(std::uint64_t number, Result<TmuxServer::Window> window);
  void Match(std::uint64_t number);
  void OnTmuxGone();
  void Fail(std::uint64_t number, Error error);

  asio::io_context* io_;
  Clock* clock_;
  TmuxServer* tmux_;
  const std::string program_;
  const std::string directory_;
  asio::posix::stream_descriptor listener_;
  std::unique_ptr<Timer> accept_timer_;
  std::uint64_t generation_ = 1;  // of tmux servers: ids of an earlier one mean nothing
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, Launching> launching_;
  HelloListener::Pending greeting_;
  std::list<Caller> callers_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace paned
