// The program in a pane: one holder. It is part of paned and is started by it; what it needs stands
// in its one argument and its environment, nothing of the process it will run.
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "tmux/holder.h"

#if defined(__SANITIZE_ADDRESS__)
// No look for leaks: nothing here allocates, and the tracer that looks hangs for good with its
// process when tmux continues what it sees stopped.
extern "C" int __lsan_is_turned_off() { return 1; }  // NOLINT(bugprone-reserved-identifier)
#endif

namespace {

constexpr int kServerFd = 3;

// What stands in tmux's first window, which is always there.
constexpr char kFront[] =
    "\r\n  Here run the terminals that paned has started, one in each window.\r\n\r\n"
    "    C-b w     choose a window           C-b n, C-b p   the next, the one before\r\n"
    "    C-b [     scroll back (q ends)      C-b d          leave; everything runs on\r\n\r\n"
    "  What you type in a window goes to its program, as if the agent had typed it.\r\n"
    "  Closing a window (C-b &) hangs its program up.\r\n";

int ShowFront() {
  ::prctl(PR_SET_NAME, "paned-front");
  std::array<char, 256> discarded;
  if (::write(STDOUT_FILENO, kFront, sizeof(kFront) - 1) < 0) return 1;
  while (::read(STDIN_FILENO, discarded.data(), discarded.size()) > 0) {
  }
  return 0;
}

}  // namespace

// Arguments: the runtime directory, or "-" for none; then "-" when the connection to the server is
// descriptor 3.
int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  if (std::strcmp(argv[1], "--front") == 0) return ShowFront();
  ::prctl(PR_SET_NAME, "paned-holder");
  paned::Holder::Setup setup;
  if (std::strcmp(argv[1], "-") != 0) setup.directory = argv[1];
  if (argc == 3) setup.server = kServerFd;
  if (setup.directory == nullptr && setup.server < 0) return 2;
  const char* pane = argc == 2 ? std::getenv("TMUX_PANE") : nullptr;
  if (pane != nullptr && std::strlen(pane) < 16) setup.pane = pane;
  paned::Holder holder;  // with big buffers, touched only when used
  return holder.Run(setup);
}
