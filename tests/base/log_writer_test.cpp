// LogWriter: who gives a line never waits, whatever the reader does, and what is lost is said.
#include "server/base/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <thread>
#include <vector>

#include "server/base/unique_fd.h"

namespace paned {
namespace {

constexpr std::chrono::seconds kPatience{30};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends = {};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read = UniqueFd(ends[0]);
    write = UniqueFd(ends[1]);
  }
  // What is in it now, until `enough` bytes have come.
  std::string Take(std::size_t enough) const {
    std::string text;
    std::array<char, 4096> buffer;
    while (text.size() < enough) {
      const ssize_t got = ::read(read.get(), buffer.data(), buffer.size());
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  UniqueFd read;
  UniqueFd write;
};

std::string Lost(std::uint64_t count) { return "lost " + std::to_string(count) + "\n"; }

TEST(LogWriter, WritesInOrder) {
  const Pipe pipe;
  LogWriter writer(pipe.write.get(), Lost);
  for (int n = 0; n < 100; ++n) writer.Put(std::to_string(n) + "\n");
  ASSERT_TRUE(writer.Flush(kPatience));
  std::string expected;
  for (int n = 0; n < 100; ++n) expected += std::to_string(n) + "\n";
  EXPECT_EQ(pipe.Take(expected.size()), expected);
}

// The line that says what is missing stands where it is missing, and counts exactly.
TEST(LogWriter, AReaderThatDoesNotReadLosesTheNewestAndIsTold) {
  const Pipe pipe;
  const int flags = ::fcntl(pipe.write.get(), F_GETFL);
  LogWriter writer(pipe.write.get(), Lost);
  constexpr int kLines = 10'000;
  for (int n = 0; n < kLines; ++n) writer.Put(std::to_string(n) + std::string(95, '.') + "\n");
  EXPECT_FALSE(writer.Flush(std::chrono::milliseconds(1)));
  EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFL), flags);
  // Read until every line has come or has been said to be lost: only then is there nothing to wait
  // for.
  std::string text;
  int next = 0;
  int lost = 0;
  while (next < kLines) {
    const std::string more = pipe.Take(1);
    ASSERT_FALSE(more.empty());
    text += more;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;
         text.erase(0, end + 1)) {
      const std::string line = text.substr(0, end);
      if (line.rfind("lost ", 0) == 0) {
        lost += std::stoi(line.substr(5));
        next += std::stoi(line.substr(5));
      } else {
        ASSERT_EQ(std::stoi(line), next) << "what is missing was not said here";
        ++next;
      }
    }
  }
  writer.Put("after\n");
  EXPECT_EQ(pipe.Take(6), "after\n");
  EXPECT_GT(lost, 0);
  EXPECT_EQ(next, kLines);
}

TEST(LogWriter, GoesOnAfterAFailure) {
  Pipe pipe;
  const Pipe other;
  ::signal(SIGPIPE, SIG_IGN);
  LogWriter writer(pipe.write.get(), Lost);
  pipe.read.Reset();
  for (int n = 0; n < 5; ++n) {
    writer.Put("nobody\n");
    ASSERT_TRUE(writer.Flush(kPatience));
  }
  ASSERT_EQ(::dup2(other.write.get(), pipe.write.get()), pipe.write.get());
  writer.Put("somebody\n");
  ASSERT_TRUE(writer.Flush(kPatience));
  EXPECT_EQ(other.Take(16), "lost 5\nsomebody\n");
}

TEST(LogWriter, ManyMayWrite) {
  const Pipe pipe;
  LogWriter writer(pipe.write.get(), Lost);
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&writer, n] {
      for (int m = 0; m < 50; ++m) writer.Put(std::string(9, static_cast<char>('a' + n)) + "\n");
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(writer.Flush(kPatience));
  std::istringstream lines(pipe.Take(2000));
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    EXPECT_EQ(line, std::string(9, line.front()));
    ++count;
  }
  EXPECT_EQ(count, 200);
}

TEST(LogWriter, ItsEndDoesNotWaitForAReaderThatDoesNotRead) {
  Pipe pipe;
  {
    LogWriter writer(pipe.write.get(), Lost);
    for (int n = 0; n < 2000; ++n) writer.Put(std::string(99, '.') + "\n");
  }
  // What is not written then may be written still: the pipe has to stay.
  EXPECT_GE(pipe.read.Release(), 0);
  EXPECT_GE(pipe.write.Release(), 0);
}

}  // namespace
}  // namespace paned
