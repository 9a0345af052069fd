#include "server/process/pipe_backend.h"

#include <unistd.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <list>
#include <string>
#include <utility>

#include "server/base/pidfd.h"
#include "server/process/spawner.h"

namespace paned {
namespace {

using asio::posix::stream_descriptor;

// Reads in a row from one stream before other work gets its turn. A pipe holds one full read.
constexpr int kReadsPerTurn = 4;

// The live half of a pipe process. Pending operations hold it weakly, so that one which completes
// late finds nobody instead of somebody dead.
class PipeChild final : public BackendProcess, public std::enable_shared_from_this<PipeChild> {
 public:
  PipeChild(asio::io_context* io, Reaper* reaper, BackendEvents* events, SpawnedChild child)
      : reaper_(reaper),
        events_(events),
        pid_(child.pid),
        pidfd_(*io, child.pidfd.Release()),
        input_(*io),
        sources_{Source(io, OutputStream::kStdout, std::move(child.output)),
                 Source(io, OutputStream::kStderr, std::move(child.error_output))} {
    if (child.input.valid()) input_.assign(child.input.Release());
  }

  ~PipeChild() override {
    if (!pidfd_.is_open()) return;
    ::kill(-pid_, SIGKILL);
    reaper_->Adopt(UniqueFd(pidfd_.release()));
  }

  void StartWaiting() {
    for (Source& source : sources_) WaitReadable(&source);
    WaitForEnd();
  }

  void WriteInput(std::string bytes) override {
    if (!input_.is_open() || bytes.empty()) return;
    queued_ += bytes.size();
    queue_.push_back(std::move(bytes));
    if (!input_waiting_) FlushInput();
  }

  std::size_t QueuedInput() const override { return queued_; }
  bool InputOpen() const override { return input_.is_open() && !close_after_flush_; }

  void CloseInputAfterFlush() override {
    close_after_flush_ = true;
    if (queue_.empty()) CloseInput();
  }

  void SignalGroup(int signal_number) override {
    // Until it is reaped the pid belongs to the child, and so does the group.
    if (pidfd_.is_open()) ::kill(-pid_, signal_number);
  }

  void ResumeOutput() override {
    for (Source& source : sources_) {
      if (std::exchange(source.paused, false)) WaitReadable(&source);
    }
  }

  void ReadScreen(ScreenDone done) override {
    asio::post(input_.get_executor(), [weak = weak_from_this(), done = std::move(done)] {
      if (weak.expired()) return;
      done(Error{ErrorKind::kInvalidRequest, "a process on pipes has no terminal"});
    });
  }
  std::string_view backend_name() const override { return "pipes"; }
  pid_t pid() const override { return pid_; }

 private:
  struct Source {
    Source(asio::io_context* io, OutputStream which, UniqueFd from)
        : stream(which), fd(*io, from.Release()) {}
    OutputStream stream;
    stream_descriptor fd;
    bool waiting = false;  // a wait for readability is under way
    bool paused = false;   // nobody wants more until ResumeOutput()
  };

  void WaitReadable(Source* source) {
    if (source->waiting || !source->fd.is_open()) return;
    source->waiting = true;
    source->fd.async_wait(stream_descriptor::wait_read,
                          [weak = weak_from_this(), source](const asio::error_code& error) {
                            const auto self = weak.lock();
                            if (!self || error) return;
                            source->waiting = false;
                            if (self->ReadSome(source)) self->WaitReadable(source);
                          });
  }

  // Reads until there is nothing, the turn is over, or nobody wants more. True: wait for more.
  bool ReadSome(Source* source) {
    for (int turn = 0; turn < kReadsPerTurn && source->fd.is_open(); ++turn) {
      // Paused first: asking for room may itself make room and resume.
      source->paused = true;
      const OutputSpace space = events_->PrepareOutput();
      if (space.size == 0) return false;
      source->paused = false;
      const ssize_t got = ::read(source->fd.native_handle(), space.data, space.size);
      if (got > 0) {
        const auto size = static_cast<std::size_t>(got);
        events_->CommitOutput(source->stream, size);
        // A short read has emptied the pipe: the next one would only say so.
        if (size < space.size) return true;
      } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        source->fd.close();
        EndIfAllClosed();
        return false;
      } else if (errno == EAGAIN) {
        return true;
      }
    }
    return source->fd.is_open();
  }

  void EndIfAllClosed() {
    if (sources_[0].fd.is_open() || sources_[1].fd.is_open()) return;
    events_->OnOutputEnd();
  }

