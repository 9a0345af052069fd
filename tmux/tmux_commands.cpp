#include "tmux/tmux_commands.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

#include "tmux/tmux_text.h"

namespace paned {
namespace {

constexpr unsigned kMaxSize = 10000;  // tmux's own limit for rows and columns

// tmux as nobody configured it. Not here, as it brings tmux 3.3a down: a global `window-size
// manual` (resize-window makes each window's size its own).
constexpr std::string_view kConfig = R"(set -s exit-empty off
set -s escape-time 0
set -s set-clipboard off
set -s focus-events off
set -g status off
set -g default-size 80x24
set -g destroy-unattached off
set -g set-titles off
set -g mouse off
set -g update-environment ""
set -g renumber-windows off
set -g visual-activity off
set -g visual-bell off
set -g bell-action none
set -g activity-action none
set -g silence-action none
set -g lock-after-time 0
setw -g allow-rename off
setw -g automatic-rename off
setw -g remain-on-exit off
setw -g aggressive-resize off
setw -g monitor-activity off
setw -g monitor-bell off
)";

Error Internal(std::string message) { return {ErrorKind::kInternal, std::move(message)}; }

// Decimal numbers with single blanks between them.
template <std::size_t N>
bool ParseNumbers(std::string_view text, std::array<unsigned, N>* numbers) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t n = 0; n < N; ++n) {
    if (n > 0 && (at == end || *at++ != ' ')) return false;
    const auto [next, error] = std::from_chars(at, end, (*numbers)[n]);
    if (error != std::errc()) return false;
    at = next;
  }
  return at == end;
}

}  // namespace

std::string ConfigText(const TmuxOptions& options) {
  return std::string(kConfig) + "set -g history-limit " + std::to_string(options.history_limit) +
         "\n";
}

std::vector<std::string> ClientArguments(const TmuxOptions& options) {
  std::vector<std::string> arguments = {"-u",
                                        "-S",
                                        SocketPath(options),
                                        "-f",
                                        ConfigPath(options),
                                        "-C",
                                        "new-session",
                                        "-n",
                                        "front",
                                        "-A",
                                        "-s",
                                        "paned",
                                        "-x",
                                        "80",
                                        "-y",
                                        "24",
                                        "-f",
                                        "no-output,ignore-size",
                                        "--"};
  for (std::string& argument : CommandArguments(options.front_command)) {
    arguments.push_back(EscapeForArgv(std::move(argument)));
  }
  return arguments;
}

std::string OpenWindowLine(const std::string& name, const std::vector<std::string>& command) {
  // Both commands are made in one go, so the last window is the new one.
  std::string line = "new-window -d -a -t ':{end}' -P -F '#{window_id} #{pane_id}' -n " +
                     QuoteForTmux(SanitiseName(name)) + " --";
  for (const std::string& argument : CommandArguments(command)) {
    line += ' ' + QuoteForTmux(argument);
  }
  return line + " ; resize-window -t ':{end}' -x 80 -y 24";
}

Result<TmuxWindow> WindowIn(const ControlClient::Replies& replies) {
  TmuxWindow window;
  if (replies[0].size() == 1) {
    const std::string& line = replies[0].front();
    const std::size_t space = std::min(line.find(' '), line.size());
    window = {line.substr(0, space), line.substr(std::min(space + 1, line.size()))};
  }
  if (!IsTmuxId(window.window) || !IsTmuxId(window.pane)) {
    return Internal("tmux does not tell the new window's name");
  }
  return window;
}

std::string ResizeLine(const std::string& window, unsigned rows, unsigned cols) {
  rows = std::clamp(rows, 1U, kMaxSize);
  cols = std::clamp(cols, 1U, kMaxSize);
  return "resize-window -t " + window + " -x " + std::to_string(cols) + " -y " +
         std::to_string(rows);
}

std::string CaptureLine(const std::string& pane) {
  return "display-message -p -t " + pane +
         " '#{pane_height} #{pane_width} #{cursor_y} #{cursor_x} #{?alternate_on,1,0}'"
         " ; capture-pane -p -t " +
         pane;
}

Result<TmuxScreen> ScreenIn(ControlClient::Replies replies) {
  std::array<unsigned, 5> numbers = {};
  if (replies[0].size() != 1 || !ParseNumbers(replies[0].front(), &numbers)) {
    return Internal("tmux does not tell the size of the screen");
  }
  TmuxScreen screen;
  screen.rows = numbers[0];
  screen.cols = numbers[1];
  screen.cursor_row = numbers[2];
  screen.cursor_col = numbers[3];
  screen.alternate = numbers[4] != 0;
  screen.lines = std::move(replies[1]);
  screen.lines.resize(screen.rows);
  for (std::string& line : screen.lines) line.erase(line.find_last_not_of(' ') + 1);
  return screen;
}

}  // namespace paned
