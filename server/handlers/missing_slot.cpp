#include "server/handlers/missing_slot.h"

#include <utility>

#include "protocol/codec.h"
#include "protocol/method.h"

namespace paned {

bool MissingSlot::Claim(std::uint64_t watch_id) {
  if (watch_id <= newest_) return false;
  newest_ = watch_id;
  watch_.reset();
  return true;
}

bool MissingSlot::Hold(std::uint64_t watch_id, std::shared_ptr<MissingWatch> watch) {
  if (newest_ != watch_id) return false;
  watch_ = std::move(watch);
  return true;
}

void MissingSlot::OnChanged(std::uint64_t watch_id) {
  if (newest_ != watch_id) return;
  watch_.reset();
  connection_->Send(protocol::EncodeNotification(protocol::kFsMissingChanged,
                                                 protocol::MissingChangedNotification{watch_id}));
}

}  // namespace paned
