#include "server/process/shell_snapshot.h"

#include <algorithm>
#include <array>

#include "server/process/shell_collector.h"

namespace paned {
namespace {

// Linux takes 128 KiB for one environment string (MAX_ARG_STRLEN), its name included.
constexpr std::size_t kMaxPart = std::size_t{96} << 10;
constexpr std::string_view kPartName = "__PANED_SHELL_SNAPSHOT_";

// Of the moment the snapshot was taken, or of the command it was taken for.
constexpr std::array<std::string_view, 6> kMomentary = {"PWD",
                                                        "OLDPWD",
                                                        "_",
                                                        "CODEX_THREAD_ID",
                                                        "CODEX_TOOL_CALL_ID",
                                                        "CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE"};
constexpr std::string_view kExportedFunction = "BASH_FUNC_";

// As the reference: where traffic goes is for the request to say, not for an old snapshot.
constexpr std::array<std::string_view, 34> kNetwork = {"HTTP_PROXY",
                                                       "HTTPS_PROXY",
                                                       "ALL_PROXY",
                                                       "NO_PROXY",
                                                       "FTP_PROXY",
                                                       "WS_PROXY",
                                                       "WSS_PROXY",
                                                       "http_proxy",
                                                       "https_proxy",
                                                       "all_proxy",
                                                       "no_proxy",
                                                       "ftp_proxy",
                                                       "ws_proxy",
                                                       "wss_proxy",
                                                       "YARN_HTTP_PROXY",
                                                       "YARN_HTTPS_PROXY",
                                                       "NPM_CONFIG_HTTP_PROXY",
                                                       "NPM_CONFIG_HTTPS_PROXY",
                                                       "NPM_CONFIG_PROXY",
                                                       "NPM_CONFIG_NOPROXY",
                                                       "npm_config_http_proxy",
                                                       "npm_config_https_proxy",
                                                       "npm_config_proxy",
                                                       "npm_config_noproxy",
                                                       "BUNDLE_HTTP_PROXY",
                                                       "BUNDLE_HTTPS_PROXY",
                                                       "BUNDLE_NO_PROXY",
                                                       "PIP_PROXY",
                                                       "DOCKER_HTTP_PROXY",
                                                       "DOCKER_HTTPS_PROXY",
                                                       "NODE_USE_ENV_PROXY",
                                                       "ELECTRON_GET_USE_PROXY",
                                                       "CODEX_NETWORK_PROXY_ACTIVE",
                                                       "CODEX_NETWORK_ALLOW_LOCAL_BINDING"};

template <class Names>
bool IsOneOf(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool StaysBehind(std::string_view name) {
  return IsOneOf(kMomentary, name) || IsOneOf(kNetwork, name) ||
         name.compare(0, kExportedFunction.size(), kExportedFunction) == 0;
}

void AddEntry(std::string_view entry, EnvironmentMap* env) {
  const std::size_t equals = entry.find('=');
  if (equals == 0 || equals == std::string_view::npos) return;
  (*env)[std::string(entry.substr(0, equals))] = std::string(entry.substr(equals + 1));
}

bool IsInsideCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Cuts in front of a character, where there are characters: a shell may look at each part alone.
std::size_t PartSize(std::string_view rest) {
  if (rest.size() <= kMaxPart) return rest.size();
  std::size_t size = kMaxPart;
  while (size > kMaxPart - 4 && IsInsideCharacter(rest[size])) --size;
  return size;
}

// What the shell is called with in place of -lc: no login files, and nothing from BASH_ENV or
// .zshenv, which the snapshot has seen already.
struct RestoreForm {
  std::string_view flags;
  std::string_view before;
  std::string_view behind_unset;
};
RestoreForm FormOf(SnapshotShell shell) {
  switch (shell) {
    case SnapshotShell::kBash:
      return {"-pc", "set +o privileged\n", "; "};
    case SnapshotShell::kZsh:
      return {"-fc", "setopt rcs\n", "; "};
    case SnapshotShell::kSh:
      break;
  }
  return {"-c", "", "\n"};
}

}  // namespace

std::optional<SnapshotShell> FindSnapshotShell(std::string_view name) {
  if (name == "bash") return SnapshotShell::kBash;
  if (name == "zsh") return SnapshotShell::kZsh;
  if (name == "sh") return SnapshotShell::kSh;
  return std::nullopt;
}

bool IsLoginCommand(const std::vector<std::string>& argv, const std::string& shell_path) {
  return argv.size() >= 3 && argv[0] == shell_path && argv[1] == "-lc";
}

std::optional<ShellState> ParseShellState(std::string_view output, std::string_view mark) {
  const std::string line = MarkLine(mark);
  const std::size_t script = output.find(line);
  if (script == std::string_view::npos) return std::nullopt;
  output.remove_prefix(script + line.size());
  const std::size_t env = output.find(line);
  if (env == std::string_view::npos || env > kMaxShellScript) return std::nullopt;
  ShellState state;
  state.script = output.substr(0, env);
  output.remove_prefix(env + line.size());
  std::size_t end = output.find(line);
  if (end == std::string_view::npos || state.script.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  output = output.substr(0, end);
  while (!output.empty()) {
    end = std::min(output.find('\0'), output.size());
    AddEntry(output.substr(0, end), &state.env);
    output.remove_prefix(std::min(end + 1, output.size()));
  }
  return state;
}

std::vector<std::string> EnvironmentWithState(const std::vector<std::string>& base,
                                              const ShellState& state,
                                              const std::optional<EnvironmentMap>& env,
                                              const std::optional<protocol::EnvPolicy>& policy) {
  EnvironmentMap merged;
  for (const std::string& entry : base) AddEntry(entry, &merged);
  for (const auto& [name, value] : state.env) {
    if (StaysBehind(name) || (env && env->count(name) != 0)) continue;
    if (policy && (policy->set.count(name) != 0 || !PolicyAdmits(*policy, name))) continue;
    merged[name] = value;
  }
  std::vector<std::string> result;
  result.reserve(merged.size());
  for (const auto& [name, value] : merged) result.push_back(name + "=" + value);
  return result;
}

void RestoreInCommand(const ShellState& state, SnapshotShell shell, LaunchPlan* plan) {
  std::string unset;
  std::string parts;
  std::string_view rest = state.script;
  for (int n = 0; n == 0 || !rest.empty(); ++n) {
    const std::string name = std::string(kPartName) + std::to_string(n);
    const std::size_t size = PartSize(rest);
    plan->env.push_back(name + "=" + std::string(rest.substr(0, size)));
    rest.remove_prefix(size);
    unset += " " + name;
    parts += "${" + name + "}";
  }
  const RestoreForm form = FormOf(shell);
  plan->argv[1] = form.flags;
  plan->argv[2] = std::string(form.before) + "if ! eval \"unset" + unset +
                  std::string(form.behind_unset) + parts +
                  "\" >/dev/null; then echo 'paned: the shell snapshot could not be restored' "
                  ">&2; fi\n" +
                  plan->argv[2];
}

}  // namespace paned
