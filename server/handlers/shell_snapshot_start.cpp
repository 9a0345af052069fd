#include "server/handlers/shell_snapshot_start.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paned {
namespace {

using protocol::ErrorCode;
using protocol::RpcError;

constexpr std::size_t kMaxScope = 256;

bool AsksForSnapshot(const protocol::StartParams& params) {
  return params.shell_snapshot && IsLoginCommand(params.argv, params.shell_snapshot->shell.path);
}

}  // namespace

void AddShell(const std::string& login_shell, std::vector<std::string>* env) {
  constexpr std::string_view kShell = "SHELL=";
  for (const std::string& entry : *env) {
    if (entry.compare(0, kShell.size(), kShell) == 0) return;
  }
  env->push_back(std::string(kShell) + login_shell);
}

std::optional<RpcError> RefuseSnapshotScope(const protocol::StartParams& params) {
  if (!params.shell_snapshot) return std::nullopt;
  const std::size_t size = params.shell_snapshot->scope_id.size();
  if (size > 0 && size <= kMaxScope) return std::nullopt;
  return RpcError{ErrorCode::kInvalidParams,
                  "shell snapshot scope must be non-empty and at most 256 bytes"};
}

std::optional<RpcError> RefuseSnapshotShell(const protocol::StartParams& params) {
  if (!AsksForSnapshot(params)) return std::nullopt;
  const std::string& name = params.shell_snapshot->shell.name;
  if (FindSnapshotShell(name)) return std::nullopt;
  return RpcError{ErrorCode::kInvalidParams,
                  "shell snapshots are unsupported for shell `" + name + "`",
                  {},
                  {},
                  "bash, zsh and sh have snapshots; leave shellSnapshot out for others"};
}

std::optional<DeferredBackend::Prepare> PrepareSnapshot(const Services& services, Session* session,
                                                        const protocol::StartParams& params) {
  if (!AsksForSnapshot(params)) return std::nullopt;
  ShellSnapshotRequest request;
  request.shell = *FindSnapshotShell(params.shell_snapshot->shell.name);
  request.path = params.shell_snapshot->shell.path;
  request.cwd = params.cwd ? params.cwd->native : services.cwd;
  request.env = BuildEnvironment(services.inheritable, params.env, params.env_policy);
  request.key = SnapshotKey(*params.shell_snapshot, request.cwd, params.env_policy);
  return [services = &services, session, request = std::move(request), env = params.env,
          policy = params.env_policy](const LaunchPlan& plan,
                                      std::function<void(LaunchPlan)> ready) {
    session->shell_snapshots().Get(
        request, services->pipes,
        [services, shell = request.shell, base = request.env, env, policy, plan = LaunchPlan(plan),
         ready = std::move(ready)](const std::shared_ptr<const ShellState>& state) mutable {
          if (state) {
            plan.env = EnvironmentWithState(base, *state, env, policy);
            if (plan.tty) AddShell(services->login_shell, &plan.env);
            RestoreInCommand(*state, shell, &plan);
          }
          ready(std::move(plan));
        });
  };
}

}  // namespace paned
