#include "server/environment/toml_value.h"

#include <algorithm>
#include <cstddef>

namespace paned {
namespace {

using PathIterator = std::vector<TomlPath>::const_iterator;

// Sorted paths that agree in their first `depth` keys and are longer than that. Two bounds per
// member, so that neither many paths nor long ones cost more than their sorting did.
TomlValue ProjectRange(const TomlValue& table, PathIterator first, PathIterator last,
                       std::size_t depth) {
  TomlValue part;
  part.key = table.key;
  for (const TomlValue& member : table.children) {
    const auto begin = std::lower_bound(
        first, last, member.key,
        [depth](const TomlPath& path, const auto& key) { return path[depth] < key; });
    const auto end = std::upper_bound(
        begin, last, member.key,
        [depth](const auto& key, const TomlPath& path) { return key < path[depth]; });
    if (begin == end) continue;
    // The shortest path stands first.
    const bool whole = begin->size() == depth + 1 || member.kind != TomlValue::Kind::kTable;
    part.children.push_back(whole ? member : ProjectRange(member, begin, end, depth + 1));
  }
  return part;
}

}  // namespace

const TomlValue* FindMember(const TomlValue& table, std::string_view key) {
  if (table.kind != TomlValue::Kind::kTable) return nullptr;
  for (const TomlValue& member : table.children) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

TomlValue Project(const TomlValue& table, const std::vector<TomlPath>& paths) {
  return ProjectRange(table, paths.begin(), paths.end(), 0);
}

}  // namespace paned
