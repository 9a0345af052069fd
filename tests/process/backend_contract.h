// What every ProcessBackend keeps to, whatever it runs processes on: a typed suite, instantiated
// with a traits class per backend.
//
//   struct Traits {
//     Traits();                                  // makes its io loop and its backend
//     ProcessBackend* backend();
//     asio::io_context* io();
//   };
//
// Threading: one thread, which runs the loop.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/process/backend.h"

namespace paned {

// Takes all that a process says. Keeps at most `room` bytes that have not been let go of.
class EventSink final : public BackendEvents {
 public:
  void OnStarted(Status status) override {
    EXPECT_FALSE(in_call);
    ++starts;
    if (!status.ok()) start_error = status.error();
  }
  OutputSpace PrepareOutput() override {
    ++asked;
    EXPECT_FALSE(in_call) << "an event from within a call to the backend";
    return {buffer_.data(), std::min(buffer_.size(), room)};
  }
  void CommitOutput(OutputStream stream, std::size_t size) override {
    EXPECT_LE(size, room) << "more than there was room for";
    EXPECT_EQ(ends, 0) << "output behind the end of the output";
    room -= size;
    (stream == OutputStream::kStderr ? error_output : output).append(buffer_.data(), size);
  }
  void OnOutputEnd() override {
    EXPECT_FALSE(in_call);
    ++ends;
  }
  void OnExited(ExitStatus status) override {
    EXPECT_FALSE(in_call);
    ++exits;
    exit = std::move(status);
  }
  void OnInputProgress() override {
    EXPECT_FALSE(in_call);
    ++progress;
  }

  bool over() const { return ends > 0 && exits > 0; }

  std::size_t room = SIZE_MAX;
  std::string output;
  std::string error_output;
  int starts = 0;
  Error start_error;
  int asked = 0;
  int ends = 0;
  int exits = 0;
  int progress = 0;
  bool in_call = false;
  ExitStatus exit;

 private:
  std::array<char, 65536> buffer_{};
};

template <class Traits>
class BackendContract : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{20};

  // As the server does: input that nobody reads any more is an error, not the end.
  BackendContract() { ::signal(SIGPIPE, SIG_IGN); }

  // A shell command as a child of ours.
  void Start(const std::string& command, bool pipe_stdin = false) {
    StartProgram({"/bin/sh", "-c", command}, pipe_stdin);
  }
  void StartProgram(std::vector<std::string> argv, bool pipe_stdin) {
    LaunchPlan plan;
    plan.argv = std::move(argv);
    plan.cwd = "/";
    plan.env = {"PATH=/usr/bin:/bin"};
    plan.pipe_stdin = pipe_stdin;
    sink_ = std::make_unique<EventSink>();
    sink_->in_call = true;
    auto started = traits_.backend()->Start(plan, sink_.get());
    sink_->in_call = false;
    ASSERT_TRUE(started.ok()) << started.error().message;
    process_ = std::move(started.value());
  }

  // Runs the loop until `done`. No sleeping: the loop wakes with each event.
  bool RunUntil(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    traits_.io()->restart();
    while (!done()) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= left.zero() || traits_.io()->run_one_for(left) == 0) return done();
    }
    return true;
  }
  void RunToTheEnd() {
    EXPECT_TRUE(RunUntil([this] { return sink_->over(); }))
        << "no end: exits " << sink_->exits << ", ends " << sink_->ends;
  }
  // Runs what is due, without waiting for more.
  void RunDue() {
    traits_.io()->restart();
    traits_.io()->poll();
  }
  void Run(const std::string& command) {
    Start(command);
    RunToTheEnd();
  }

  // A call that must not be answered from within.
  template <class Call>
  void Do(Call call) {
    sink_->in_call = true;
    call(process_.get());
    sink_->in_call = false;
  }
  void Write(std::string bytes) {
    Do([&](BackendProcess* process) { process->WriteInput(std::move(bytes)); });
  }

  Traits traits_;
  std::unique_ptr<EventSink> sink_;
  std::unique_ptr<BackendProcess> process_;
};

// Bytes that a shifted, lost or doubled stretch would change.
inline std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t n = 0; n < size; ++n) bytes[n] = static_cast<char>((n * 131 + n / 251) & 0xff);
  return bytes;
}

// Whether a process of this id exists, dead and unreaped ones included.
inline bool Exists(pid_t pid) { return ::kill(pid, 0) == 0; }

TYPED_TEST_SUITE_P(BackendContract);

}  // namespace paned

#include "tests/process/backend_contract_cases.h"
