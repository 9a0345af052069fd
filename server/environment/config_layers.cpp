#include "server/environment/config_layers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/environment/config_reader.h"
#include "server/environment/managed_requirements.h"
#include "server/environment/project_layers.h"
#include "server/environment/toml_writer.h"

namespace paned {
namespace {

constexpr ConfigWords kConfigWords = {"Failed to read config file", {}};
constexpr ConfigWords kManagedWords = {};
constexpr ConfigWords kRequirementsWords = {"Failed to read requirements file",
                                            "failed to parse requirements layer"};

// Collects what of each layer was asked for; a layer of which nothing was is left out.
class LayerCollector {
 public:
  explicit LayerCollector(std::vector<TomlPath> paths, std::size_t* text_left)
      : paths_(std::move(paths)), text_left_(text_left) {
    std::sort(paths_.begin(), paths_.end());
  }

  Status Add(std::string source, std::string base_dir, const TomlValue& values) {
    const TomlValue part = Project(values, paths_);
    if (part.children.empty()) return Done{};
    std::optional<std::string> toml = WriteToml(part, *text_left_);
    if (!toml) {
      Error error{ErrorKind::kInternal, source + ": the configuration is too large to be sent: " +
                                            "limit is " + std::to_string(kMaxLayerText) + " bytes"};
      error.limit = kMaxLayerText;
      return error;
    }
    *text_left_ -= toml->size();
    stack_.layers.push_back({std::move(source), std::move(base_dir), *std::move(toml)});
    return Done{};
  }
  // What comes from the cloud is stronger than what was added so far.
  void MarkCloud() { stack_.cloud_insertion_index = stack_.layers.size(); }
  ConfigLayerStack Take() { return std::move(stack_); }

 private:
  std::vector<TomlPath> paths_;
  std::size_t* text_left_;
  ConfigLayerStack stack_;
};

// The files whose place does not depend on the project.
struct FixedFiles {
  std::optional<TomlValue> managed;
  std::optional<TomlValue> system;
  std::optional<TomlValue> user;
};

class LocalConfigReader {
 public:
  LocalConfigReader(const ServerDirectories& directories, std::string codex_home, ConfigQuery query)
      : cwd_(AbsolutePath(query.cwd, "/")),
        config_(std::move(query.config_paths), &text_left_),
        requirements_(std::move(query.requirements_paths), &text_left_),
        system_directory_(directories.system_config),
        managed_path_(system_directory_ + "/managed_config.toml"),
        system_path_(system_directory_ + "/config.toml"),
        requirements_path_(system_directory_ + "/requirements.toml"),
        user_path_(codex_home + "/config.toml"),
        codex_home_(std::move(codex_home)) {}

  Result<LocalConfig> Run() {
    // The order of the reference, in which the first fault is the one that is told.
    Status done = LoadFixed();
    if (done.ok()) done = FindRootMarkers();
    if (done.ok()) done = CollectRequirements();
    if (done.ok()) done = LoadProjects();
    if (done.ok()) done = CollectConfig();
    if (!done.ok()) {
      done.error().message.insert(0, "failed to load executor-local config: ");
      return std::move(done.error());
    }
    return LocalConfig{std::move(codex_home_), config_.Take(), requirements_.Take()};
  }

 private:
  Status LoadFixed() {
    Status done = Load(managed_path_, kManagedWords, &files_.managed);
    if (done.ok()) done = Load(system_path_, kConfigWords, &files_.system);
    if (done.ok()) done = Load(user_path_, kConfigWords, &files_.user);
    for (const auto* file : {&files_.system, &files_.user, &files_.managed}) {
      if (*file) layers_.push_back(&**file);
    }
    return done;
  }
  Status Load(const std::string& path, const ConfigWords& words, std::optional<TomlValue>* out) {
    Result<std::optional<TomlValue>> loaded = reader_.Load(path, words);
    if (!loaded.ok()) return std::move(loaded.error());
    *out = std::move(loaded.value());
    return Done{};
  }

  Status FindRootMarkers() {
    Result<std::vector<std::string>> markers = ReadRootMarkers(layers_);
    if (!markers.ok()) return std::move(markers.error());
    rules_.root_markers = std::move(markers.value());
    return Done{};
  }
  Status LoadProjects() {
    Result<TrustLevels> trust = ReadTrustLevels(layers_);
    if (!trust.ok()) return std::move(trust.error());
    rules_.trust = std::move(trust.value());
    Result<std::vector<ProjectLayer>> read = ReadProjectLayers(cwd_, codex_home_, rules_, &reader_);
    if (!read.ok()) return std::move(read.error());
    projects_ = std::move(read.value());
    return Done{};
  }

  Status CollectConfig() {
    Status done = Done{};
    if (files_.system) {
      done = config_.Add("system (" + system_path_ + ')', system_directory_, *files_.system);
    }
    config_.MarkCloud();
    if (done.ok() && files_.user) {
      done = config_.Add("user (" + user_path_ + ')', codex_home_, *files_.user);
    }
    for (const ProjectLayer& project : projects_) {
      if (!done.ok()) return done;
      done = config_.Add("project (" + project.directory + "/config.toml)", project.directory,
                         project.config);
    }
    if (done.ok() && files_.managed) {
      done = config_.Add("legacy managed_config.toml (" + managed_path_ + ')', system_directory_,
                         *files_.managed);
    }
    return done;
  }

  Status CollectRequirements() {
    TomlValue legacy;
    if (files_.managed) {
      Result<TomlValue> demanded = RequirementsOf(*files_.managed);
      if (!demanded.ok()) return std::move(demanded.error());
      legacy = std::move(demanded.value());
    }
    std::optional<TomlValue> requirements;
    Status done = Load(requirements_path_, kRequirementsWords, &requirements);
    if (done.ok() && requirements) {
      done = requirements_.Add(requirements_path_, system_directory_, *requirements);
    }
    requirements_.MarkCloud();
    if (done.ok()) done = requirements_.Add(managed_path_, system_directory_, legacy);
    return done;
  }

  const std::string cwd_;
  std::size_t text_left_ = kMaxLayerText;
  LayerCollector config_;
  LayerCollector requirements_;
  const std::string system_directory_;
  const std::string managed_path_;
  const std::string system_path_;
  const std::string requirements_path_;
  const std::string user_path_;
  std::string codex_home_;
  ConfigReader reader_;
  FixedFiles files_;
  std::vector<const TomlValue*> layers_;  // of files_, the weakest first
  ProjectRules rules_;
  std::vector<ProjectLayer> projects_;
};

}  // namespace

Result<LocalConfig> ReadLocalConfig(const ServerDirectories& directories, ConfigQuery query) {
  Result<std::string> codex_home = CodexHome(directories);
  if (!codex_home.ok()) return std::move(codex_home.error());
  return LocalConfigReader(directories, std::move(codex_home.value()), std::move(query)).Run();
}

}  // namespace paned
