#include "server/handlers/process_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "server/handlers/client_attachment.h"
#include "server/handlers/shell_snapshot_start.h"

namespace paned {
namespace {

using protocol::ErrorCode;
using protocol::RpcError;
using CallerRef = const std::shared_ptr<Caller>&;

// Whatever asks for a network with rules.
std::optional<RpcError> RefuseManagedNetwork(const protocol::StartParams& params) {
  const char* asked = nullptr;
  if (params.enforce_managed_network) asked = "enforceManagedNetwork";
  if (params.has_managed_network) asked = "managedNetwork";
  if (params.network_proxy) asked = "networkProxy";
  if (asked == nullptr) return std::nullopt;
  return RpcError{ErrorCode::kInternal,
                  std::string("this exec-server cannot enforce a managed network (") + asked + ")",
                  {},
                  {},
                  "turn codex's network_proxy feature off for this environment"};
}

// What this server cannot do for a start; nothing when it can. Refusing beats running unconfined.
std::optional<RpcError> Refuse(const Services& services, const protocol::StartParams& params) {
  if (params.cwd && !params.cwd->unusable.empty()) {
    return RpcError{ErrorCode::kInvalidParams,
                    "cwd URI `" + params.cwd->text +
                        "` is not valid on this exec-server host: " + params.cwd->unusable};
  }
  if (auto refusal = RefuseSnapshotScope(params)) return refusal;
  if (params.argv.empty()) return RpcError{ErrorCode::kInvalidParams, "argv must not be empty"};
  if (auto refusal = RefuseSnapshotShell(params)) return refusal;
  if (params.sandbox.demand == protocol::SandboxDemand::kRestricted) {
    return RpcError{ErrorCode::kInternal,
                    "this exec-server has no sandbox and does not run restricted commands",
                    {},
                    {},
                    "isolate the whole workspace and run codex with --sandbox danger-full-access"};
  }
  if (auto refusal = RefuseManagedNetwork(params)) return refusal;
  if (params.tty && services.terminals == nullptr) {
    return RpcError{ErrorCode::kInternal,
                    "this exec-server cannot run tty processes",
                    {},
                    {},
                    services.terminals_hint};
  }
  return std::nullopt;
}

void Start(const Services* services, CallerRef caller, protocol::StartParams params,
           const Reply& reply) {
  if (const auto refusal = Refuse(*services, params)) {
    reply->Fail(*refusal);
    return;
  }
  Session* session = SessionOf(caller, reply);
  if (session == nullptr) return;
  const auto prepare = PrepareSnapshot(*services, session, params);
  LaunchPlan plan;
  plan.argv = std::move(params.argv);
  plan.arg0 = std::move(params.arg0);
  plan.cwd = params.cwd ? params.cwd->native : services->cwd;
  plan.env = BuildEnvironment(services->inheritable, params.env, params.env_policy);
  plan.pipe_stdin = params.pipe_stdin;
  plan.tty = params.tty;
  plan.process_id = params.process_id;
  if (plan.tty) AddShell(services->login_shell, &plan.env);
  ProcessBackend* backend = plan.tty ? services->terminals : services->pipes;
  std::optional<DeferredBackend> deferred;
  if (prepare) {
    backend = &deferred.emplace(session->shell_snapshots().clock(), backend, *prepare);
  }
  session->StartProcess(plan.process_id, backend, plan,
                        [reply, id = plan.process_id](const Status& started) {
                          if (started.ok()) {
                            reply->Send(protocol::StartResult{id});
                          } else {
                            reply->Fail(started.error());
                          }
                        });
}

void Read(CallerRef caller, const protocol::ReadParams& params, const Reply& reply) {
  Process* process = ProcessOf(caller, params.process_id, reply);
  if (process == nullptr) return;
  process->Read(params, [reply](const protocol::ReadResult& result) { reply->Send(result); });
}

void Write(CallerRef caller, protocol::WriteParams params, const Reply& reply) {
  if (params.write_id && params.write_id->empty()) {
    reply->Fail(RpcError{ErrorCode::kInvalidParams, "writeId must not be empty"});
    return;
  }
  Session* session = SessionOf(caller, reply);
  if (session == nullptr) return;
  Process* process = session->processes().Find(params.process_id);
  if (process == nullptr) {
    reply->Send(protocol::WriteResult{protocol::WriteStatus::kUnknownProcess});
    return;
  }
  process->Write(std::move(params.chunk), params.write_id,
                 [reply](const Result<protocol::WriteStatus>& status) {
                   if (status.ok()) {
                     reply->Send(protocol::WriteResult{status.value()});
                   } else {
                     reply->Fail(status.error());
                   }
                 });
}

void Signal(CallerRef caller, const protocol::SignalParams& params, const Reply& reply) {
  Session* session = SessionOf(caller, reply);
  if (session == nullptr) return;
  if (Process* process = session->processes().Find(params.process_id)) process->Interrupt();
  reply->Send(protocol::Empty{});
}

void Terminate(CallerRef caller, const protocol::TerminateParams& params, const Reply& reply) {
  Session* session = SessionOf(caller, reply);
  if (session == nullptr) return;
  Process* process = session->processes().Find(params.process_id);
  reply->Send(protocol::TerminateResult{process != nullptr && process->Terminate()});
}

}  // namespace

void BindProcess(const Services* services, Router* router) {
  using protocol::Method;
  router->Bind<protocol::StartParams>(
      Method::kProcessStart,
      [services](CallerRef caller, protocol::StartParams params, const Reply& reply) {
        Start(services, caller, std::move(params), reply);
      });
  router->Bind<protocol::ReadParams>(Method::kProcessRead, Read);
  router->Bind<protocol::WriteParams>(Method::kProcessWrite, Write);
  router->Bind<protocol::SignalParams>(Method::kProcessSignal, Signal);
  router->Bind<protocol::TerminateParams>(Method::kProcessTerminate, Terminate);
}

}  // namespace paned
