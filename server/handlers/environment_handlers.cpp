#include "server/handlers/environment_handlers.h"

#include <cstdlib>
#include <string>

#include "protocol/path_uri.h"
#include "server/environment/login_shell.h"

namespace paned {
namespace {

// The release whose protocol this server implements; clients compare it, none refuses it.
constexpr char kProtocolVersion[] = "0.169.0";

}  // namespace

protocol::EnvironmentInfo DescribeEnvironment(
    const ServerDirectories& directories,
    const std::optional<protocol::PanedCapabilities>& terminals) {
  const char* path = std::getenv("PATH");
  const LoginShell shell = ChooseLoginShell(ShellByPassword(), path == nullptr ? "" : path);
  protocol::EnvironmentInfo info;
  info.shell = {shell.name, shell.path};
  info.executor_version = kProtocolVersion;
  info.capabilities.environment_config_read = true;
  info.capabilities.file_write_streaming = true;
  info.capabilities.shell_snapshot_v2 = true;
  info.capabilities.http_header_env_vars = true;
  info.capabilities.paned = terminals;
  info.capabilities.fs_watch_missing = true;
  info.cwd = protocol::ToUri(directories.cwd);
  if (const auto home = UserHome(directories)) info.user_home_dir = protocol::ToUri(*home);
  // An empty TMPDIR is the working directory, but not one to be told as set.
  const std::string temporary = directories.temporary.value_or("/tmp");
  info.temp_dir = protocol::ToUri(AbsolutePath(temporary, directories.cwd));
  if (!directories.temporary.value_or("").empty()) {
    info.temporary_directories = {info.temp_dir};
  }
  return info;
}

void BindEnvironment(const Services* services, Router* router) {
  using protocol::Empty;
  using protocol::Method;
  router->Bind<Empty>(Method::kEnvironmentInfo,
                      [services](const std::shared_ptr<Caller>&, Empty, const Reply& reply) {
                        reply->SendText(reply->Head() + services->environment_info + "}");
                      });
  router->Bind<Empty>(Method::kEnvironmentStatus,
                      [](const std::shared_ptr<Caller>&, Empty, const Reply& reply) {
                        reply->Send(protocol::EnvironmentStatus{});
                      });
}

}  // namespace paned
