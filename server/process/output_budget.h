// Bounds the retained output of all processes together (--retain-total-bytes). When it is used up,
// delivered output goes first: that of closed processes, oldest first, then that of running ones.
// When nothing delivered is left, whoever asks gets nothing and is told when there is room again.
// Threading: io thread only.
#pragma once

#include <cstddef>
#include <list>

namespace paned {

// A process's log, as the budget sees it.
class BudgetMember {
 public:
  BudgetMember() = default;
  BudgetMember(const BudgetMember&) = delete;
  BudgetMember& operator=(const BudgetMember&) = delete;
  virtual ~BudgetMember() = default;

  // Drops delivered output, oldest first, until `wanted` bytes are free or none is left; reports
  // what it dropped through OutputBudget::Release.
  virtual void EvictDelivered(std::size_t wanted) = 0;
  // There may be room again.
  virtual void OnBudgetRoom() = 0;
};

class OutputBudget {
 public:
  explicit OutputBudget(std::size_t limit) : limit_(limit) {}
  OutputBudget(const OutputBudget&) = delete;
  OutputBudget& operator=(const OutputBudget&) = delete;

  void Add(BudgetMember* member) { running_.push_back(member); }
  void MarkClosed(BudgetMember* member);
  void Remove(BudgetMember* member);

  // How many of `wanted` bytes may be taken now, after making room. 0: the member is called back.
  std::size_t Room(BudgetMember* member, std::size_t wanted);
  void Take(std::size_t size) { used_ += size; }
  void Release(std::size_t size);

  std::size_t used() const { return used_; }
  // Whether somebody waits for room.
  bool wanted() const { return !waiting_.empty(); }

 private:
  void Reclaim(const std::list<BudgetMember*>& members, std::size_t wanted);
  std::size_t free() const { return used_ < limit_ ? limit_ - used_ : 0; }

  std::size_t limit_;
  std::size_t used_ = 0;
  bool waking_ = false;
  std::list<BudgetMember*> running_;
  std::list<BudgetMember*> closed_;
  std::list<BudgetMember*> waiting_;
};

}  // namespace paned
