#include "server/process/shell_snapshots.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "server/base/random_id.h"
#include "server/process/shell_collector.h"

namespace paned {
namespace {

// With its length, so that no two lists of texts look alike.
void AppendPart(std::string_view text, std::string* key) {
  *key += std::to_string(text.size()) + ":";
  key->append(text);
}

}  // namespace

std::string SnapshotKey(const protocol::ShellSnapshotParams& params, const std::string& cwd,
                        const std::optional<protocol::EnvPolicy>& policy) {
  std::string key;
  for (const std::string* part : {&params.scope_id, &params.shell.name, &params.shell.path, &cwd}) {
    AppendPart(*part, &key);
  }
  if (!policy) return key;
  key += policy->ignore_default_excludes ? 'i' : 'e';
  key += std::to_string(static_cast<int>(policy->inherit));
  for (const std::vector<std::string>* globs : {&policy->exclude, &policy->include_only}) {
    key += "[";
    for (const std::string& glob : *globs) AppendPart(glob, &key);
  }
  key += "{";
  for (const auto& [name, value] : policy->set) {
    AppendPart(name, &key);
    AppendPart(value, &key);
  }
  return key;
}

void ShellSnapshots::Get(const ShellSnapshotRequest& request, ProcessBackend* pipes, Done done) {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const Row& row) { return row.key == request.key; });
  if (found == rows_.end()) {
    Row& row = rows_.emplace_front();
    row.key = request.key;
    row.waiting.push_back(std::move(done));
    Take(request, pipes, &row);
    ForgetOldest();
    return;
  }
  rows_.splice(rows_.begin(), rows_, found);
  if (found->capture) {
    found->waiting.push_back(std::move(done));
  } else {
    done(found->state);
  }
}

void ShellSnapshots::Take(const ShellSnapshotRequest& request, ProcessBackend* pipes, Row* row) {
  const std::string mark = "paned-" + RandomUuid();
  LaunchPlan plan;
  plan.argv = {request.path, "-lc", CollectorCode(request.shell, mark)};
  plan.cwd = request.cwd;
  plan.env = request.env;
  row->capture = std::make_unique<ShellCapture>(
      clock_, pipes, plan, MarkLine(mark), [this, row, mark](std::optional<std::string> output) {
        std::optional<ShellState> state;
        if (output) state = ParseShellState(*output, mark);
        Settle(row, state ? std::make_shared<const ShellState>(std::move(*state)) : nullptr);
      });
}

// The capture is destroyed with the call that has come from it.
void ShellSnapshots::Settle(Row* row, std::shared_ptr<const ShellState> state) {
  row->state = state;
  const std::unique_ptr<ShellCapture> over = std::move(row->capture);
  for (const Done& done : std::exchange(row->waiting, {})) done(state);
  ForgetOldest();
}

// What is being taken stays: somebody waits for it.
void ShellSnapshots::ForgetOldest() {
  for (auto row = rows_.end(); rows_.size() > kKept && row != rows_.begin();) {
    --row;
    if (!row->capture) row = rows_.erase(row);
  }
}

}  // namespace paned
