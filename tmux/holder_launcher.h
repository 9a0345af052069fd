// Where holders come from: panes of a tmux server, or bare processes. A seat is a holder that waits
// for a process, with the place it sits in.
// Threading: io thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/base/result.h"
#include "server/process/backend.h"
#include "tmux/holder_link.h"

namespace paned {

class HolderLauncher;

struct Seat {
  std::shared_ptr<HolderLink> link;
  HolderLauncher* launcher = nullptr;
  std::string window;                // tmux's "@3"; empty without tmux
  std::string pane;                  // tmux's "%3"; empty without tmux
  std::string socket_path;           // of the holder; empty when it has none
  std::uint64_t generation = 0;      // of the place: an earlier one's names mean nothing any more
  protocol::TerminalSize size = {};  // of the place, as a person sees it
};

class HolderLauncher {
 public:
  using LaunchDone = std::function<void(Result<Seat>)>;

  HolderLauncher() = default;
  HolderLauncher(const HolderLauncher&) = delete;
  HolderLauncher& operator=(const HolderLauncher&) = delete;
  virtual ~HolderLauncher() = default;

  // Starts one more holder; `done` is called once, later, when it has said hello.
  virtual void Launch(LaunchDone done) = 0;
  // Whether a holder whose process is over may wait for another one in the same place.
  virtual bool MayRecycle(const Seat& seat) const = 0;
  // Whether people can see it: its tmux server lives.
  virtual bool Shown(const Seat& seat) const = 0;
  // For people: what runs there. Empty: nothing does.
  virtual void Label(const Seat& seat, std::string_view text) = 0;
  virtual void Resize(const Seat& seat, protocol::TerminalSize size) = 0;
  virtual void ReadScreen(const Seat& seat, BackendProcess::ScreenDone done) = 0;
  virtual std::string_view name() const = 0;
};

}  // namespace paned
