// Directories that the server's own environment names: absolute, and free of ".", ".." and doubled
// slashes by name alone. Source: measured; protocol/README.md.
// Threading: thread-safe; Home and CodexHome look at the machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/base/result.h"

namespace paned {

// `path` below `base` when it is relative, resolved by name. An empty path is `base`.
std::string AbsolutePath(std::string_view path, std::string_view base);

// What the server found in its environment when it began.
struct ServerDirectories {
  std::string cwd = "/";
  std::optional<std::string> home;           // $HOME; the password database when unset or empty
  std::string codex_home;                    // $CODEX_HOME as set; empty: .codex below home
  std::optional<std::string> temporary;      // $TMPDIR as set
  std::string system_config = "/etc/codex";  // where an administrator's files are
};

// From this process's environment and its user's entry in the password database.
ServerDirectories FindDirectories(std::string cwd);

// The home directory that clients are told; nothing when it is relative or unknown.
std::optional<std::string> UserHome(const ServerDirectories& directories);

// Codex's own directory. $CODEX_HOME must be a directory and is resolved to its real path; an error
// says so with the reference's text. The default need not exist.
Result<std::string> CodexHome(const ServerDirectories& directories);

}  // namespace paned
