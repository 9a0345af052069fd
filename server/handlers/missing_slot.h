// The one watch for missing files a connection has: the newest by watchId takes the place of the
// one before, and an id that is not newer is refused. It tells of a change once. Source:
// protocol/README.md, "fs/watchMissing, measured". Threading: io thread only.
#pragma once

#include <cstdint>
#include <memory>

#include "server/fs/missing_watcher.h"
#include "server/net/connection.h"

namespace paned {

class MissingSlot {
 public:
  // `connection` outlives the slot.
  explicit MissingSlot(Connection* connection) : connection_(connection) {}

  // True when `watch_id` is newer than all before: it is the newest now, and the watch before ends.
  bool Claim(std::uint64_t watch_id);
  // Keeps `watch`; false when a newer one has been claimed meanwhile.
  bool Hold(std::uint64_t watch_id, std::shared_ptr<MissingWatch> watch);
  // Notifies the client, if this is still the watch it has.
  void OnChanged(std::uint64_t watch_id);

 private:
  Connection* connection_;
  std::uint64_t newest_ = 0;  // none yet: 0 is never newer
  std::shared_ptr<MissingWatch> watch_;
};

}  // namespace paned
