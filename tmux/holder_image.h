// The holder program, carried inside paned: a server is one file, and its holders are always of its
// own build. It is laid into a memfd, from where it is executed; nothing is written to disk.
// Threading: a value.
#pragma once

#include <string>

#include "server/base/result.h"
#include "server/base/unique_fd.h"

namespace paned {

class HolderImage {
 public:
  // The error names what the system refused.
  static Result<HolderImage> Load();

  // A path that any process of this user can execute while this object lives.
  std::string path() const;

 private:
  explicit HolderImage(UniqueFd file) : file_(std::move(file)) {}

  UniqueFd file_;
};

}  // namespace paned
