#include "server/environment_options.h"

#include <cstdlib>
#include <cstring>
#include <string>

namespace paned {
namespace {

constexpr char kToken[] = "CODEX_EXEC_SERVER_CONNECTION_TOKEN";
constexpr char kNotify[] = "NOTIFY_SOCKET";
constexpr char kExitOnStdinClose[] = "CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE";

}  // namespace

Status TakeEnvironment(ServeOptions* options) {
  if (char* const token = std::getenv(kToken)) {
    const std::string_view text = TrimText(token);
    if (!text.empty()) options->auth.environment_token = Sha256(text);
    ::explicit_bzero(token, std::strlen(token));
    ::unsetenv(kToken);
  }
  if (!options->reload_on_hangup) options->reload_on_hangup = std::getenv(kNotify) != nullptr;
  const char* const found = std::getenv(kExitOnStdinClose);
  if (found == nullptr) return Done{};
  const std::string word = found;
  ::unsetenv(kExitOnStdinClose);
  if (options->exit_on_stdin_close) return Done{};
  options->exit_on_stdin_close = word == "true";
  if (word == "true" || word == "false") return Done{};
  return Error{ErrorKind::kInvalidParams,
               std::string(kExitOnStdinClose) + " must be `true` or `false`, not `" + word + "`"};
}

}  // namespace paned
