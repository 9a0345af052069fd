// A machine in a folder: a home, codex's own directory, an administrator's, and a repository.
// Threading: one test, one thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "server/environment/config_layers.h"
#include "tests/support/temp_dir.h"

namespace paned {

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    directories_.cwd = root_;
    directories_.home = root_ + "/home";
    directories_.codex_home = root_ + "/codex";
    directories_.system_config = root_ + "/etc";
    for (const char* name : {"codex", "etc", "repo/.git", "repo/sub/deep"}) {
      std::filesystem::create_directories(At(name));
    }
    Write("repo/.git/HEAD", "ref: refs/heads/main\n");
    for (const char* name : {"repo", "repo/sub", "repo/sub/deep"}) {
      Write(std::string(name) + "/.codex/config.toml", "a=\"project\"\n");
    }
  }

  std::string At(const std::string& name) const { return root_ + '/' + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(At(name)).parent_path());
    std::ofstream(At(name), std::ios::binary) << text;
  }
  void Remove(const std::string& name) const { std::filesystem::remove_all(At(name)); }
  // The user's decision about directories of the repository: pairs of path and level.
  void Trust(const std::vector<std::pair<std::string, std::string>>& levels,
             const std::string& before = {}) const {
    std::string text = before;
    for (const auto& [name, level] : levels) {
      text += "[projects.\"" + At(name) + "\"]\ntrust_level=\"" + level + "\"\n";
    }
    Write("codex/config.toml", text);
  }

  // Reads with `paths` for both stacks.
  Result<LocalConfig> Read(const std::string& cwd = "repo/sub/deep",
                           const std::vector<TomlPath>& paths = {{"a"}}) const {
    return ReadLocalConfig(directories_, {At(cwd), paths, paths});
  }
  // "SOURCE|TOML" of each layer, without the folder's own name; or the error.
  std::vector<std::string> Layers(const std::string& cwd = "repo/sub/deep",
                                  const std::vector<TomlPath>& paths = {{"a"}}) const {
    const Result<LocalConfig> read = Read(cwd, paths);
    if (!read.ok()) return {Short(read.error().message)};
    return Told(read.value().config);
  }
  // Which directories of the project have a layer.
  std::vector<std::string> Projects(const std::string& cwd = "repo/sub/deep") const {
    std::vector<std::string> found;
    const Result<LocalConfig> read = Read(cwd);
    if (!read.ok()) return {Short(read.error().message)};
    for (const ConfigLayer& layer : read.value().config.layers) {
      if (layer.source.compare(0, 7, "project") == 0) found.push_back(Short(layer.base_dir));
    }
    return found;
  }
  std::string Fault(const std::string& cwd = "repo/sub/deep") const {
    const Result<LocalConfig> read = Read(cwd);
    if (read.ok()) return "no fault";
    EXPECT_EQ(read.error().kind, ErrorKind::kInternal);
    return Short(read.error().message);
  }
  std::vector<std::string> Told(const ConfigLayerStack& stack) const {
    std::vector<std::string> told;
    for (const ConfigLayer& layer : stack.layers) {
      told.push_back(Short(layer.source) + '|' + layer.toml);
    }
    return told;
  }
  std::string Short(std::string text) const {
    for (std::size_t at = 0; (at = text.find(root_, at)) != std::string::npos;) {
      text.erase(at, root_.size());
    }
    return text;
  }

  const testing::TempDir directory_;
  // As the kernel names it: trust goes by real paths.
  const std::string root_ = std::filesystem::canonical(directory_.path());
  ServerDirectories directories_;
};

using Texts = std::vector<std::string>;

}  // namespace paned
