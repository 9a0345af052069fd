// A directory of the test's own, which goes away with its owner, whatever is in it then. Short, for
// socket paths have little room. Threading: a value of one thread.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace paned::testing {

class TempDir {
 public:
  TempDir() : path_("/tmp/paned-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace paned::testing
