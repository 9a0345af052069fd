// The terminal backends as the server composes them, on an io loop of their own and in a private
// runtime directory; and their end, whatever the test did: nothing of them is left.
// Threading: one thread, which runs the loop.
#pragma once

#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/base/asio_clock.h"
#include "server/process/reaper.h"
#include "tests/support/temp_dir.h"
#include "tmux/holder_image.h"
#include "tmux/holder_pool.h"
#include "tmux/pane_launcher.h"
#include "tmux/pty_launcher.h"
#include "tmux/terminal_backend.h"
#include "tmux/tmux_server.h"

namespace paned {

// A directory of its own, with the folder the holders want.
class HolderDirectory {
 public:
  HolderDirectory() { std::filesystem::create_directory(directory_ / "h"); }
  const std::string& path() const { return directory_.path(); }
  // Of holders that can be called, or have left their socket behind.
  std::vector<std::string> Sockets() const {
    std::vector<std::string> sockets;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "h")) {
      sockets.push_back(entry.path());
    }
    return sockets;
  }
  // Whether a process has it on its command line: holders, and tmux.
  bool AnyRuns() const {
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
      std::ifstream file(entry.path() / "cmdline");
      std::string line;
      std::getline(file, line);
      if (line.find(path()) != std::string::npos) return true;
    }
    return false;
  }

 private:
  const testing::TempDir directory_;
};

class TerminalTraits {
 public:
  static constexpr bool kTerminal = true;
  // Small, so that a child that is not listened to is soon held back.
  static constexpr std::size_t kRing = std::size_t{256} << 10;
  static constexpr std::size_t kPool = 2;

  explicit TerminalTraits(bool with_tmux) {
    Result<HolderImage> image = HolderImage::Load();
    EXPECT_TRUE(image.ok());
    image_ = std::make_unique<HolderImage>(std::move(image.value()));
    const std::string& path = directory_.path();
    ptys_ = std::make_unique<PtyLauncher>(
        &io_, image_->path(), path, [this](UniqueFd pidfd) { reaper_.Adopt(std::move(pidfd)); });
    if (with_tmux) {
      TmuxOptions options;
      options.directory = path;
      options.front_command = {image_->path(), "--front"};
      tmux_ = std::make_unique<TmuxServer>(&io_, &clock_, std::move(options), Log());
      auto panes = PaneLauncher::Listen(&io_, &clock_, tmux_.get(), image_->path(), path,
                                        path + "/holders.sock");
      EXPECT_TRUE(panes.ok());
      panes_ = std::move(panes.value());
    }
    pool_ = std::make_unique<HolderPool>(&io_, &clock_, kPool, launcher(), nullptr, Log());
    TerminalOptions limits;
    limits.ring_bytes = kRing;
    limits.running_ttl = limits.ended_ttl = std::chrono::seconds(60);
    backend_ = std::make_unique<TerminalBackend>(&clock_, pool_.get(), limits);
  }
  TerminalTraits(const TerminalTraits&) = delete;
  TerminalTraits& operator=(const TerminalTraits&) = delete;
  // Processes have been destroyed before.
  ~TerminalTraits() {
    pool_->Stop();
    bool stopped = !tmux_;
    if (tmux_) tmux_->Stop(/*kill=*/true, [&] { stopped = true; });
    EXPECT_TRUE(RunUntil([&] { return stopped; })) << "tmux does not end";
    EXPECT_TRUE(RunUntil([&] { return reaper_.waiting() == 0; })) << "a holder is left";
    EXPECT_TRUE(RunUntil([&] { return !directory_.AnyRuns(); })) << "a holder, or tmux, is left";
  }

  ProcessBackend* backend() { return backend_.get(); }
  asio::io_context* io() { return &io_; }
  HolderPool* pool() { return pool_.get(); }
  HolderLauncher* launcher() {
    if (panes_) return panes_.get();
    return ptys_.get();
  }
  TmuxServer* tmux() { return tmux_.get(); }
  const HolderDirectory& directory() const { return directory_; }
  Clock* clock() { return &clock_; }
  const std::string& log() const { return log_; }

 private:
  bool RunUntil(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    io_.restart();
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io_.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  HolderPool::LogLine Log() {
    return [this](std::string_view level, const std::string& line) {
      log_ += std::string(level) + ' ' + line + '\n';
    };
  }

  HolderDirectory directory_;
  std::string log_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  AsioClock clock_{&io_};
  Reaper reaper_{&io_};
  std::unique_ptr<HolderImage> image_;
  std::unique_ptr<TmuxServer> tmux_;
  std::unique_ptr<PaneLauncher> panes_;
  std::unique_ptr<PtyLauncher> ptys_;
  std::unique_ptr<HolderPool> pool_;
  std::unique_ptr<TerminalBackend> backend_;
};

class PtyTraits : public TerminalTraits {
 public:
  PtyTraits() : TerminalTraits(false) {}
};

class TmuxTraits : public TerminalTraits {
 public:
  TmuxTraits() : TerminalTraits(true) {}
};

}  // namespace paned
