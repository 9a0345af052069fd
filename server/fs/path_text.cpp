#include "server/fs/path_text.h"

#include <climits>
#include <string>
#include <string_view>

namespace paned {

std::string TrimPath(std::string_view path) {
  while (path.size() > 1) {
    if (path.back() == '/') {
      path.remove_suffix(1);
    } else if (path.size() > 2 && path.substr(path.size() - 2) == "/.") {
      path.remove_suffix(2);
    } else if (path == "/.") {
      path.remove_suffix(1);
    } else {
      break;
    }
  }
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
