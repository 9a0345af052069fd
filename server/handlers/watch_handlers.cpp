#include "server/handlers/watch_handlers.h"

#include <optional>
#include <utility>

#include "server/handlers/client_attachment.h"

namespace paned {
namespace {

using protocol::WatchMissingParams;
using protocol::WatchMissingResult;

// None when a path names nothing on this host.
std::optional<MissingPaths> PathsOf(WatchMissingParams params) {
  MissingPaths paths;
  for (protocol::Path& path : params.missing) {
    if (!path.unusable.empty()) return std::nullopt;
    paths.missing.push_back(std::move(path.native));
  }
  if (params.present) {
    if (!params.present->unusable.empty()) return std::nullopt;
    paths.present = std::move(params.present->native);
  }
  return paths;
}

void WatchMissing(const Services* services, const std::shared_ptr<Caller>& caller,
                  WatchMissingParams params, const Reply& reply) {
  const std::uint64_t id = params.watch_id;
  const std::weak_ptr<MissingSlot> slot = AttachmentOf(caller).missing_slot();
  const bool newest = slot.lock()->Claim(id);
  std::optional<MissingPaths> paths = PathsOf(std::move(params));
  if (!newest || !paths) {
    reply->Send(WatchMissingResult{false});
    return;
  }
  services->missing_watcher->Watch(
      *std::move(paths),
      [slot, id] {
        if (const auto live = slot.lock()) live->OnChanged(id);
      },
      [slot, id, reply](Result<std::shared_ptr<MissingWatch>> watch) {
        if (!watch.ok()) {
          reply->Fail(watch.error());
          return;
        }
        const auto live = slot.lock();
        const bool watching =
            watch.value() != nullptr && live && live->Hold(id, std::move(watch.value()));
        reply->Send(WatchMissingResult{watching});
      });
}

}  // namespace

void BindWatch(const Services* services, Router* router) {
  router->Bind<WatchMissingParams>(
      protocol::Method::kFsWatchMissing,
      [services](const std::shared_ptr<Caller>& caller, WatchMissingParams params,
                 const Reply& reply) { WatchMissing(services, caller, std::move(params), reply); });
}

}  // namespace paned
