#include "server/handlers/environment_handlers.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/path_uri.h"

namespace paned {
namespace {

// The release whose protocol this server implements; clients compare it, none refuses it.
constexpr char kProtocolVersion[] = "0.169.0";

// The server's user, from the password database; $HOME wins where it is set.
struct User {
  std::string home = "/";
  std::string shell;
};

User CurrentUser() {
  User user;
  std::array<char, 16384> buffer = {};
  passwd entry = {};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    user.home = entry.pw_dir;
    user.shell = entry.pw_shell;
  }
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') user.home = home;
  return user;
}

// The login shell when it can be run, else the best there is.
protocol::Shell LoginShell(const User& user) {
  std::vector<std::string> candidates = {user.shell, "/bin/bash", "/bin/sh"};
  for (const std::string& path : candidates) {
    if (path.empty() || ::access(path.c_str(), X_OK) != 0) continue;
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name == "nologin" || name == "false") continue;
    return {name, path};
  }
  return {"sh", "/bin/sh"};
}

}  // namespace

protocol::EnvironmentInfo DescribeEnvironment(
    const std::string& cwd, const std::optional<protocol::PanedCapabilities>& terminals) {
  const User user = CurrentUser();
  protocol::EnvironmentInfo info;
  info.shell = LoginShell(user);
  info.executor_version = kProtocolVersion;
  info.capabilities.file_write_streaming = true;
  info.capabilities.shell_snapshot_v2 = true;
  info.capabilities.http_header_env_vars = true;
  info.capabilities.paned = terminals;
  info.capabilities.fs_watch_missing = true;
  info.cwd = protocol::ToUri(cwd);
  info.user_home_dir = protocol::ToUri(user.home);
  const char* tmpdir = std::getenv("TMPDIR");
  if (tmpdir != nullptr && tmpdir[0] == '/') {
    info.temporary_directories.push_back(protocol::ToUri(tmpdir));
    info.temp_dir = info.temporary_directories.front();
  } else {
    info.temp_dir = protocol::ToUri("/tmp");
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
