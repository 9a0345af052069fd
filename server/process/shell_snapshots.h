// A session's shell snapshots: each is taken by the first command that asks for it, while others
// that ask for the same one wait, and kept for those that follow. One that could not be taken is
// remembered as well, so that a hanging rc file costs its time once.
// Source: exec-server protocol, sections 4 and 7.1; protocol/README.md, "Shell snapshots".
// Threading: io thread only; nothing waits.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/process/shell_capture.h"
#include "server/process/shell_snapshot.h"

namespace paned {

struct ShellSnapshotRequest {
  SnapshotShell shell = SnapshotShell::kBash;
  std::string path;              // of the shell
  std::string cwd;               // where it is taken
  std::vector<std::string> env;  // what it is taken with
  std::string key;               // requests of one key share one snapshot; see SnapshotKey()
};

// Everything a snapshot depends on, except `env` of the request: that is laid over it each time.
std::string SnapshotKey(const protocol::ShellSnapshotParams& params, const std::string& cwd,
                        const std::optional<protocol::EnvPolicy>& policy);

class ShellSnapshots {
 public:
  // Null: there is none, and the command runs as it was sent.
  using Done = std::function<void(std::shared_ptr<const ShellState> state)>;

  // As the reference's. The ones used last are kept.
  static constexpr std::size_t kKept = 16;

  explicit ShellSnapshots(Clock* clock) : clock_(clock) {}
  ShellSnapshots(const ShellSnapshots&) = delete;
  ShellSnapshots& operator=(const ShellSnapshots&) = delete;

  // `done` is called once, now or later, and not at all when the session ends first. `pipes` runs
  // the shell.
  void Get(const ShellSnapshotRequest& request, ProcessBackend* pipes, Done done);

  std::size_t size() const { return rows_.size(); }
  Clock* clock() const { return clock_; }

 private:
  struct Row {
    std::string key;
    std::shared_ptr<const ShellState> state;  // null while it is taken, and when that has failed
    std::unique_ptr<ShellCapture> capture;    // set while it is taken
    std::vector<Done> waiting;
  };

  void Take(const ShellSnapshotRequest& request, ProcessBackend* pipes, Row* row);
  void Settle(Row* row, std::shared_ptr<const ShellState> state);
  void ForgetOldest();

  Clock* clock_;
  std::list<Row> rows_;  // the one used last first
};

}  // namespace paned