  void WaitForEnd() {
    pidfd_.async_wait(stream_descriptor::wait_read,
                      [weak = weak_from_this()](const asio::error_code& error) {
                        const auto self = weak.lock();
                        if (self && !error) self->OnEnded();
                      });
  }

  // The child is dead. What it wrote before is still in the pipes; taking it first lets the exit
  // come behind the output in all but the held case.
  void OnEnded() {
    bool lost = false;
    UniqueFd pidfd(pidfd_.release());
    const std::optional<ChildExit> end = Reap(pidfd, &lost);
    if (!end && !lost) {
      // It lives. asio may complete a wait for a descriptor that was closed, and whose place in the
      // reactor this one has taken.
      pidfd_.assign(pidfd.Release());
      WaitForEnd();
      return;
    }
    pidfd.Reset();
    CloseInput();
    DrainAtExit();
    if (!end) {
      events_->OnExited({-1, "the exit status was lost: another process reaped the child"});
      return;
    }
    events_->OnExited({end->signaled ? 128 + end->code : end->code, {}});
  }

  void DrainAtExit() {
    for (Source& source : sources_) {
      if (source.paused || !source.fd.is_open()) continue;
      ReadSome(&source);
    }
  }

  void WaitWritable() {
    input_waiting_ = true;
    input_.async_wait(stream_descriptor::wait_write,
                      [weak = weak_from_this()](const asio::error_code& error) {
                        const auto self = weak.lock();
                        if (!self || error) return;
                        self->input_waiting_ = false;
                        self->FlushInput();
                        self->events_->OnInputProgress();
                      });
  }

  void FlushInput() {
    while (!queue_.empty()) {
      const std::string& front = queue_.front();
      const ssize_t put =
          ::write(input_.native_handle(), front.data() + sent_, front.size() - sent_);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0 && errno == EAGAIN) {
        WaitWritable();
        return;
      }
      if (put < 0) {  // the child closed its stdin: what is queued has nowhere to go
        CloseInput();
        return;
      }
      sent_ += static_cast<std::size_t>(put);
      queued_ -= static_cast<std::size_t>(put);
      if (sent_ == front.size()) {
        queue_.pop_front();
        sent_ = 0;
      }
    }
    if (close_after_flush_) CloseInput();
  }

  void CloseInput() {
    asio::error_code ignored;
    input_.close(ignored);
    queue_.clear();
    queued_ = 0;
    sent_ = 0;
  }

  Reaper* reaper_;
  BackendEvents* events_;
  pid_t pid_;
  stream_descriptor pidfd_;  // open until the child is reaped
  stream_descriptor input_;
  bool input_waiting_ = false;
  bool close_after_flush_ = false;
  std::list<std::string> queue_;
  std::size_t queued_ = 0;
  std::size_t sent_ = 0;  // of the queue's front
  std::array<Source, 2> sources_;
};

// What a Process holds: destroying it ends the child, whatever operations are still under way.
class PipeProcess final : public BackendProcess {
 public:
  explicit PipeProcess(std::shared_ptr<PipeChild> child) : child_(std::move(child)) {}

  void WriteInput(std::string bytes) override { child_->WriteInput(std::move(bytes)); }
  std::size_t QueuedInput() const override { return child_->QueuedInput(); }
  bool InputOpen() const override { return child_->InputOpen(); }
  void CloseInputAfterFlush() override { child_->CloseInputAfterFlush(); }
  void SignalGroup(int signal_number) override { child_->SignalGroup(signal_number); }
  void ResumeOutput() override { child_->ResumeOutput(); }
  void ReadScreen(ScreenDone done) override { child_->ReadScreen(std::move(done)); }
  std::string_view backend_name() const override { return child_->backend_name(); }
  pid_t pid() const override { return child_->pid(); }

 private:
  std::shared_ptr<PipeChild> child_;
};

}  // namespace

Result<std::unique_ptr<BackendProcess>> PipeBackend::Start(const LaunchPlan& plan,
                                                           BackendEvents* events) {
  Result<SpawnedChild> spawned = Spawn(plan);
  if (!spawned.ok()) return std::move(spawned.error());
  auto child = std::make_shared<PipeChild>(io_, reaper_, events, std::move(spawned.value()));
  child->StartWaiting();
  return std::unique_ptr<BackendProcess>(std::make_unique<PipeProcess>(std::move(child)));
}

}  // namespace paned
