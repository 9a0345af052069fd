#include "server/environment/absolute_path.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "server/base/os_error.h"
#include "server/fs/file_service.h"

namespace paned {
namespace {

void AppendResolved(std::string_view path, std::string* out) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      out->erase(out->empty() ? 0 : out->rfind('/'));
    } else {
      out->append("/").append(name);
    }
  }
}

std::optional<std::string> HomeByPassword() {
  std::array<char, 16384> buffer = {};
  passwd entry = {};
  passwd* found = nullptr;
  const int error = ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0 || found == nullptr) return std::nullopt;
  return std::string(entry.pw_dir);
}

Error NoCodexHome(const std::string& path, const std::string& why) {
  return {ErrorKind::kInternal, "failed to find Codex home: " + why, path};
}

}  // namespace

std::string AbsolutePath(std::string_view path, std::string_view base) {
  std::string resolved;
  if (path.empty() || path.front() != '/') AppendResolved(base, &resolved);
  AppendResolved(path, &resolved);
  return resolved.empty() ? "/" : resolved;
}

ServerDirectories FindDirectories(std::string cwd) {
  ServerDirectories directories;
  directories.cwd = std::move(cwd);
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] != '\0') {
    directories.home = home;
  } else {
    directories.home = HomeByPassword();
  }
  const char* codex_home = std::getenv("CODEX_HOME");
  if (codex_home != nullptr) directories.codex_home = codex_home;
  const char* temporary = std::getenv("TMPDIR");
  if (temporary != nullptr) directories.temporary = temporary;
  return directories;
}

std::optional<std::string> UserHome(const ServerDirectories& directories) {
  const std::optional<std::string>& home = directories.home;
  if (!home || home->empty() || home->front() != '/') return std::nullopt;
  return AbsolutePath(*home, {});
}

Result<std::string> CodexHome(const ServerDirectories& directories) {
  const std::string& set = directories.codex_home;
  if (set.empty()) {
    if (!directories.home) {
      return Error{ErrorKind::kInternal,
                   "failed to find Codex home: Could not find home directory",
                   {},
                   {},
                   "start paned with HOME or CODEX_HOME set"};
    }
    return AbsolutePath(*directories.home + "/.codex", directories.cwd);
  }
  const std::string path = set.front() == '/' ? set : directories.cwd + '/' + set;
  const std::string points = "CODEX_HOME points to \"" + set + "\", but that path ";
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) {
    const int error = errno;
    if (error == ENOENT) return NoCodexHome(path, points + "does not exist");
    return NoCodexHome(path, "failed to read CODEX_HOME \"" + set + "\": " + OsErrorText(error));
  }
  if (!S_ISDIR(status.st_mode)) return NoCodexHome(path, points + "is not a directory");
  return Canonicalize(path);
}

}  // namespace paned
