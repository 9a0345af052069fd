#include "server/process/output_budget.h"

#include <algorithm>

namespace paned {

void OutputBudget::MarkClosed(BudgetMember* member) {
  running_.remove(member);
  closed_.push_back(member);
}

void OutputBudget::Remove(BudgetMember* member) {
  running_.remove(member);
  closed_.remove(member);
  waiting_.remove(member);
}

void OutputBudget::Reclaim(const std::list<BudgetMember*>& members, std::size_t wanted) {
  for (BudgetMember* member : members) {
    if (free() >= wanted) return;
    member->EvictDelivered(wanted - free());
  }
}

std::size_t OutputBudget::Room(BudgetMember* member, std::size_t wanted) {
  if (free() < wanted) {
    Reclaim(closed_, wanted);
    Reclaim(running_, wanted);
  }
  if (free() == 0 && std::find(waiting_.begin(), waiting_.end(), member) == waiting_.end()) {
    waiting_.push_back(member);
  }
  return std::min(wanted, free());
}

void OutputBudget::Release(std::size_t size) {
  used_ -= size;
  // A woken member may evict and so release again: the outer call goes on with the list.
  if (waking_ || size == 0) return;
  waking_ = true;
  while (free() > 0 && !waiting_.empty()) {
    BudgetMember* member = waiting_.front();
    waiting_.pop_front();
    member->OnBudgetRoom();
  }
  waking_ = false;
}

}  // namespace paned
