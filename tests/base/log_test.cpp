// Log: one line per event, whatever is in it.
#include "server/base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "server/base/unique_fd.h"

namespace paned {
namespace {

// What is written to stderr while it lives. A pipe holds more than any of these tests writes.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(::dup(STDERR_FILENO)) {
    std::array<int, 2> ends = {};
    EXPECT_EQ(::pipe(ends.data()), 0);
    read_ = UniqueFd(ends[0]);
    EXPECT_EQ(::dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    ::close(ends[1]);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() { Restore(); }

  std::string Text() {
    Restore();
    std::string text;
    std::array<char, 4096> buffer = {};
    ssize_t got = 0;
    while ((got = ::read(read_.get(), buffer.data(), buffer.size())) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  void Restore() {
    if (!saved_.valid()) return;
    ::dup2(saved_.get(), STDERR_FILENO);
    saved_.Reset();
  }

  UniqueFd saved_;
  UniqueFd read_;
};

std::string Line(LogLevel level, std::string_view message,
                 std::initializer_list<Log::Field> fields = {}) {
  Log log(LogLevel::kDebug);
  CapturedStderr captured;
  log.Write(level, message, fields);
  EXPECT_TRUE(log.Flush(std::chrono::seconds(30)));
  return captured.Text();
}

// The line behind its timestamp.
std::string Rest(const std::string& line) { return line.substr(line.find(' ') + 1); }

TEST(Log, ALineOfLogfmt) {
  const std::string line = Line(LogLevel::kInfo, "session started", {{"session", "a-b"}});
  std::string shape = line;
  for (char& c : shape) c = c >= '0' && c <= '9' ? '0' : c;
  EXPECT_EQ(shape, "ts=0000-00-00T00:00:00.000Z level=info msg=\"session started\" session=a-b\n");
}

TEST(Log, LevelWords) {
  EXPECT_EQ(Rest(Line(LogLevel::kDebug, "m")), "level=debug msg=m\n");
  EXPECT_EQ(Rest(Line(LogLevel::kWarn, "m")), "level=warn msg=m\n");
  EXPECT_EQ(Rest(Line(LogLevel::kError, "m")), "level=error msg=m\n");
}

struct ValueRow {
  std::string value;
  std::string text;
};
class LogValue : public ::testing::TestWithParam<ValueRow> {};

TEST_P(LogValue, IsOneWordOrQuoted) {
  EXPECT_EQ(Rest(Line(LogLevel::kInfo, "m", {{"k", GetParam().value}})),
            "level=info msg=m k=" + GetParam().text + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Rows, LogValue,
    ::testing::Values(ValueRow{"plain", "plain"}, ValueRow{"", "\"\""},
                      ValueRow{"two words", "\"two words\""}, ValueRow{"a=b", "\"a=b\""},
                      ValueRow{"say \"x\"", R"("say \"x\"")"}, ValueRow{R"(a\b)", R"("a\\b")"},
                      ValueRow{"a\nlevel=error", "\"a level=error\""}, ValueRow{"a\rb", "\"a b\""},
                      ValueRow{"a\tb", "\"a b\""}, ValueRow{"\x1b[31mred", "\" [31mred\""},
                      ValueRow{"bell\x07", "\"bell \""},
                      ValueRow{std::string("nul\0byte", 8), "\"nul byte\""},
                      ValueRow{"del\x7f", "\"del \""},
                      ValueRow{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"}));

TEST(Log, WritesFromItsLevelOn) {
  for (const LogLevel least :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError, LogLevel::kOff}) {
    Log log(least);
    CapturedStderr captured;
    for (const LogLevel level :
         {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
      log.Write(level, "m");
      EXPECT_EQ(log.enabled(level), level >= least);
    }
    EXPECT_TRUE(log.Flush(std::chrono::seconds(30)));
    const std::string text = captured.Text();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4 - static_cast<int>(least));
  }
}

TEST(Log, ParsesItsLevels) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("info"), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("warn"), LogLevel::kWarn);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("off"), LogLevel::kOff);
  EXPECT_EQ(ParseLogLevel("INFO"), std::nullopt);
  EXPECT_EQ(ParseLogLevel(""), std::nullopt);
}

}  // namespace
}  // namespace paned
