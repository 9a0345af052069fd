// Parameters and results of the environment methods; rows in environment_fields.h.
// Source: exec-server protocol, section 10. Values; pure.
#pragma once

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
  bool file_write_streaming = false;  // fs/open with mode "replace", fs/writeBlock
  bool shell_snapshot_v2 = false;
  bool http_header_env_vars = false;       // valueEnvVar of http/request
  std::optional<PanedCapabilities> paned;  // left out when tty processes cannot be run
  bool fs_watch_missing = false;
};
struct EnvironmentInfo {
  Shell shell;
  std::string executor_version;
  std::string cwd;            // URI, like every path here
  std::string user_home_dir;  // URI
  std::string platform_os = "linux";
  std::vector<std::string> temporary_directories;
  std::string temp_dir;
  Capabilities capabilities;
};
struct EnvironmentStatus {
  std::string_view status = "ready";
};

}  // namespace paned::protocol
