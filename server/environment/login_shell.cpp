#include "server/environment/login_shell.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace paned {
namespace {

bool IsFile(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// The kind by the name of the program, also of "bash.5"; empty for one clients do not know.
std::string KindOf(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  for (;;) {
    if (name == "bash" || name == "zsh" || name == "sh") return name;
    if (name == "pwsh" || name == "powershell") return "powershell";
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0) return {};
    name.erase(dot);
  }
}

// The program in the directories of `path`, then in /bin; empty when it is nowhere.
std::string Search(const std::string& program, std::string_view path) {
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
    if (directory.empty() || directory.front() != '/') continue;
    const std::string candidate = std::string(directory) + '/' + program;
    if (IsFile(candidate) && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  const std::string fallback = "/bin/" + program;
  return IsFile(fallback) ? fallback : "";
}

}  // namespace

std::string ShellByPassword() {
  std::array<char, 16384> buffer = {};
  passwd entry = {};
  passwd* found = nullptr;
  const int error = ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  return error == 0 && found != nullptr ? entry.pw_shell : "";
}

LoginShell ChooseLoginShell(const std::string& shell, const std::string& path) {
  const std::string kind = KindOf(shell);
  if (!kind.empty()) {
    if (shell.find('/') != std::string::npos && IsFile(shell)) return {kind, shell};
    const std::string found = Search(kind == "powershell" ? "pwsh" : kind, path);
    if (!found.empty()) return {kind, found};
  }
  const std::string bash = Search("bash", path);
  if (!bash.empty()) return {"bash", bash};
  return {"sh", "/bin/sh"};
}

}  // namespace paned
