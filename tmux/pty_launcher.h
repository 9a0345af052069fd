// Holders without tmux: bare processes of the server's, each with a socket pair. Nobody can watch
// them; all else is the same.
// Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "server/base/unique_fd.h"
#include "tmux/hello_listener.h"
#include "tmux/holder_launcher.h"

namespace paned {

class PtyLauncher final : public HolderLauncher {
 public:
  // Takes a child's pidfd, to reap it when it has ended.
  using Adopt = std::function<void(UniqueFd pidfd)>;

  // `program`: HolderImage's path. `directory`: of the runtime files; empty: holders have no socket
  // of their own.
  PtyLauncher(asio::io_context* io, std::string program, std::string directory, Adopt adopt);
  ~PtyLauncher() override;

  void Launch(LaunchDone done) override;
  bool MayRecycle(const Seat& /*seat*/) const override { return true; }
  bool Shown(const Seat& /*seat*/) const override { return false; }
  void Label(const Seat& /*seat*/, std::string_view /*text*/) override {}
  void Resize(const Seat& /*seat*/, protocol::TerminalSize /*size*/) override {}
  void ReadScreen(const Seat& seat, BackendProcess::ScreenDone done) override;
  std::string_view name() const override { return "pty"; }

 private:
  Result<UniqueFd> Spawn();

  asio::io_context* io_;
  std::string program_;
  std::string directory_;
  Adopt adopt_;
  HelloListener::Pending greeting_;
};

}  // namespace paned
