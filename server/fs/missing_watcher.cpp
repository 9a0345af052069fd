#include "server/fs/missing_watcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "server/base/os_error.h"
#include "server/base/unique_fd.h"

namespace paned {
namespace {

// One read: some hundreds of events, then others have their turn.
constexpr std::size_t kEventBytes = std::size_t{16} * 1024;

void CallAll(const std::vector<WatchTable::Changed>& calls) {
  for (const WatchTable::Changed& changed : calls) changed();
}

}  // namespace

MissingWatcher::~MissingWatcher() {
  if (events_.is_open()) events_.release();
}

void MissingWatcher::Watch(MissingPaths paths, WatchTable::Changed changed, Started started) {
  const Status opened = Open();
  if (!opened.ok()) {
    started(opened.error());
    return;
  }
  // Whatever becomes of the worker, the watch goes with the last that holds it.
  const WatchTable::WatchId id = table_->Begin();
  auto watch = std::make_shared<MissingWatch>(table_, id);
  workers_->Run<Result<bool>>(
      [table = table_, id, paths = std::move(paths)] { return ArmMissing(table.get(), id, paths); },
      [table = table_, id, watch = std::move(watch), changed = std::move(changed),
       started = std::move(started)](Result<bool> armed) {
        if (!armed.ok()) {
          started(armed.error());
        } else if (armed.value() && table->Start(id, changed)) {
          started(watch);
        } else {
          started(std::shared_ptr<MissingWatch>());
        }
      });
}

Status MissingWatcher::Open() {
  if (events_.is_open()) return Done{};
  // A mount can cover a watched directory without an event of it. See proc(5), /proc/PID/mounts.
  constexpr char kMounts[] = "/proc/self/mounts";
  UniqueFd mounts(::open(kMounts, O_RDONLY | O_CLOEXEC));
  if (!mounts.valid()) {
    Error error = FileError(errno, kMounts);
    error.kind = ErrorKind::kInternal;  // it is not a file of the request that is not there
    return error;
  }
  Status opened = table_->Open();
  if (!opened.ok()) return opened;
  events_.assign(table_->descriptor());
  mounts_.assign(mounts.Release());
  AwaitEvents();
  AwaitMounts();
  return Done{};
}

void MissingWatcher::AwaitEvents() {
  events_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [this](const asio::error_code& error) {
                       if (error) return;  // the watcher itself is going away
                       ReadEvents();
                       AwaitEvents();
                     });
}

void MissingWatcher::ReadEvents() {
  alignas(std::max_align_t) std::array<char, kEventBytes> events;
  const ssize_t got = ::read(events_.native_handle(), events.data(), events.size());
  if (got > 0) CallAll(table_->Dispatch(events.data(), static_cast<std::size_t>(got)));
}

void MissingWatcher::AwaitMounts() {
  mounts_.async_wait(asio::posix::stream_descriptor::wait_error,
                     [this](const asio::error_code& error) {
                       if (error) return;
                       CallAll(table_->EndAll());
                       AwaitMounts();
                     });
}

}  // namespace paned
