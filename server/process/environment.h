// What a child's environment is made of: the server's own, a policy, and the request's overlay.
// Source: exec-server protocol, section 7.2. Threading: pure values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/types.h"

namespace paned {

using EnvironmentMap = std::map<std::string, std::string>;

// A process environment ("NAME=value", null-terminated) without what belongs to the server alone:
// its own settings and tokens, the service manager's, and those of a surrounding tmux.
EnvironmentMap InheritableEnvironment(const char* const* environment);

// Whether `name` matches `glob`: the whole name, whatever the case, only * and ? special.
bool MatchesGlob(std::string_view glob, std::string_view name);

// Whether the policy's filters (default excludes, exclude, includeOnly) let `name` through.
bool PolicyAdmits(const protocol::EnvPolicy& policy, const std::string& name);

// The child's environment as "NAME=value". Neither env nor policy: all of `inheritable`. env alone:
// exactly env. A policy: inherit, default excludes, exclude, set, includeOnly, then env on top.
// Names that are empty or contain '=' are left out.
std::vector<std::string> BuildEnvironment(const EnvironmentMap& inheritable,
                                          const std::optional<EnvironmentMap>& env,
                                          const std::optional<protocol::EnvPolicy>& policy);

}  // namespace paned
