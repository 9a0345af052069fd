// The server's own log: one logfmt line per event on stderr. Never command text, environment or
// file contents. Threading: thread-safe; a line is one write.
#pragma once

#include <atomic>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace paned {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

// "debug", "info", "warn", "error", "off".
std::optional<LogLevel> ParseLogLevel(std::string_view word);

class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;

  explicit Log(LogLevel least) : least_(least) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const { return level >= least_ && least_ != LogLevel::kOff; }
  // ts=... level=info msg="..." key=value ...
  void Write(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {});

 private:
  const LogLevel least_;
};

}  // namespace paned
