// The wire's fields of environment_types.h; see fields.h. Pure, constant.
#pragma once

#include <string_view>
#include <tuple>

#include "protocol/environment_types.h"
#include "protocol/fields.h"

namespace paned::protocol {

template <>
struct Fields<Shell> {
  static constexpr auto kRows = std::tuple(Row("name", &Shell::name), Row("path", &Shell::path));
};

template <>
struct Fields<PanedCapabilities> {
  static constexpr auto kRows = std::tuple(Row("resize", &PanedCapabilities::resize),
                                           Row("screen", &PanedCapabilities::screen),
                                           Row("ttyBackend", &PanedCapabilities::tty_backend));
};

template <>
struct Fields<Capabilities> {
  static constexpr auto kRows = std::tuple(
      Row("environmentConfigRead", &Capabilities::environment_config_read, Need::kOmitIfEmpty),
      Row("fileWriteStreaming", &Capabilities::file_write_streaming, Need::kOmitIfEmpty),
      Row("fsWatchMissing", &Capabilities::fs_watch_missing, Need::kOmitIfEmpty),
      Row("shellSnapshotV2", &Capabilities::shell_snapshot_v2, Need::kOmitIfEmpty),
      Row("httpHeaderEnvVars", &Capabilities::http_header_env_vars, Need::kOmitIfEmpty),
      Row("paned", &Capabilities::paned, Need::kOmitIfEmpty));
};

template <>
struct Fields<EnvironmentInfo> {
  static constexpr auto kRows = std::tuple(
      Row("shell", &EnvironmentInfo::shell),
      Row("executorVersion", &EnvironmentInfo::executor_version), Row("cwd", &EnvironmentInfo::cwd),
      Row("userHomeDir", &EnvironmentInfo::user_home_dir, Need::kOmitIfEmpty),
      Row("platformOs", &EnvironmentInfo::platform_os),
      Row("temporaryDirectories", &EnvironmentInfo::temporary_directories),
      Row("tempDir", &EnvironmentInfo::temp_dir),
      Row("capabilities", &EnvironmentInfo::capabilities));
};

template <>
struct Fields<EnvironmentStatus> {
  static constexpr auto kRows = std::tuple(Row("status", &EnvironmentStatus::status));
};

template <>
struct Fields<EnvironmentConfigReadParams> {
  static constexpr std::string_view kName = "EnvironmentConfigReadParams";
  static constexpr auto kRows =
      std::tuple(Row("cwd", &EnvironmentConfigReadParams::cwd),
                 Row("configPaths", &EnvironmentConfigReadParams::config_paths),
                 Row("requirementsPaths", &EnvironmentConfigReadParams::requirements_paths));
};

template <>
struct Fields<ConfigLayer> {
  static constexpr auto kRows =
      std::tuple(Row("source", &ConfigLayer::source), Row("baseDir", &ConfigLayer::base_dir),
                 Row("toml", &ConfigLayer::toml));
};

template <>
struct Fields<ConfigLayerStack> {
  static constexpr auto kRows =
      std::tuple(Row("layers", &ConfigLayerStack::layers),
                 Row("cloudInsertionIndex", &ConfigLayerStack::cloud_insertion_index));
};

template <>
struct Fields<EnvironmentConfigReadResult> {
  static constexpr auto kRows =
      std::tuple(Row("userHomeDir", &EnvironmentConfigReadResult::user_home_dir),
                 Row("codexHomeDir", &EnvironmentConfigReadResult::codex_home_dir),
                 Row("hostname", &EnvironmentConfigReadResult::hostname),
                 Row("config", &EnvironmentConfigReadResult::config),
                 Row("requirements", &EnvironmentConfigReadResult::requirements));
};

}  // namespace paned::protocol
