// Who watches what: the one inotify instance of a server, its directories shared by all watches and
// counted, and what an event means to whom. A watch ends with the first event that concerns it: the
// kernel's share of it is given back at once.
//
// A name of an event concerns a watch when it could be the expected one on a file system that folds
// case or normalizes: equal but for the case of ASCII letters, or either is not ASCII. That is the
// reference's rule; a look too many is cheap, a change that is missed is not.
//
// Threading: thread-safe. Nothing waits for a disk while the lock is held: directories come as
// descriptors, already looked up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "server/fs/inotify.h"

struct inotify_event;

namespace paned {

class WatchTable {
 public:
  using WatchId = std::uint64_t;
  using Changed = std::function<void()>;

  explicit WatchTable(std::shared_ptr<Inotify> inotify) : inotify_(std::move(inotify)) {}
  WatchTable(const WatchTable&) = delete;
  WatchTable& operator=(const WatchTable&) = delete;

  // Opens the instance unless it is open. At a limit: kInternal, with a text that names the sysctl.
  Status Open();
  // -1 before Open().
  int descriptor() const;

  // A new watch of nothing yet.
  WatchId Begin();
  // Lets `watch` have the directory behind `directory` (O_PATH will do). The watch descriptor, or
  // the negated errno; -ECANCELED: the watch has ended.
  int Arm(WatchId watch, const UniqueFd& directory);
  // What happens to `name` in the armed directory ends the watch.
  void Expect(WatchId watch, int wd, std::string_view name);
  // From here on the first change calls `changed` (by Dispatch). False: there has been one.
  bool Start(WatchId watch, Changed changed);
  // Ends the watch without a call, if it has not ended.
  void Forget(WatchId watch);

  // What the watches that end by these events want called, on whatever thread the caller likes.
  // `events`: whole inotify_events, as read(2) gives them.
  std::vector<Changed> Dispatch(const char* events, std::size_t size);
  // Ends every watch: something has happened that no event tells.
  std::vector<Changed> EndAll();

  // For tests and for looking: watches, and directories watched for them.
  std::size_t watches() const;
  std::size_t directories() const;

 private:
  struct Directory {
    std::set<WatchId> watches;
    std::map<std::string, std::set<WatchId>> expected;  // by the name in lower case
    std::set<WatchId> by_any_name;                      // those that expect a name beyond ASCII
  };
  struct Watch {
    std::set<int> directories;
    std::vector<std::pair<int, std::string>> expected;  // keys of Directory::expected
    Changed changed;
  };
  using Directories = std::map<int, Directory>;

  void Collect(const inotify_event& event, std::set<WatchId>* ended);
  std::vector<Changed> End(const std::set<WatchId>& ended);
  void Release(WatchId id, const Watch& watch);

  const std::shared_ptr<Inotify> inotify_;
  mutable std::mutex mutex_;
  UniqueFd instance_;
  WatchId last_ = 0;
  std::map<WatchId, Watch> watches_;
  Directories directories_;  // by watch descriptor
};

}  // namespace paned
