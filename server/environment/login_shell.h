// Which shell a client is told to use: the user's own when codex knows its kind, else bash.
// Source: measured; protocol/README.md. Threading: thread-safe; looks at the file system.
#pragma once

#include <string>

namespace paned {

struct LoginShell {
  std::string name;  // "bash", "zsh", "sh" or "powershell": the kinds clients know
  std::string path;
};

// The user's shell by the password database; empty when it has none.
std::string ShellByPassword();

// `shell` as the password database has it; a known one that is missing is searched in `path`
// ($PATH) by its name, then in /bin. Anything else: bash, and sh where there is no bash.
LoginShell ChooseLoginShell(const std::string& shell, const std::string& path);

}  // namespace paned
