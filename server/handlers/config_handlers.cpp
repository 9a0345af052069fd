#include "server/handlers/config_handlers.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "protocol/path_uri.h"
#include "server/environment/config_layers.h"

namespace paned {
namespace {

using Params = protocol::EnvironmentConfigReadParams;

// Values that decode and that the reference still refuses.
std::optional<Error> Refuse(const Params& params) {
  const auto reject = [](std::string why) {
    return Error{ErrorKind::kInvalidParams, std::move(why)};
  };
  if (params.config_paths.empty() && params.requirements_paths.empty()) {
    return reject("at least one config or requirements path is required");
  }
  for (const protocol::TomlPaths* paths : {&params.config_paths, &params.requirements_paths}) {
    if (std::any_of(paths->begin(), paths->end(), [](const auto& path) { return path.empty(); })) {
      return reject("TOML paths must contain at least one key segment");
    }
  }
  if (!params.cwd.unusable.empty()) return reject(params.cwd.unusable);
  return std::nullopt;
}

std::string Hostname() {
  std::array<char, 256> name = {};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

protocol::ConfigLayerStack OnWire(ConfigLayerStack stack) {
  protocol::ConfigLayerStack wire;
  wire.cloud_insertion_index = stack.cloud_insertion_index;
  for (ConfigLayer& layer : stack.layers) {
    wire.layers.push_back(
        {std::move(layer.source), protocol::ToUri(layer.base_dir), std::move(layer.toml)});
  }
  return wire;
}

Result<protocol::EnvironmentConfigReadResult> ReadForWire(const ServerDirectories& directories,
                                                          ConfigQuery query) {
  Result<LocalConfig> read = ReadLocalConfig(directories, std::move(query));
  if (!read.ok()) return std::move(read.error());
  protocol::EnvironmentConfigReadResult result;
  if (const auto home = UserHome(directories)) result.user_home_dir = protocol::ToUri(*home);
  result.codex_home_dir = protocol::ToUri(read.value().codex_home);
  result.hostname = Hostname();
  result.config = OnWire(std::move(read.value().config));
  result.requirements = OnWire(std::move(read.value().requirements));
  return result;
}

}  // namespace

void BindConfig(const Services* services, Router* router) {
  router->Bind<Params>(
      protocol::Method::kEnvironmentConfigRead,
      [services](const std::shared_ptr<Caller>&, Params params, const Reply& reply) {
        if (const auto refusal = Refuse(params)) {
          reply->Fail(*refusal);
          return;
        }
        ConfigQuery query{std::move(params.cwd.native), std::move(params.config_paths),
                          std::move(params.requirements_paths)};
        services->workers->Run<Result<protocol::EnvironmentConfigReadResult>>(
            [directories = services->directories, query = std::move(query)]() mutable {
              return ReadForWire(directories, std::move(query));
            },
            [reply](Result<protocol::EnvironmentConfigReadResult> result) {
              if (result.ok()) {
                reply->Send(result.value());
              } else {
                reply->Fail(result.error());
              }
            });
      });
}

}  // namespace paned
