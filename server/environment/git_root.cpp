#include "server/environment/git_root.h"

#include <sys/stat.h>

#include <cstddef>
#include <string_view>

#include "server/environment/absolute_path.h"
#include "server/fs/file_service.h"
#include "server/fs/path_text.h"

namespace paned {
namespace {

// The one line of each of git's small files, without blanks around it; empty when there is none.
std::string ReadLine(const std::string& path) {
  constexpr std::size_t kLongest = std::size_t{16} * 1024;
  Result<OpenedFile> file = OpenForRead(path, kLongest);
  if (!file.ok()) return {};
  Result<std::string> text = ReadPiece(file.value(), kLongest);
  if (!text.ok()) return {};
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.value().find_first_not_of(kBlanks);
  if (begin == std::string::npos) return {};
  return text.value().substr(begin, text.value().find_last_not_of(kBlanks) + 1 - begin);
}

bool IsSame(const std::string& left, const std::string& right) {
  const Result<std::string> first = Canonicalize(left);
  const Result<std::string> second = Canonicalize(right);
  return first.ok() && second.ok() && first.value() == second.value();
}

// A ".git" file can claim to belong to any repository. It is believed when that repository keeps a
// worktree that points back to it.
std::optional<std::string> MainDirectory(const std::string& worktree) {
  constexpr std::string_view kMark = "gitdir:";
  const std::string entry = worktree + "/.git";
  const std::string line = ReadLine(entry);
  if (line.compare(0, kMark.size(), kMark) != 0) return std::nullopt;
  const std::size_t begin = line.find_first_not_of(" \t", kMark.size());
  if (begin == std::string::npos) return std::nullopt;
  const std::string administration = AbsolutePath(line.substr(begin), worktree);
  const std::string common_text = ReadLine(administration + "/commondir");
  const std::string back_text = ReadLine(administration + "/gitdir");
  if (common_text.empty() || back_text.empty()) return std::nullopt;
  const std::string common = AbsolutePath(common_text, administration);
  if (NameOf(common) != ".git" || !IsSame(ParentOf(administration), common + "/worktrees") ||
      !IsSame(AbsolutePath(back_text, administration), entry)) {
    return std::nullopt;
  }
  return ParentOf(common);
}

}  // namespace

bool IsGitEntry(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return false;
  return !S_ISDIR(status.st_mode) || ::stat((path + "/HEAD").c_str(), &status) == 0;
}

std::optional<std::string> FindGitRoot(const std::string& directory) {
  for (std::string at = directory;; at = ParentOf(at)) {
    const std::string entry = at + "/.git";
    struct stat status = {};
    if (IsGitEntry(entry) && ::stat(entry.c_str(), &status) == 0) {
      return S_ISDIR(status.st_mode) ? at : MainDirectory(at);
    }
    if (at == "/") return std::nullopt;
  }
}

}  // namespace paned
