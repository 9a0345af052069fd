// Takes lines to a descriptor that somebody else drains, or does not: who gives a line never waits.
// The descriptor may be shared with other programs, so its flags are left alone and a thread does
// the waiting; it goes when there has been nothing to write for a while. Threading: thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace paned {

class LogWriter {
 public:
  // What is held for a reader that does not read. What comes beyond it is dropped, and counted.
  static constexpr std::size_t kMostHeld = std::size_t{256} << 10;
  // The line that says how many were dropped, written where they would have stood.
  using Notice = std::function<std::string(std::uint64_t dropped)>;

  // `fd` stays the caller's, and open for as long as the process lives.
  LogWriter(int fd, Notice notice);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  // Flushes for a moment. What is not written then may be written still, until the process ends.
  ~LogWriter();

  // A whole line, with its end; it is one write(2).
  void Put(std::string line);
  // Waits until all is written, but no longer than `most`. Whether it is.
  bool Flush(std::chrono::milliseconds most);

 private:
  struct Shared;
  static void Write(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace paned
