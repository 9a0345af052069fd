#include "server/process/environment.h"

#include <algorithm>
#include <array>

namespace paned {
namespace {

// The server's own and its supervisors'; a trailing '*' matches any rest.
constexpr std::array<std::string_view, 10> kServerOwn = {"PANED_*",
                                                         "CODEX_EXEC_SERVER_*",
                                                         "CODEX_API_KEY",
                                                         "CODEX_ACCESS_TOKEN",
                                                         "LISTEN_*",
                                                         "NOTIFY_SOCKET",
                                                         "WATCHDOG_*",
                                                         "TMUX*",
                                                         "CREDENTIALS_DIRECTORY",
                                                         "INVOCATION_ID"};

constexpr std::array<std::string_view, 10> kCore = {
    "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SHELL", "TEMP", "TMP", "TMPDIR"};
constexpr std::string_view kCoreUser = "USER";

constexpr std::array<std::string_view, 3> kDefaultExcludes = {"*KEY*", "*SECRET*", "*TOKEN*"};

// Removed even from an exact environment, as the reference does.
constexpr std::string_view kNeverPassed = "CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <class Globs>
bool MatchesAny(const Globs& globs, const std::string& name) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](std::string_view glob) { return MatchesGlob(glob, name); });
}

bool IsCore(const std::string& name) {
  return name == kCoreUser || std::find(kCore.begin(), kCore.end(), name) != kCore.end();
}

template <class Predicate>
void RemoveIf(EnvironmentMap* environment, Predicate predicate) {
  for (auto it = environment->begin(); it != environment->end();) {
    it = predicate(it->first) ? environment->erase(it) : std::next(it);
  }
}

EnvironmentMap Inherit(const EnvironmentMap& inheritable, const protocol::EnvPolicy& policy) {
  EnvironmentMap result;
  if (policy.inherit != protocol::InheritPolicy::kNone) result = inheritable;
  if (policy.inherit == protocol::InheritPolicy::kCore) {
    RemoveIf(&result, [](const std::string& name) { return !IsCore(name); });
  }
  if (!policy.ignore_default_excludes) {
    RemoveIf(&result, [](const std::string& name) { return MatchesAny(kDefaultExcludes, name); });
  }
  RemoveIf(&result, [&](const std::string& name) { return MatchesAny(policy.exclude, name); });
  for (const auto& [name, value] : policy.set) result[name] = value;
  if (!policy.include_only.empty()) {
    RemoveIf(&result,
             [&](const std::string& name) { return !MatchesAny(policy.include_only, name); });
  }
  return result;
}

}  // namespace

bool MatchesGlob(std::string_view glob, std::string_view name) {
  std::size_t g = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;  // the last '*' seen, to which a mismatch returns
  std::size_t resume = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = n;
    } else if (g < glob.size() && (glob[g] == '?' || Lower(glob[g]) == Lower(name[n]))) {
      ++g;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

EnvironmentMap InheritableEnvironment(const char* const* environment) {
  EnvironmentMap result;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    const std::size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    std::string name(entry.substr(0, equals));
    if (MatchesAny(kServerOwn, name)) continue;
    result.emplace(std::move(name), entry.substr(equals + 1));
  }
  return result;
}

bool PolicyAdmits(const protocol::EnvPolicy& policy, const std::string& name) {
  if (!policy.ignore_default_excludes && MatchesAny(kDefaultExcludes, name)) return false;
  if (MatchesAny(policy.exclude, name)) return false;
  return policy.include_only.empty() || MatchesAny(policy.include_only, name);
}

std::vector<std::string> BuildEnvironment(const EnvironmentMap& inheritable,
                                          const std::optional<EnvironmentMap>& env,
                                          const std::optional<protocol::EnvPolicy>& policy) {
  EnvironmentMap merged;
  if (policy) {
    merged = Inherit(inheritable, *policy);
  } else if (!env) {
    merged = inheritable;
  }
  if (env) {
    for (const auto& [name, value] : *env) merged[name] = value;
  }
  std::vector<std::string> result;
  result.reserve(merged.size());
  for (const auto& [name, value] : merged) {
    if (name.empty() || name.find('=') != std::string::npos || name == kNeverPassed) continue;
    result.push_back(name + "=" + value);
  }
  return result;
}

}  // namespace paned
