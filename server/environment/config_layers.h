// What environmentConfig/read answers: this machine's configuration files of codex, layer by layer,
// each as TOML text cut down to the asked paths. The client merges them with its own.
// Source: exec-server protocol, section 10.3; measured, protocol/README.md.
// Threading: values; ReadLocalConfig blocks, for workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/environment/absolute_path.h"
#include "server/environment/toml_value.h"

namespace paned {

// All layers of an answer together, in bytes of text. A table's name is written again for each
// table in it, so that text can be much longer than its file.
inline constexpr std::size_t kMaxLayerText = std::size_t{16} << 20;

struct ConfigLayer {
  std::string source;    // for people: "user (/home/x/.codex/config.toml)"
  std::string base_dir;  // what relative paths in it count from
  std::string toml;
};

struct ConfigLayerStack {
  std::vector<ConfigLayer> layers;          // the weakest first
  std::uint64_t cloud_insertion_index = 0;  // before which one the client puts its cloud's layer
};

struct LocalConfig {
  std::string codex_home;
  ConfigLayerStack config;
  ConfigLayerStack requirements;
};

struct ConfigQuery {
  std::string cwd;  // absolute; need not exist
  std::vector<TomlPath> config_paths;
  std::vector<TomlPath> requirements_paths;
};

// Errors are kInternal with the reference's texts: "failed to find Codex home: …" and "failed to
// load executor-local config: …", the latter for files that cannot be read, are no TOML, are larger
// than the limits of config_reader.h, or whose text would pass kMaxLayerText.
Result<LocalConfig> ReadLocalConfig(const ServerDirectories& directories, ConfigQuery query);

}  // namespace paned
