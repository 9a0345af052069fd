// A project's own configuration: the .codex/config.toml files between the project's root and a
// directory in it, those of trusted directories only.
// Source: measured; protocol/README.md. Threading: values; ReadProjectLayers blocks, for workers.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/environment/config_reader.h"
#include "server/environment/toml_value.h"

namespace paned {

// Each marker is looked for in each directory upwards.
inline constexpr std::size_t kMaxRootMarkers = 64;

// By the path as it is written; false: the user does not trust it.
using TrustLevels = std::map<std::string, bool>;

struct ProjectRules {
  std::vector<std::string> root_markers;  // none: every directory is its own root
  TrustLevels trust;
};

// Both from the layers that are not the project's, the lowest first; a higher one wins.
Result<std::vector<std::string>> ReadRootMarkers(const std::vector<const TomlValue*>& layers);
Result<TrustLevels> ReadTrustLevels(const std::vector<const TomlValue*>& layers);

struct ProjectLayer {
  std::string directory;  // the .codex directory
  TomlValue config;       // without what a project may not decide
};

// Of `cwd` (absolute; need not exist), the root first. A .codex that is `codex_home` is no
// project's. A file of a directory without trust must be readable, and that is all.
Result<std::vector<ProjectLayer>> ReadProjectLayers(const std::string& cwd,
                                                    const std::string& codex_home,
                                                    const ProjectRules& rules,
                                                    ConfigReader* reader);

}  // namespace paned
