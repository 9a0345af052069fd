#include "server/base/log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace paned {
namespace {

constexpr std::array<std::string_view, 4> kLevelWords = {"debug", "info", "warn", "error"};

// RFC 3339, UTC, milliseconds.
std::string Timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text = {};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(ms % 1000));
  return text.data();
}

// What could end the line, or speak to the terminal that shows it.
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void AppendValue(std::string_view value, std::string* line) {
  const bool plain = !value.empty() && std::none_of(value.begin(), value.end(), [](char c) {
    return IsControl(c) || c == ' ' || c == '"' || c == '=' || c == '\\';
  });
  if (plain) {
    line->append(value);
    return;
  }
  line->push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') line->push_back('\\');
    line->push_back(IsControl(c) ? ' ' : c);
  }
  line->push_back('"');
}

std::string LineOf(LogLevel level, std::string_view message,
                   std::initializer_list<Log::Field> fields) {
  std::string line = "ts=" + Timestamp() + " level=";
  line.append(kLevelWords[static_cast<std::size_t>(level)]);
  line.append(" msg=");
  AppendValue(message, &line);
  for (const auto& [key, value] : fields) {
    line.push_back(' ');
    line.append(key);
    line.push_back('=');
    AppendValue(value, &line);
  }
  line.push_back('\n');
  return line;
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view word) {
  if (word == "off") return LogLevel::kOff;
  for (std::size_t i = 0; i < kLevelWords.size(); ++i) {
    if (kLevelWords[i] == word) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

Log::Log(LogLevel least)
    : least_(least), writer_(STDERR_FILENO, [](std::uint64_t dropped) {
        return LineOf(LogLevel::kWarn,
                      "log lines were lost: nobody read standard error, or it failed",
                      {{"lines", std::to_string(dropped)}});
      }) {}

void Log::Write(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  if (enabled(level)) writer_.Put(LineOf(level, message, fields));
}

}  // namespace paned
