// What every ProcessBackend keeps to, whatever it runs processes on: typed suites, instantiated
// with a traits class per backend.
//
//   struct Traits {
//     static constexpr bool kTerminal;           // processes run on a terminal
//     Traits();                                  // makes its io loop and its backend
//     ProcessBackend* backend();
//     asio::io_context* io();
//   };
//
// A terminal changes bytes on their way unless it is told not to; commands that are started here
// tell it.
// Threading: one thread, which runs the loop.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/process/backend.h"

namespace paned {

// Takes all that a process says. Keeps at most `room` bytes that have not been let go of, and says
// at once that what it took was delivered.
class EventSink final : public BackendEvents {
 public:
  void OnStarted(Status status) override {
    EXPECT_FALSE(in_call);
    EXPECT_EQ(exits + ends + progress, 0) << "an event before the start";
    EXPECT_EQ(total, 0U);
    ++starts;
    if (!status.ok()) start_error = status.error();
    if (on_event) on_event();
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
    total += size;
    (stream == OutputStream::kStderr ? error_output : output).append(buffer_.data(), size);
    if (deliver_to != nullptr && deliver_to->OutlivesServer()) deliver_to->OnDelivered(total);
  }
  void OnOutputEnd() override {
    EXPECT_FALSE(in_call);
    ++ends;
    if (on_event) on_event();
  }
  void OnExited(ExitStatus status) override {
    EXPECT_FALSE(in_call);
    ++exits;
    exit = std::move(status);
    if (on_event) on_event();
  }
  void OnInputProgress() override {
    EXPECT_FALSE(in_call);
    ++progress;
  }

  bool over() const { return ends > 0 && exits > 0; }

  std::size_t room = SIZE_MAX;
  std::string output;
  std::string error_output;
  std::uint64_t total = 0;
  BackendProcess* deliver_to = nullptr;
  std::function<void()> on_event;  // at a start, an end or an exit
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
class BackendFixture : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{30};

  // As the server does: input that nobody reads any more is an error, not the end.
  BackendFixture() { ::signal(SIGPIPE, SIG_IGN); }

  static LaunchPlan Plan(std::vector<std::string> argv) {
    LaunchPlan plan;
    plan.argv = std::move(argv);
    plan.cwd = "/";
    plan.env = {"PATH=/usr/bin:/bin"};
    plan.tty = Traits::kTerminal;
    plan.process_id = "p";
    return plan;
  }
  // What a shell has to do first, so that bytes pass unchanged.
  static std::string Raw() { return Traits::kTerminal ? "stty raw -echo; " : ""; }

  Status TryStart(const LaunchPlan& plan) {
    process_.reset();
    sink_ = std::make_unique<EventSink>();
    sink_->in_call = true;
    auto started = traits_.backend()->Start(plan, sink_.get());
    sink_->in_call = false;
    if (!started.ok()) return std::move(started.error());
    process_ = std::move(started.value());
    sink_->deliver_to = process_.get();
    return Done{};
  }
  void StartPlan(const LaunchPlan& plan) {
    const Status status = TryStart(plan);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  void StartProgram(std::vector<std::string> argv, bool pipe_stdin = false) {
    LaunchPlan plan = Plan(std::move(argv));
    plan.pipe_stdin = pipe_stdin;
    StartPlan(plan);
  }
  // A shell command as a child of ours.
  void Start(const std::string& command, bool pipe_stdin = false) {
    StartProgram({"/bin/sh", "-c", Raw() + command}, pipe_stdin);
  }
  // One that is ready for input, which is then taken as it is.
  void StartReader(const std::string& command) {
    Start("printf %%; " + command, /*pipe_stdin=*/true);
    ASSERT_TRUE(RunUntilOutput("%"));
    sink_->output.erase(0, sink_->output.find('%') + 1);
  }
  // The error of a start, whenever it is told.
  Error Refusal(const LaunchPlan& plan) {
    const Status status = TryStart(plan);
    if (!status.ok()) return status.error();
    EXPECT_TRUE(process_->Starting()) << "it runs";
    EXPECT_TRUE(RunUntil([this] { return sink_->starts > 0; }));
    EXPECT_FALSE(process_->Starting());
    RunDue();
    EXPECT_EQ(sink_->exits + sink_->ends, 0) << "events of a process that never was";
    return sink_->start_error;
  }

  // Runs the loop until `done`. The loop wakes with each event; what happens in other processes is
  // looked at now and then.
  bool RunUntil(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    traits_.io()->restart();
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      traits_.io()->run_one_for(std::chrono::milliseconds(10));
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
  void RunProgram(std::vector<std::string> argv) {
    StartProgram(std::move(argv));
    RunToTheEnd();
  }
  bool RunUntilOutput(const std::string& text) {
    return RunUntil([&] { return sink_->output.find(text) != std::string::npos; });
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
  void Signal(int signal_number) {
    Do([&](BackendProcess* process) { process->SignalGroup(signal_number); });
  }

  Traits traits_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(*traits_.io());
  std::unique_ptr<EventSink> sink_;
  std::unique_ptr<BackendProcess> process_;
};

// Output and exit, holding back, input, signals and the end.
template <class Traits>
class BackendContract : public BackendFixture<Traits> {};

// What a child starts with, and starts that fail.
template <class Traits>
class StartContract : public BackendFixture<Traits> {};

// Bytes that a shifted, lost or doubled stretch would change.
inline std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t n = 0; n < size; ++n) bytes[n] = static_cast<char>((n * 131 + n / 251) & 0xff);
  return bytes;
}

// Whether a process of this id exists, dead and unreaped ones included.
inline bool Exists(pid_t pid) { return ::kill(pid, 0) == 0; }

// Whether it runs. A dead one that nobody reaps, as in a container without an init, does not.
inline bool Runs(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);  // does not throw when it goes while it is read
  const std::size_t state = text.rfind(')');
  return state != std::string::npos && text[state + 2] != 'Z' && text[state + 2] != 'X';
}

TYPED_TEST_SUITE_P(BackendContract);
TYPED_TEST_SUITE_P(StartContract);

}  // namespace paned

#include "tests/process/backend_contract_cases.h"
#include "tests/process/backend_contract_start_cases.h"
