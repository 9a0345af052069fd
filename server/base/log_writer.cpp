#include "server/base/log_writer.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace paned {
namespace {

// A thread that has nothing to do goes; the next line starts another.
constexpr std::chrono::seconds kIdle{2};
constexpr std::chrono::milliseconds kLastWords{500};

// False: the line could not be written, and will not be by trying again. `torn`: an earlier line
// ends half-way, and this one is not to go on there; set when this one does.
bool WriteAll(int fd, std::string line, bool* torn) {
  if (std::exchange(*torn, false)) line.insert(0, 1, '\n');
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t put = ::write(fd, line.data() + done, line.size() - done);
    if (put > 0) {
      done += static_cast<std::size_t>(put);
    } else if (put < 0 && errno == EAGAIN) {  // somebody else has made it non-blocking
      pollfd room = {fd, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (put == 0 || errno != EINTR) {
      *torn = done > 0;
      return false;
    }
  }
  return true;
}

// Signals are for the threads that expect them.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_ = {};
};

}  // namespace

struct LogWriter::Shared {
  Shared(int to, Notice how) : fd(to), notice(std::move(how)) {}

  // A line, and how many it tells of: one that says what was lost stands for all of those.
  struct Line {
    std::string text;
    std::uint64_t stands_for = 1;
  };

  // With the mutex held. False: there is no room.
  bool Hold(Line line) {
    if (held + line.text.size() > kMostHeld) return false;
    held += line.text.size();
    lines.push_back(std::move(line));
    return true;
  }
  // With the mutex held: says what was dropped, if there is room to say it.
  bool SayDropped() {
    if (dropped == 0) return true;
    if (!Hold({notice(dropped), dropped})) return false;
    dropped = 0;
    return true;
  }

  const int fd;
  const Notice notice;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Line> lines;
  std::size_t held = 0;
  std::uint64_t dropped = 0;
  bool running = false;  // the thread
  bool writing = false;  // a line that is in `lines` no more
  bool torn = false;     // the thread's own
};

LogWriter::LogWriter(int fd, Notice notice)
    : shared_(std::make_shared<Shared>(fd, std::move(notice))) {}

LogWriter::~LogWriter() { Flush(kLastWords); }

void LogWriter::Put(std::string line) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  try {
    if (!shared_->SayDropped() || !shared_->Hold({std::move(line)})) ++shared_->dropped;
    if (!shared_->running) {
      const NoSignals inherited_by_the_thread;
      std::thread([shared = shared_] { Write(shared); }).detach();
      shared_->running = true;
    }
  } catch (const std::exception&) {
    // No memory, or no thread. What is held waits for the next line.
  }
  shared_->changed.notify_all();
}

bool LogWriter::Flush(std::chrono::milliseconds most) {
  std::unique_lock<std::mutex> lock(shared_->mutex);
  return shared_->changed.wait_for(lock, most, [this] {
    return !shared_->running || (shared_->lines.empty() && !shared_->writing);
  }) && shared_->lines.empty();
}

void LogWriter::Write(const std::shared_ptr<Shared>& shared) {
  std::unique_lock<std::mutex> lock(shared->mutex);
  while (true) {
    shared->changed.wait_for(lock, kIdle, [&] { return !shared->lines.empty(); });
    if (shared->lines.empty()) break;
    Shared::Line line = std::move(shared->lines.front());
    shared->lines.pop_front();
    shared->held -= line.text.size();
    shared->writing = true;
    lock.unlock();
    const bool written = WriteAll(shared->fd, std::move(line.text), &shared->torn);
    lock.lock();
    shared->writing = false;
    if (!written) {
      shared->dropped += line.stands_for;
    } else if (shared->lines.empty()) {
      shared->SayDropped();
    }
    shared->changed.notify_all();
  }
  shared->running = false;
  shared->changed.notify_all();
}

}  // namespace paned
