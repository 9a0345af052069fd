// Watches for files that come into being: one inotify instance for the whole server, opened at the
// first use. Looking up paths may block (a dead network mount on the way) and is a worker's;
// the io thread only reads events, which needs no file system.
// Source: protocol/README.md, "fs/watchMissing, measured". Threading: io thread only.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "server/base/result.h"
#include "server/base/worker_pool.h"
#include "server/fs/arm_missing.h"
#include "server/fs/inotify.h"
#include "server/fs/watch_table.h"

namespace paned {

// A watch: it lasts until the first change, or until this is destroyed.
class MissingWatch {
 public:
  MissingWatch(std::shared_ptr<WatchTable> table, WatchTable::WatchId id)
      : table_(std::move(table)), id_(id) {}
  MissingWatch(const MissingWatch&) = delete;
  MissingWatch& operator=(const MissingWatch&) = delete;
  ~MissingWatch() { table_->Forget(id_); }

 private:
  const std::shared_ptr<WatchTable> table_;
  const WatchTable::WatchId id_;
};

class MissingWatcher {
 public:
  using Started = std::function<void(Result<std::shared_ptr<MissingWatch>>)>;

  MissingWatcher(asio::io_context* io, WorkerPool* workers,
                 std::shared_ptr<Inotify> inotify = std::make_shared<Inotify>())
      : workers_(workers),
        table_(std::make_shared<WatchTable>(std::move(inotify))),
        events_(*io),
        mounts_(*io) {}
  MissingWatcher(const MissingWatcher&) = delete;
  MissingWatcher& operator=(const MissingWatcher&) = delete;
  ~MissingWatcher();

  // Checks and watches `paths`, then calls `started` with the watch; with null when they are not as
  // they should be or cannot be watched (see ArmMissing), and with an Error at a limit of the
  // machine. `changed` is called at most once, after `started` and only while the watch lives: by a
  // missing path (or a directory on its way) that appears, `present` or a directory that goes or
  // changes, a mount, or an overflow of the kernel's queue. It may be called without cause. It must
  // not own the watch.
  void Watch(MissingPaths paths, WatchTable::Changed changed, Started started);

  const WatchTable& table() const { return *table_; }

 private:
  Status Open();
  void AwaitEvents();
  void ReadEvents();
  void AwaitMounts();

  WorkerPool* workers_;
  std::shared_ptr<WatchTable> table_;
  asio::posix::stream_descriptor events_;  // the table's descriptor, lent
  asio::posix::stream_descriptor mounts_;
};

}  // namespace paned
