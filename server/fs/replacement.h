// New contents for a file that stays the same file (inode, owner, links, attributes). The old ones
// go only when there is room for the new ones, where the file system can tell: a full disk then
// destroys nothing that was there. Threading: thread-safe; one object belongs to one thread.
#pragma once

#include <sys/stat.h>

#include <cstdint>

#include "server/base/result.h"

namespace paned {

class Replacement {
 public:
  // `fd` is open for writing, not truncated, and stays the caller's; `status` is what fstat(2)
  // said.
  Replacement(int fd, const struct stat& status);

  // Makes room for `size` bytes from the file's beginning on. An errno: the file is as it was.
  // `holes`: not all of them will be written, so what stands there has to go first.
  // Source: fallocate(2).
  int Begin(std::uint64_t size, bool holes);
  // `size` bytes have been written, all there will be: when they are fewer than there was room for,
  // nothing of the old contents stays behind them. An errno, or 0.
  int End(std::uint64_t size);

  // Whether there were old contents, and they are no longer whole.
  bool destroyed() const { return destroyed_; }
  // For an error: what became of them, behind what its hint says already.
  void Explain(Error* error) const;

 private:
  int Reserve(std::uint64_t size);

  const int fd_;
  const bool regular_;
  const std::uint64_t old_size_;  // 0: there is nothing to lose
  std::uint64_t due_ = 0;         // bytes that are to take the place of old ones
  bool destroyed_ = false;
};

}  // namespace paned
