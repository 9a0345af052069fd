// The kernel's directory watches as three calls, so that a test can let them fail: limits of a
// machine are nothing a test may change. Source: inotify(7).
// Threading: no state; the calls may be made from any thread.
#pragma once

#include <cstdint>
#include <string>

#include "server/base/unique_fd.h"

namespace paned {

class Inotify {
 public:
  Inotify() = default;
  Inotify(const Inotify&) = delete;
  Inotify& operator=(const Inotify&) = delete;
  virtual ~Inotify() = default;

  // A new instance whose reads do not block; not valid with errno set when there is none to be had.
  virtual UniqueFd Open();
  // Watches `path` for the events of `mask`, besides those it is watched for already. The watch
  // descriptor, or -1 with errno set.
  virtual int Add(int instance, const std::string& path, std::uint32_t mask);
  virtual void Remove(int instance, int wd);
};

}  // namespace paned
