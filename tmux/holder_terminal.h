// The inner terminal of a holder and the program that runs in it: pty, start, exit status, signals.
// Linked into the holder: no C++ run-time.
// Threading: one thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/base/unique_fd.h"
#include "tmux/channel.h"

namespace paned {

// A program's end, as kExited carries it.
struct TerminalExit {
  bool known = false;
  std::uint64_t value = 0;
};

// Linux may say that a terminal is at its end (EIO), or that there is nothing (EAGAIN), when what
// was written last is still on its way to the reader: seen once in 15,000 ends on 6.18, with the
// bytes there at the next read. So of a dead program either counts when it has been said often in a
// row.
class LastWords {
 public:
  // A read brought nothing; `hung_up`: nobody has the terminal open. Whether that counts now.
  bool Over(bool hung_up) {
    ends_ = hung_up ? ends_ + 1 : 0;
    ++empty_;
    return (hung_up ? ends_ : empty_) >= kEnough;
  }

 private:
  static constexpr int kEnough = 8;
  int empty_ = 0;
  int ends_ = 0;
};

class HolderTerminal {
 public:
  // Opens a fresh pty; errno on failure.
  int Open();
  // Starts a plan's program: session leader, the pty as controlling terminal and standard streams,
  // foreground group. `payload` satisfies ValidPlan(). errno, or 0.
  int Start(std::string_view payload);

  // Reads what there is, once. 0: the end; -1 with EAGAIN: nothing now.
  ssize_t Read(char* to, std::size_t size);
  // Types; returns how much was taken.
  std::size_t Write(std::string_view bytes);
  void Resize(std::uint16_t rows, std::uint16_t cols);
  // To the leader's process group, and to the foreground group when that is another one and
  // `foreground` says so.
  void Signal(int signal_number, bool foreground);
  // Reaps the child if it has ended.
  bool Reap();
  // Closes the terminal; a child that still runs is hung up by the kernel.
  void Close();
  // Takes the terminal from whoever has it still, the program having ended: they get SIGHUP.
  void HangUp() { master_.Reset(); }

  int master() const { return master_.get(); }
  int pidfd() const { return pidfd_.get(); }
  bool started() const { return pid_ > 0; }
  bool running() const { return pid_ > 0 && !exit_.known; }
  pid_t pid() const { return pid_; }
  const TerminalExit& exit() const { return exit_; }

 private:
  UniqueFd master_;
  UniqueFd slave_;  // until the program has it
  UniqueFd pidfd_;  // until it has been reaped
  pid_t pid_ = 0;
  TerminalExit exit_;
};

}  // namespace paned
