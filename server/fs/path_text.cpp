#include "server/fs/path_text.h"

#include <climits>
#include <string>
#include <string_view>

namespace paned {

std::string TrimPath(std::string_view path) {
  const auto ends_in_dot = [&path] {
    return path.size() > 1 && path.substr(path.size() - 2) == "/.";
  };
  while (path.size() > 1 && (path.back() == '/' || ends_in_dot())) path.remove_suffix(1);
  return std::string(path);
}

std::string ParentOf(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  const std::string parent = TrimPath(std::string_view(path).substr(0, slash));
  return parent.empty() ? "/" : parent;
}

std::string NameOf(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool IsTooLong(const std::string& path) { return path.size() >= PATH_MAX; }

}  // namespace paned
