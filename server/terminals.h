// What runs tty processes: chooses tmux or bare ptys at the start, composes the parts of either,
// and ends them. Without terminals the server still serves everything else, and says why.
// Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/environment_types.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/result.h"
#include "server/base/runtime_directory.h"
#include "server/base/worker_pool.h"
#include "server/process/backend.h"
#include "server/process/reaper.h"
#include "tmux/holder_image.h"
#include "tmux/holder_pool.h"
#include "tmux/pane_launcher.h"
#include "tmux/pty_launcher.h"
#include "tmux/terminal_backend.h"
#include "tmux/tmux_server.h"

namespace paned {

enum class TtyBackend { kAuto, kTmux, kPty };

struct TerminalSettings {
  TtyBackend backend = TtyBackend::kAuto;
  // --on-exit=keep: tty processes and their panes run on when the server ends on request.
  bool keep_on_exit = false;
  std::size_t pool_size = 4;
  std::string runtime_dir;  // empty: the usual one
  TerminalOptions limits;
};

class Terminals {
 public:
  // What it works with; nothing is owned.
  struct Parts {
    asio::io_context* io = nullptr;
    Clock* clock = nullptr;
    Log* log = nullptr;
    Reaper* reaper = nullptr;
    WorkerPool* workers = nullptr;
  };

  // Fails only when --tty-backend=tmux asks for what is not to be had. `on_change` is called,
  // later, when name() and capabilities() have changed.
  static Result<std::unique_ptr<Terminals>> Open(const Parts& parts,
                                                 const TerminalSettings& settings,
                                                 std::function<void()> on_change);
  Terminals(const Parts& parts, const TerminalSettings& settings);
  Terminals(const Terminals&) = delete;
  Terminals& operator=(const Terminals&) = delete;
  ~Terminals();

  // null when tty processes cannot run; why() says so.
  ProcessBackend* backend() const { return backend_.get(); }
  // "tmux", "pty" or "none".
  std::string_view name() const;
  // For people: which it is, and why.
  const std::string& why() const { return why_; }
  std::optional<protocol::PanedCapabilities> capabilities() const;
  // null without a runtime directory.
  const RuntimeDirectory* directory() const { return directory_ ? &*directory_ : nullptr; }
  // Empty without tmux.
  std::string tmux_socket() const { return tmux_ ? tmux_->socket_path() : std::string(); }

  // Whether one of this server's holders still answers.
  bool HoldersLeft() const;

  // Ends, or leaves alone, what the settings say. Processes have been destroyed before. `done`:
  // nothing is left to be waited for.
  void Stop(std::function<void()> done);

 private:
  Status OpenTmux();
  void OpenPty();
  void ProbeTmux(std::function<void()> on_change);

  const Parts parts_;
  const TerminalSettings settings_;
  std::string why_;
  std::optional<RuntimeDirectory> directory_;
  std::optional<HolderImage> image_;
  std::unique_ptr<TmuxServer> tmux_;
  std::unique_ptr<PaneLauncher> panes_;
  std::unique_ptr<PtyLauncher> ptys_;
  std::unique_ptr<HolderPool> pool_;
  std::unique_ptr<TerminalBackend> backend_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace paned
