// Parameters and results of the environment methods; rows in environment_fields.h.
// Source: exec-server protocol, section 10. Values; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/types.h"

namespace paned::protocol {

struct Shell {
  std::string name;
  std::string path;
};
// Ours: what can be done with processes on a terminal.
struct PanedCapabilities {
  bool resize = true;
  bool screen = false;      // whether paned/screen can answer
  std::string tty_backend;  // "tmux" or "pty"
};
// True flags only: an absent capability is false (section 10.1). Codex ignores unknown members.
struct Capabilities {
  bool environment_config_read = false;
  bool file_write_streaming = false;  // fs/open with mode "replace", fs/writeBlock
  bool shell_snapshot_v2 = false;
  bool http_header_env_vars = false;       // valueEnvVar of http/request
  std::optional<PanedCapabilities> paned;  // left out when tty processes cannot be run
  bool fs_watch_missing = false;
};
struct EnvironmentInfo {
  Shell shell;
  std::string executor_version;
  std::string cwd;                           // URI, like every path here
  std::optional<std::string> user_home_dir;  // left out when unknown
  std::string platform_os = "linux";
  std::vector<std::string> temporary_directories;
  std::string temp_dir;
  Capabilities capabilities;
};
struct EnvironmentStatus {
  std::string_view status = "ready";
};

// Keys from the top of a TOML document down, each.
using TomlPaths = std::vector<std::vector<std::string>>;
struct EnvironmentConfigReadParams {
  Path cwd;
  TomlPaths config_paths;
  TomlPaths requirements_paths;
};
struct ConfigLayer {
  std::string source;
  std::string base_dir;  // URI
  std::string toml;
};
struct ConfigLayerStack {
  std::vector<ConfigLayer> layers;
  std::uint64_t cloud_insertion_index = 0;
};
struct EnvironmentConfigReadResult {
  std::optional<std::string> user_home_dir;  // URI; null when unknown
  std::string codex_home_dir;                // URI
  std::string hostname;
  ConfigLayerStack config;
  ConfigLayerStack requirements;
};

}  // namespace paned::protocol
