// A holder: stands between one program on a terminal and the server that started it. It owns the
// terminal, keeps the program's output until the server has delivered it, knows its exit, shows it
// to people in a tmux pane, and outlives the server. Linked into the program of its own that runs
// in the pane, without a C++ run-time.
// Threading: one thread, one poll(2) loop.
#pragma once

#include <poll.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/base/unique_fd.h"
#include "tmux/channel.h"
#include "tmux/holder_mirror.h"
#include "tmux/holder_peer.h"
#include "tmux/holder_ring.h"
#include "tmux/holder_terminal.h"

namespace paned {

class Holder {
 public:
  struct Setup {
    const char* directory = nullptr;  // of the runtime files; null: no socket of its own
    int server = -1;                  // a connection to the server; -1: connect to it
    const char* pane = "";            // tmux's name of the pane; empty: no pane
  };

  // Waits for a plan, runs it, and so on; returns the exit code of the holder.
  int Run(const Setup& setup);

 private:
  enum class State { kWaiting, kRunning, kEnded };
  // Places in the poll set.
  enum Place { kListen, kPeer, kTerminal, kPane, kPaneOut, kChild, kPlaces };

  // The monotonic clock.
  static std::int64_t NowMs();
  bool Prepare();
  bool Listen();
  void PutHello();
  void FillPollSet();
  int Timeout(std::int64_t now_ms) const;
  void OnAccept();
  void OnPeer();
  void OnFrame(const FrameHeader& header, std::string_view payload);
  void OnPlan(const FrameHeader& header, std::string_view payload);
  void OnInput(std::string_view payload);
  void OnPane();
  void OnPaneLost();
  void OnTimers(std::int64_t now_ms);
  void Type();
  void ReadTerminal();
  void OnChildEnded();
  void Pump();
  bool QueueNext();
  bool draining() const;
  // How long it stays without an owner: longer while somebody may still write.
  std::int64_t ttl_ms() const {
    const bool over = output_ended_ || start_failed_ != 0;
    return std::int64_t{over ? plan_.ended_ttl_s : plan_.running_ttl_s} * 1000;
  }
  void LoseServer();
  void Recycle();
  void End();

  Setup setup_;
  State state_ = State::kWaiting;
  bool leaving_ = false;

  UniqueFd listener_;
  sockaddr_un address_ = {};  // of listener_
  unsigned recycled_ = 0;

  HolderPeer peer_;
  bool adopted_ = true;  // the peer owns this holder, and gets output
  std::int64_t ownerless_since_ms_ = 0;

  HolderTerminal terminal_;
  HolderRing ring_;
  bool output_ended_ = false;
  bool drained_ = false;  // what the dead program wrote has been read; others may still write
  LastWords last_words_;
  std::int64_t look_again_at_ms_ = 0;  // nobody has the terminal open, though its program runs
  PlanHead plan_;
  std::array<char, 200> process_id_ = {};
  std::uint64_t ring_size_ = 0;

  // What the server is still to be told, in frames of their own.
  bool tell_hello_ = false;
  bool tell_started_ = false;
  bool tell_exit_ = false;
  bool tell_end_ = false;
  int start_failed_ = 0;

  // The agent's input, and the person's, which overtakes it.
  std::array<char, kInputWindow> input_;
  std::size_t input_at_ = 0;
  std::size_t input_size_ = 0;
  std::uint64_t input_taken_ = 0;
  std::uint64_t input_told_ = 0;
  bool input_due_ = false;  // it has been untold for long enough
  std::array<char, 1024> typed_;
  std::size_t typed_at_ = 0;
  std::size_t typed_size_ = 0;

  HolderMirror mirror_;
  int first_parent_ = 0;
  std::int64_t pane_lost_at_ms_ = 0;  // 0: it is there, or its loss has been dealt with

  std::array<pollfd, kPlaces> polled_ = {};
};

}  // namespace paned
