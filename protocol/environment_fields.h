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
  static constexpr auto kRows =
      std::tuple(Row("fileWriteStreaming", &Capabilities::file_write_streaming, Need::kOmitIfEmpty),
                 Row("fsWatchMissing", &Capabilities::fs_watch_missing, Need::kOmitIfEmpty),
                 Row("shellSnapshotV2", &Capabilities::shell_snapshot_v2, Need::kOmitIfEmpty),
                 Row("httpHeaderEnvVars", &Capabilities::http_header_env_vars, Need::kOmitIfEmpty),
                 Row("paned", &Capabilities::paned, Need::kOmitIfEmpty));
};

template <>
struct Fields<EnvironmentInfo> {
  static constexpr auto kRows =
      std::tuple(Row("shell", &EnvironmentInfo::shell), Row("cwd", &EnvironmentInfo::cwd),
                 Row("executorVersion", &EnvironmentInfo::executor_version),
                 Row("userHomeDir", &EnvironmentInfo::user_home_dir),
                 Row("platformOs", &EnvironmentInfo::platform_os),
                 Row("temporaryDirectories", &EnvironmentInfo::temporary_directories),
                 Row("tempDir", &EnvironmentInfo::temp_dir),
                 Row("capabilities", &EnvironmentInfo::capabilities));
};

template <>
struct Fields<EnvironmentStatus> {
  static constexpr auto kRows = std::tuple(Row("status", &EnvironmentStatus::status));
};

}  // namespace paned::protocol
