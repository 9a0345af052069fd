// Where calls that may block on a disk are made: a bounded number of threads, started as needed and
// gone again when idle. Threading: Run() and Stop() on the io thread; `work` on a worker thread;
// `done` on the io thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace asio {
class io_context;
}

namespace paned {

class WorkerPool {
 public:
  // `max_threads`: calls under way at once; further ones queue.
  WorkerPool(asio::io_context* io, std::size_t max_threads);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  // Runs `work` on a worker, then `done(result)` on the io thread. When `work` throws, `done` is
  // destroyed there without a call: a reply in it answers for itself.
  template <class T>
  void Run(std::function<T()> work, std::function<void(T)> done) {
    Post([shared = shared_, work = std::move(work), done = std::move(done)]() mutable {
      std::shared_ptr<T> result;
      try {
        result = std::make_shared<T>(work());
      } catch (const std::exception&) {
        // No memory, most likely. The call fails alone: `done` is dropped on the io thread.
      }
      work = nullptr;  // what it captured is let go of here, not on the io thread
      PostBack(shared, [result, done = std::move(done)] {
        if (result) done(std::move(*result));
      });
    });
  }

 private:
  struct Shared;

  void Post(std::function<void()> task);
  static void PostBack(const std::shared_ptr<Shared>& shared, std::function<void()> call);
  static void Work(const std::shared_ptr<Shared>& shared);

  const std::size_t max_threads_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace paned
