#include "server/handlers/initialize_handler.h"

#include <utility>

#include "server/handlers/client_attachment.h"

namespace paned {
namespace {

using protocol::InitializeParams;

// The reply goes out before anything the session may have to say.
void Attach(const Services* services, const std::shared_ptr<Caller>& caller, Session* session,
            const ClientProfile* profile, bool resumed, const Reply& reply) {
  reply->Send(protocol::InitializeResult{session->id(), services->environment_info});
  caller->attachment = std::make_unique<ClientAttachment>(
      caller->connection, services->sessions, session, profile, resumed, services->workers);
  caller->state = HandshakeState::kInitialized;
  services->log->Write(LogLevel::kInfo, resumed ? "session resumed" : "session started",
                       {{"session", session->shown_id()},
                        {"peer", caller->connection->label()},
                        {"profile", std::string(profile->name)}});
}

void Initialize(const Services* services, const std::shared_ptr<Caller>& caller,
                InitializeParams params, const Reply& reply) {
  const ClientProfile* profile = services->forced_profile != nullptr
                                     ? services->forced_profile
                                     : &ProfileForClient(params.client_name);
  if (!params.resume_session_id) {
    Attach(services, caller, services->sessions->Create(), profile, /*resumed=*/false, reply);
    return;
  }
  caller->state = HandshakeState::kInitializing;
  services->sessions->Claim(
      *params.resume_session_id, [services, caller, profile, reply](Result<Session*> claimed) {
        if (!caller->connection) {  // it left while the old owner was being probed
          if (claimed.ok()) services->sessions->Release(claimed.value());
          return;
        }
        if (claimed.ok()) {
          Attach(services, caller, claimed.value(), profile, /*resumed=*/true, reply);
        } else {
          caller->state = HandshakeState::kOpen;  // it may try again
          reply->Fail(claimed.error());
        }
        if (caller->on_initialize_settled) caller->on_initialize_settled();
      });
}

}  // namespace

void BindInitialize(const Services* services, Router* router) {
  router->Bind<InitializeParams>(
      protocol::Method::kInitialize,
      [services](const std::shared_ptr<Caller>& caller, InitializeParams params,
                 const Reply& reply) { Initialize(services, caller, std::move(params), reply); });
}

}  // namespace paned
