#include "server/handlers/terminal_handlers.h"

#include "server/handlers/client_attachment.h"

namespace paned {
namespace {

using CallerRef = const std::shared_ptr<Caller>&;

void Resize(CallerRef caller, const protocol::ResizeParams& params, const Reply& reply) {
  Process* process = ProcessOf(caller, params.process_id, reply);
  if (process == nullptr) return;
  const Status resized = process->Resize(params);
  if (resized.ok()) {
    reply->Send(protocol::Empty{});
  } else {
    reply->Fail(resized.error());
  }
}

void ReadScreen(CallerRef caller, const protocol::ScreenParams& params, const Reply& reply) {
  Process* process = ProcessOf(caller, params.process_id, reply);
  if (process == nullptr) return;
  process->ReadScreen([reply](const Result<protocol::ScreenResult>& screen) {
    if (screen.ok()) {
      reply->Send(screen.value());
    } else {
      reply->Fail(screen.error());
    }
  });
}

}  // namespace

void BindTerminal(Router* router) {
  using protocol::Method;
  router->Bind<protocol::ResizeParams>(Method::kPanedResize, Resize);
  router->Bind<protocol::ScreenParams>(Method::kPanedScreen, ReadScreen);
}

}  // namespace paned
