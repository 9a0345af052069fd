#include "server/process/reaper.h"

#include <utility>

#include "server/base/pidfd.h"

namespace paned {

void Reaper::Adopt(UniqueFd pidfd) {
  const auto child = children_.emplace(children_.end(), *io_, pidfd.Release());
  child->async_wait(asio::posix::stream_descriptor::wait_read,
                    [this, child](const asio::error_code& error) {
                      if (error) return;  // the reaper itself is going away
                      UniqueFd ended(child->release());
                      children_.erase(child);
                      bool lost = false;
                      // A wait may complete too early: asio reuses a closed descriptor's place.
                      if (!Reap(ended, &lost) && !lost) Adopt(std::move(ended));
                    });
}

}  // namespace paned
