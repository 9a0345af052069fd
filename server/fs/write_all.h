// Writing that ends in success or in an exact account of how far it came: short writes, signals,
// full disks and fifos nobody reads are dealt with here, once.
// Threading: thread-safe; the guard concerns the calling thread only.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/result.h"
#include "server/base/unique_fd.h"

namespace paned {

// Keeps SIGPIPE (a fifo's reader went) and SIGXFSZ (the file size limit) from killing the server
// while it lives: the write then fails with EPIPE or EFBIG. Needs no signal disposition of the
// process, which belongs to main.
class WriteSignalGuard {
 public:
  WriteSignalGuard();
  ~WriteSignalGuard();
  WriteSignalGuard(const WriteSignalGuard&) = delete;
  WriteSignalGuard& operator=(const WriteSignalGuard&) = delete;

 private:
  sigset_t blocked_ = {};
  sigset_t before_ = {};
  sigset_t pending_before_ = {};
};

struct WriteOutcome {
  int error = 0;  // errno, or 0 for success
  std::uint64_t written = 0;
};

// Writes all of `bytes` at the file's position. A non-blocking descriptor that takes nothing for
// two seconds fails with EAGAIN: a worker must not wait for a fifo's reader forever.
WriteOutcome WriteAll(int fd, std::string_view bytes);

// Closes and returns the errno that close reports (NFS and quotas tell a failed write only here).
int CloseChecked(UniqueFd fd);

// FileError whose hint says first that `written` of `total` bytes arrived.
Error PartialWriteError(int error_number, std::string path, std::uint64_t written,
                        std::uint64_t total);

}  // namespace paned
