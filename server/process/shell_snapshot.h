// What a login shell sets up, as a value, and how a command is given it: an environment, and a
// script that restores functions, options and aliases. The script travels in environment variables,
// so that it reaches a command on pipes and in a tmux pane alike and nothing of it is on a disk.
// Source: exec-server protocol, section 7.1; protocol/README.md, "Shell snapshots".
// Threading: pure values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/types.h"
#include "server/process/backend.h"
#include "server/process/environment.h"

namespace paned {

enum class SnapshotShell { kBash, kZsh, kSh };

// Which kind of shell a request names; nothing for one whose state cannot be taken.
std::optional<SnapshotShell> FindSnapshotShell(std::string_view name);

// Whether `argv` is `SHELL -lc COMMAND`, maybe with further words, for exactly this shell: the one
// form of a command that a snapshot changes.
bool IsLoginCommand(const std::vector<std::string>& argv, const std::string& shell_path);

struct ShellState {
  std::string script;  // restores functions, options and aliases when evaluated; no NUL in it
  EnvironmentMap env;  // exported variables
};

// Longer scripts are not restored: with its environment a program may get about 2 MiB (execve(2)).
inline constexpr std::size_t kMaxShellScript = std::size_t{1} << 20;

// What stands in a collector's output (shell_collector.h) behind what the user's own files print;
// nothing when it is not whole, or too long to be restored.
std::optional<ShellState> ParseShellState(std::string_view output, std::string_view mark);

// The child's environment: what the request gives without a snapshot (`base`), under what the shell
// has exported, under what the request names itself (`env`, and `set` of the policy). Exported
// variables pass the policy's filters; those that belong to one moment or one command are left out.
std::vector<std::string> EnvironmentWithState(const std::vector<std::string>& base,
                                              const ShellState& state,
                                              const std::optional<EnvironmentMap>& env,
                                              const std::optional<protocol::EnvPolicy>& policy);

// Makes a login command (see above) an ordinary one that restores the script first. Line numbers in
// the shell's messages begin where the reference has them. `plan.env` must be final.
void RestoreInCommand(const ShellState& state, SnapshotShell shell, LaunchPlan* plan);

}  // namespace paned
