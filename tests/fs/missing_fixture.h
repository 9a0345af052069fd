// A watcher of missing files on a directory of the test's own, with an inotify that can be short of
// watches or let something happen in the middle. Threading: one thread, which runs the loop; paths
// are looked up on workers.
#pragma once

#include <sys/inotify.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/fs/missing_watcher.h"
#include "tests/fs/temp_tree.h"

namespace paned {

class PlayedInotify final : public Inotify {
 public:
  UniqueFd Open() override {
    if (open_error == 0) return Inotify::Open();
    errno = open_error;
    return UniqueFd();
  }
  int Add(int instance, const std::string& path, std::uint32_t mask) override {
    if (adds_left-- <= 0) {
      errno = add_error;
      return -1;
    }
    const int wd = Inotify::Add(instance, path, mask);
    if (after_add) after_add(wd);
    return wd;
  }

  int open_error = 0;
  std::atomic<int> adds_left{1 << 30};
  int add_error = ENOSPC;
  std::function<void(int wd)> after_add;  // on a worker
};

// What came of one Watch().
struct Watched {
  bool answered = false;
  std::shared_ptr<MissingWatch> watch;
  std::optional<Error> error;
  int changes = 0;

  bool watching() const { return watch != nullptr; }
};

class MissingFixture : public TempTree {
 protected:
  bool RunUntil(const std::function<bool()>& done) {
    const auto guard = asio::make_work_guard(io_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    io_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) io_.run_one_until(deadline);
    return done();
  }
  // Names are of the test's directory, unless they begin with a slash.
  std::string Whole(const std::string& name) const { return name[0] == '/' ? name : At(name); }

  std::shared_ptr<Watched> Begin(const std::vector<std::string>& missing,
                                 const std::optional<std::string>& present = std::nullopt) {
    MissingPaths paths;
    for (const std::string& name : missing) paths.missing.push_back(Whole(name));
    if (present) paths.present = Whole(*present);
    auto watched = std::make_shared<Watched>();
    watcher_.Watch(
        std::move(paths), [weak = std::weak_ptr<Watched>(watched)] { ++weak.lock()->changes; },
        [watched](Result<std::shared_ptr<MissingWatch>> watch) {
          watched->answered = true;
          if (watch.ok()) {
            watched->watch = std::move(watch.value());
          } else {
            watched->error = watch.error();
          }
        });
    return watched;
  }
  std::shared_ptr<Watched> Watch(const std::vector<std::string>& missing,
                                 const std::optional<std::string>& present = std::nullopt) {
    auto watched = Begin(missing, present);
    EXPECT_TRUE(RunUntil([&] { return watched->answered; }));
    return watched;
  }
  bool Changes(const std::shared_ptr<Watched>& watched) {
    return RunUntil([&] { return watched->changes > 0; });
  }
  // Everything that has happened so far has been told: events come in order.
  void Settle() {
    const std::string name = "settled" + std::to_string(++settled_);
    const auto barrier = Watch({name});
    ASSERT_TRUE(barrier->watching());
    File(name);
    ASSERT_TRUE(Changes(barrier));
  }

  asio::io_context io_;
  WorkerPool workers_{&io_, 4};
  std::shared_ptr<PlayedInotify> inotify_ = std::make_shared<PlayedInotify>();
  MissingWatcher watcher_{&io_, &workers_, inotify_};
  int settled_ = 0;
};

}  // namespace paned
