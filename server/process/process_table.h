// A session's processes by the client's ids: who may take an id, and for how long an ended process
// stays readable. Source: exec-server protocol, sections 7.1 and 7.6. Threading: io thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/process/process.h"

namespace paned {

class ProcessTable {
 public:
  // `retention`: how long a process stays after it closed.
  ProcessTable(Clock* clock, Duration retention) : clock_(clock), retention_(retention) {}
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  // nullptr when there is none of that id.
  Process* Find(const std::string& id) const;
  // The id must be free.
  Process* Add(std::unique_ptr<Process> process);
  void Remove(const std::string& id);
  void Clear() { rows_.clear(); }
  // Starts the countdown to the removal of a closed process. It begins anew for one whose events a
  // slow client has still to take.
  void RetireLater(const std::string& id);

  void ForEach(const std::function<void(Process*)>& visit) const;
  std::size_t size() const { return rows_.size(); }
  // Processes that have not exited.
  std::size_t running() const;

 private:
  struct Row {
    std::unique_ptr<Process> process;
    std::unique_ptr<Timer> retirement;
  };

  Clock* clock_;
  Duration retention_;
  std::map<std::string, Row> rows_;
};

}  // namespace paned
