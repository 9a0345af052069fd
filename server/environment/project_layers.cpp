#include "server/environment/project_layers.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "server/environment/git_root.h"
#include "server/environment/toml_choice.h"
#include "server/fs/file_service.h"
#include "server/fs/path_text.h"

namespace paned {
namespace {

using Kind = TomlValue::Kind;

constexpr ConfigWords kWords = {"Failed to read project config file",
                                "Error parsing project config file"};

// Where credentials go and which programs run: a user's decisions, never a repository's.
constexpr std::array<std::string_view, 9> kNotOfAProject = {"chatgpt_base_url",
                                                            "experimental_realtime_ws_base_url",
                                                            "model_provider",
                                                            "model_providers",
                                                            "notify",
                                                            "openai_base_url",
                                                            "otel",
                                                            "profile",
                                                            "profiles"};

Result<std::vector<std::string>> ReadMarkers(const TomlValue& value) {
  std::vector<std::string> markers;
  for (const TomlValue& element : value.children) {
    if (element.kind == Kind::kString) markers.push_back(element.text);
  }
  if (value.kind != Kind::kArray || markers.size() != value.children.size()) {
    return Error{ErrorKind::kInternal, "project_root_markers must be an array of strings"};
  }
  if (markers.size() > kMaxRootMarkers) {
    Error error{ErrorKind::kInternal,
                "project_root_markers has more than " + std::to_string(kMaxRootMarkers) + " names"};
    error.limit = kMaxRootMarkers;
    return error;
  }
  return markers;
}

// The trust_level of one project; nothing when it has none.
Result<std::optional<bool>> ReadLevel(const TomlValue& project) {
  const std::string where = "projects." + project.key;
  if (project.kind != Kind::kTable) return WrongType(project, "struct ProjectConfig", where);
  const TomlValue* level = FindMember(project, "trust_level");
  if (level == nullptr) return std::optional<bool>{};
  const std::string place = where + ".trust_level";
  Result<Choice> choice =
      ReadChoice(*level, {"trusted", "untrusted"}, "`trusted` or `untrusted`", place);
  if (!choice.ok()) return std::move(choice.error());
  Status empty = RequireEmptyPayload(choice.value(), place);
  if (!empty.ok()) return std::move(empty.error());
  return std::optional<bool>{choice.value().name == "trusted"};
}

bool IsDirectory(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool HasMarker(const std::string& directory, const std::vector<std::string>& markers) {
  return std::any_of(markers.begin(), markers.end(), [&](const std::string& marker) {
    const bool absolute = !marker.empty() && marker.front() == '/';
    const std::string path = absolute ? marker : directory + '/' + marker;
    struct stat status = {};
    return marker == ".git" ? IsGitEntry(path) : ::stat(path.c_str(), &status) == 0;
  });
}

std::string FindProjectRoot(const std::string& cwd, const std::vector<std::string>& markers) {
  if (markers.empty()) return cwd;
  for (std::string at = cwd;; at = ParentOf(at)) {
    if (HasMarker(at, markers)) return at;
    if (at == "/") return cwd;
  }
}

// What was decided about a directory, by its real path or as it is named.
std::optional<bool> LevelOf(const std::string& directory, const TrustLevels& levels) {
  const Result<std::string> real = Canonicalize(directory);
  auto found = real.ok() ? levels.find(real.value()) : levels.end();
  if (found == levels.end()) found = levels.find(directory);
  if (found == levels.end()) return std::nullopt;
  return found->second;
}

bool IsSameDirectory(const std::string& left, const std::string& right) {
  const Result<std::string> real = Canonicalize(left);
  return left == right || (real.ok() && real.value() == right);
}

void RemoveForbidden(TomlValue* config) {
  const auto forbidden = [](const TomlValue& member) {
    return std::find(kNotOfAProject.begin(), kNotOfAProject.end(), member.key) !=
           kNotOfAProject.end();
  };
  auto& members = config->children;
  members.erase(std::remove_if(members.begin(), members.end(), forbidden), members.end());
}

}  // namespace

Result<std::vector<std::string>> ReadRootMarkers(const std::vector<const TomlValue*>& layers) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    const TomlValue* markers = FindMember(**layer, "project_root_markers");
    if (markers != nullptr) return ReadMarkers(*markers);
  }
  return std::vector<std::string>{".git"};
}

Result<TrustLevels> ReadTrustLevels(const std::vector<const TomlValue*>& layers) {
  TrustLevels levels;
  for (const TomlValue* layer : layers) {
    const TomlValue* projects = FindMember(*layer, "projects");
    if (projects == nullptr) continue;
    if (projects->kind != Kind::kTable) return WrongType(*projects, "a map", "projects");
    for (const TomlValue& project : projects->children) {
      Result<std::optional<bool>> level = ReadLevel(project);
      if (!level.ok()) return std::move(level.error());
      if (level.value()) levels[project.key] = *level.value();
    }
  }
  return levels;
}

Result<std::vector<ProjectLayer>> ReadProjectLayers(const std::string& cwd,
                                                    const std::string& codex_home,
                                                    const ProjectRules& rules,
                                                    ConfigReader* reader) {
  std::vector<ProjectLayer> layers;
  if (IsTooLong(cwd)) return layers;  // nothing can be there
  const std::string root = FindProjectRoot(cwd, rules.root_markers);
  std::optional<bool> inherited = LevelOf(root, rules.trust);
  if (!inherited) {
    const std::optional<std::string> repository = FindGitRoot(cwd);
    if (repository) inherited = LevelOf(*repository, rules.trust);
  }
  std::vector<std::string> directories = {cwd};
  while (directories.back() != root) directories.push_back(ParentOf(directories.back()));
  for (auto at = directories.rbegin(); at != directories.rend(); ++at) {
    const std::string dot_codex = (*at == "/" ? "" : *at) + "/.codex";
    if (!IsDirectory(dot_codex) || IsSameDirectory(dot_codex, codex_home)) continue;
    const std::string path = dot_codex + "/config.toml";
    Result<std::optional<std::string>> text = reader->Read(path, kWords);
    if (!text.ok()) return std::move(text.error());
    const std::optional<bool> own = LevelOf(*at, rules.trust);
    if (!text.value() || !(own ? *own : inherited.value_or(false))) continue;
    Result<TomlValue> config = ParseConfig(*text.value(), path, kWords);
    if (!config.ok()) return std::move(config.error());
    RemoveForbidden(&config.value());
    layers.push_back({dot_codex, std::move(config.value())});
  }
  return layers;
}

}  // namespace paned
