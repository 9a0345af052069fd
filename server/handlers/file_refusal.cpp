#include "server/handlers/file_refusal.h"

namespace paned {

std::optional<Error> RefuseFileCall(const protocol::Path& path, const protocol::Sandbox& sandbox) {
  if (!path.unusable.empty()) return Error{ErrorKind::kInvalidRequest, path.unusable};
  if (sandbox.demand == protocol::SandboxDemand::kRestricted) {
    return Error{ErrorKind::kInternal,
                 "this exec-server has no sandbox and does not make restricted file calls",
                 {},
                 {},
                 "isolate the whole workspace and run codex with --sandbox danger-full-access"};
  }
  return std::nullopt;
}

}  // namespace paned
