// What paned says to its tmux server, in tmux's words, and what it makes of the answers.
// Threading: pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/result.h"
#include "tmux/control_client.h"

namespace paned {

struct TmuxOptions {
  std::string program = "tmux";            // looked up in PATH when it has no slash
  std::string directory;                   // 0700, exists; gets tmux.sock and tmux.conf
  std::vector<std::string> front_command;  // what runs in window 0; at least one
  unsigned history_limit = 2000;
  Duration patience = std::chrono::seconds(5);  // with one command, or one start
};

struct TmuxWindow {
  std::string window;  // "@3"
  std::string pane;    // "%3"
};

// What a person would see. Every line is there, without blanks at its end.
struct TmuxScreen {
  unsigned rows = 0;
  unsigned cols = 0;
  unsigned cursor_row = 0;
  unsigned cursor_col = 0;
  bool alternate = false;
  std::vector<std::string> lines;
};

inline std::string SocketPath(const TmuxOptions& options) {
  return options.directory + "/tmux.sock";
}
inline std::string ConfigPath(const TmuxOptions& options) {
  return options.directory + "/tmux.conf";
}

// The file the tmux server reads when it starts.
std::string ConfigText(const TmuxOptions& options);

// tmux's argv behind its name, for the control client: it starts the server if none runs, makes the
// session if it is not there, and attaches to it. It gets no output and has no say in sizes.
std::vector<std::string> ClientArguments(const TmuxOptions& options);

// Two replies.
std::string OpenWindowLine(const std::string& name, const std::vector<std::string>& command);
Result<TmuxWindow> WindowIn(const ControlClient::Replies& replies);

std::string ResizeLine(const std::string& window, unsigned rows, unsigned cols);

// Two replies, the second one counted.
std::string CaptureLine(const std::string& pane);
Result<TmuxScreen> ScreenIn(ControlClient::Replies replies);

}  // namespace paned
