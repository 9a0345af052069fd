// A real tmux server in a directory of its own, which is gone after the test, whatever happened.
// Threading: one thread, which runs the loop.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "server/base/asio_clock.h"
#include "server/base/pidfd.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"
#include "tmux/tmux_program.h"
#include "tmux/tmux_server.h"

namespace paned {

class TmuxTest : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{30};
  using Window = TmuxServer::Window;
  using Screen = TmuxServer::Screen;

  ~TmuxTest() override {
    server_.reset();
    pid_t pid = 0;
    const UniqueFd left = ListeningServer(directory_ + "/tmux.sock", &pid);
    if (left.valid()) {
      SignalBehind(left.get(), SIGKILL);
      while (!HasEnded(left.get())) ::usleep(1000);
    }
  }

  TmuxOptions Options() const {
    TmuxOptions options;
    options.directory = directory_;
    options.front_command = {"/bin/sleep", "1000"};
    return options;
  }

  TmuxServer* Make(TmuxOptions options, Clock* clock = nullptr) {
    server_ =
        std::make_unique<TmuxServer>(&io_, clock == nullptr ? &clock_ : clock, std::move(options),
                                     [this](std::string_view level, const std::string& line) {
                                       log_ += std::string(level) + ' ' + line + '\n';
                                     });
    server_->set_on_lost([this](const std::string& reason) {
      ++lost_;
      reason_ = reason;
    });
    server_->set_on_gone([this] { ++gone_; });
    return server_.get();
  }
  TmuxServer* Make() { return Make(Options()); }

  bool RunUntil(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  // Runs what is ready, and what becomes so in a moment.
  void RunAWhile() { io_.run_for(std::chrono::milliseconds(50)); }

  Result<Window> Open(const std::string& name = "w",
                      const std::vector<std::string>& command = {"/bin/sleep", "1000"}) {
    std::optional<Result<Window>> result;
    int calls = 0;
    server_->OpenWindow(name, command, [&](Result<Window> opened) {
      result = std::move(opened);
      ++calls;
    });
    EXPECT_EQ(calls, 0) << "called from within";
    if (!RunUntil([&] { return result.has_value(); })) {
      return Error{ErrorKind::kInternal, "hangs: " + log_};
    }
    return std::move(*result);
  }

  Result<Screen> Capture(const std::string& pane) {
    std::optional<Result<Screen>> result;
    server_->Capture(pane, [&](Result<Screen> screen) { result = std::move(screen); });
    if (!RunUntil([&] { return result.has_value(); })) return Error{ErrorKind::kInternal, "hangs"};
    return std::move(*result);
  }

  // Runs tmux's own client, and gives what it prints.
  std::string Tmux(const std::string& arguments) const {
    return Shell("tmux -u -S " + directory_ + "/tmux.sock " + arguments + " 2>&1");
  }
  static std::string Shell(const std::string& command) {
    std::string output;
    FILE* pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c)
    if (pipe == nullptr) return "popen";
    std::array<char, 4096> buffer;
    std::size_t got = 0;
    while ((got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
      output.append(buffer.data(), got);
    }
    ::pclose(pipe);
    return output;
  }

  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void WriteProgram(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ + "/" + name) << "#!/bin/sh\n" << text;
    std::filesystem::permissions(directory_ + "/" + name, std::filesystem::perms::owner_all);
  }

  static bool Alive(pid_t pid) {
    const UniqueFd pidfd = OpenPidfd(pid);
    return pidfd.valid() && !HasEnded(pidfd.get());
  }

  const testing::TempDir folder_;
  const std::string directory_ = folder_.path();
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  AsioClock clock_{&io_};
  std::unique_ptr<TmuxServer> server_;
  std::string log_;
  int lost_ = 0;
  int gone_ = 0;
  std::string reason_;
};

// Somebody who attaches with a terminal of 50 rows and 200 columns, and stays until destroyed.
class Person {
 public:
  explicit Person(const std::string& socket_path) {
    std::array<int, 2> fds = {};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    typed_ = UniqueFd(fds[1]);
    const UniqueFd input(fds[0]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    std::string line = "script -qec 'stty rows 50 cols 200; env -u TMUX TERM=xterm tmux -u -S " +
                       socket_path + " attach' /dev/null";
    std::string shell = "sh";
    std::string option = "-c";
    const std::array<char*, 4> argv = {shell.data(), option.data(), line.data(), nullptr};
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    EXPECT_EQ(::posix_spawn(&pid_, "/bin/sh", &actions, &attributes, argv.data(), environ), 0);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;
  ~Person() {
    typed_.Reset();
    ::kill(-pid_, SIGKILL);
    ReapNow(pid_);
  }

 private:
  UniqueFd typed_;
  pid_t pid_ = -1;
};

}  // namespace paned
