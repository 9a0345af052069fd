#include "server/base/worker_pool.h"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <system_error>

namespace paned {
namespace {

constexpr std::chrono::seconds kIdleLife(10);

}  // namespace

// Outlives the pool: a worker stuck in a dead network mount is left behind at shutdown, not joined.
struct WorkerPool::Shared {
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable all_gone;
  std::deque<std::function<void()>> tasks;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool stopping = false;
  asio::io_context* io = nullptr;  // not used any more once `stopping`
};

WorkerPool::WorkerPool(asio::io_context* io, std::size_t max_threads)
    : max_threads_(max_threads), shared_(std::make_shared<Shared>()) {
  shared_->io = io;
}

WorkerPool::~WorkerPool() {
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->stopping = true;
  shared_->tasks.clear();
  shared_->wake.notify_all();
  shared_->all_gone.wait_for(lock, std::chrono::seconds(1),
                             [this] { return shared_->threads == 0; });
}

void WorkerPool::Post(std::function<void()> task) {
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->tasks.push_back(std::move(task));
  if (shared_->idle >= shared_->tasks.size() || shared_->threads == max_threads_) {
    shared_->wake.notify_one();
    return;
  }
  try {
    std::thread([shared = shared_] { Work(shared); }).detach();
    ++shared_->threads;
  } catch (const std::system_error&) {
    // No thread to be had now. The running ones will come to it; without any it is done here.
    if (shared_->threads > 0) return;
    std::function<void()> task_here = std::move(shared_->tasks.front());
    shared_->tasks.pop_front();
    lock.unlock();
    task_here();
  }
}

void WorkerPool::PostBack(const std::shared_ptr<Shared>& shared, std::function<void()> call) {
  const std::lock_guard<std::mutex> lock(shared->mutex);
  if (!shared->stopping) asio::post(*shared->io, std::move(call));
}

void WorkerPool::Work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock<std::mutex> lock(shared->mutex);
  while (!shared->stopping) {
    if (shared->tasks.empty()) {
      ++shared->idle;
      const bool woken = shared->wake.wait_for(
          lock, kIdleLife, [&] { return shared->stopping || !shared->tasks.empty(); });
      --shared->idle;
      if (!woken) break;
      continue;
    }
    std::function<void()> task = std::move(shared->tasks.front());
    shared->tasks.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
  --shared->threads;
  shared->all_gone.notify_all();
}

}  // namespace paned
