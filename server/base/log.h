// The server's own log: one logfmt line per event on stderr. Never command text, environment or
// file contents. Nobody waits for it: what standard error does not take is dropped, and counted.
// Threading: thread-safe; a line is one write.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/log_writer.h"

namespace paned {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

// "debug", "info", "warn", "error", "off".
std::optional<LogLevel> ParseLogLevel(std::string_view word);

class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;

  explicit Log(LogLevel least);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const { return level >= least_ && least_ != LogLevel::kOff; }
  // ts=... level=info msg="..." key=value ...
  void Write(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {});
  // Waits until all is written, but no longer than `most`. Whether it is.
  bool Flush(std::chrono::milliseconds most) { return writer_.Flush(most); }

 private:
  const LogLevel least_;
  LogWriter writer_;
};

}  // namespace paned
