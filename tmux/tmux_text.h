// Texts on their way into tmux: its command language has quotes, escapes, variables, formats and
// separators of its own, and nothing that comes from outside may be taken for one of them.
// Threading: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace paned {

// One argument for a line of tmux's command language, which stands for exactly these bytes. NUL
// bytes, which no argument can hold, are left out.
std::string QuoteForTmux(std::string_view text);

// One argument for tmux's own argv, where a `;` at the end would part two commands.
std::string EscapeForArgv(std::string text);

// A window's name: at most 40 characters of valid UTF-8, never empty, without control characters
// and without what tmux's targets, formats and escapes are made of (: . # \ $), each of which
// becomes `_`.
std::string SanitiseName(std::string_view name);

// The arguments for tmux that run exactly this command. tmux gives a single argument to a shell.
std::vector<std::string> CommandArguments(const std::vector<std::string>& command);

// Whether `id` is tmux's name of a window ("@3") or a pane ("%3").
bool IsTmuxId(std::string_view id);

}  // namespace paned
