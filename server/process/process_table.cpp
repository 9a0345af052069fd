#include "server/process/process_table.h"

#include <utility>

namespace paned {

Process* ProcessTable::Find(const std::string& id) const {
  const auto row = rows_.find(id);
  return row == rows_.end() ? nullptr : row->second.process.get();
}

Process* ProcessTable::Add(std::unique_ptr<Process> process) {
  Process* added = process.get();
  rows_[added->id()].process = std::move(process);
  return added;
}

void ProcessTable::Remove(const std::string& id) { rows_.erase(id); }

void ProcessTable::RetireLater(const std::string& id) {
  const auto row = rows_.find(id);
  if (row == rows_.end()) return;
  row->second.retirement = clock_->After(retention_, [this, id = id] {
    const Process* process = Find(id);
    if (process != nullptr && process->has_events()) {
      RetireLater(id);
    } else {
      Remove(id);
    }
  });
}

void ProcessTable::ForEach(const std::function<void(Process*)>& visit) const {
  for (const auto& [id, row] : rows_) visit(row.process.get());
}

std::size_t ProcessTable::running() const {
  std::size_t count = 0;
  for (const auto& [id, row] : rows_)
    if (!row.process->exited()) ++count;
  return count;
}

}  // namespace paned
