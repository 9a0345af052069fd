#include "server/environment/managed_requirements.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/environment/toml_choice.h"

namespace paned {
namespace {

using Kind = TomlValue::Kind;

constexpr char kPolicies[] = "one of `untrusted`, `on-failure`, `on-request`, `granular`, `never`";
constexpr char kReviewers[] = "one of `user`, `auto_review`, `guardian_subagent`";
constexpr char kModes[] = "one of `read-only`, `workspace-write`, `danger-full-access`";

TomlValue Text(std::string_view text) { return {Kind::kString, {}, std::string(text), {}}; }

// Five switches of which three must be given.
Result<TomlValue> Granular(const TomlValue& payload, const std::string& where) {
  constexpr std::array<std::pair<const char*, bool>, 5> kSwitches = {
      {{"sandbox_approval", true},
       {"rules", true},
       {"skill_approval", false},
       {"request_permissions", false},
       {"mcp_elicitations", true}}};
  if (payload.kind != Kind::kTable) {
    return WrongType(payload, "struct GranularApprovalConfig", where);
  }
  TomlValue granular;
  granular.key = "granular";
  for (const auto& [name, needed] : kSwitches) {
    const TomlValue* given = FindMember(payload, name);
    if (given == nullptr && needed) {
      return FaultAt("missing field `" + std::string(name) + '`', where);
    }
    if (given != nullptr && given->kind != Kind::kBoolean) {
      return WrongType(*given, "a boolean", where + '.' + name);
    }
    granular.children.push_back(
        {Kind::kBoolean, name, given == nullptr ? "false" : given->text, {}});
  }
  TomlValue element;
  element.children.push_back(std::move(granular));
  return element;
}

using Allowed = Result<std::vector<TomlValue>>;

Allowed Policies(const TomlValue& setting) {
  Result<Choice> choice =
      ReadChoice(setting, {"untrusted", "on-failure", "on-request", "granular", "never"}, kPolicies,
                 setting.key);
  if (!choice.ok()) return std::move(choice.error());
  if (choice.value().name == "granular") {
    if (choice.value().payload == nullptr) {
      return FaultAt("invalid type: unit variant, expected struct variant", setting.key);
    }
    Result<TomlValue> granular = Granular(*choice.value().payload, setting.key);
    if (!granular.ok()) return std::move(granular.error());
    return std::vector<TomlValue>{std::move(granular.value())};
  }
  Status empty = RequireEmptyPayload(choice.value(), setting.key);
  if (!empty.ok()) return std::move(empty.error());
  const bool retired = choice.value().name == "on-failure";  // now means the same as on-request
  return std::vector<TomlValue>{Text(retired ? "on-request" : choice.value().name)};
}

// One of several names that have nothing behind them.
Result<std::string> PlainChoice(const TomlValue& setting,
                                const std::vector<std::string_view>& names, const char* expected) {
  Result<Choice> choice = ReadChoice(setting, names, expected, setting.key);
  if (!choice.ok()) return std::move(choice.error());
  Status empty = RequireEmptyPayload(choice.value(), setting.key);
  if (!empty.ok()) return std::move(empty.error());
  return std::move(choice.value().name);
}

Allowed Reviewers(const TomlValue& setting) {
  Result<std::string> name =
      PlainChoice(setting, {"user", "auto_review", "guardian_subagent"}, kReviewers);
  if (!name.ok()) return std::move(name.error());
  if (name.value() == "user") return std::vector<TomlValue>{Text("user")};
  return std::vector<TomlValue>{Text("auto_review"), Text("user")};
}

// Reading only is always allowed.
Allowed SandboxModes(const TomlValue& setting) {
  Result<std::string> name =
      PlainChoice(setting, {"read-only", "workspace-write", "danger-full-access"}, kModes);
  if (!name.ok()) return std::move(name.error());
  if (name.value() == "read-only") return std::vector<TomlValue>{Text("read-only")};
  return std::vector<TomlValue>{Text("read-only"), Text(name.value())};
}

struct Rule {
  std::string_view setting;
  std::string_view requirement;
  Allowed (*read)(const TomlValue& setting);
};
constexpr std::array<Rule, 3> kRules = {
    {{"approval_policy", "allowed_approval_policies", Policies},
     {"approvals_reviewer", "allowed_approvals_reviewers", Reviewers},
     {"sandbox_mode", "allowed_sandbox_modes", SandboxModes}}};

}  // namespace

Result<TomlValue> RequirementsOf(const TomlValue& managed) {
  std::array<TomlValue, kRules.size()> lists;
  // In the file's order: the first fault of the file is told.
  for (const TomlValue& member : managed.children) {
    for (std::size_t n = 0; n < kRules.size(); ++n) {
      if (member.key != kRules[n].setting) continue;
      Allowed allowed = kRules[n].read(member);
      if (!allowed.ok()) {
        allowed.error().message =
            "Failed to parse config requirements as TOML: " + allowed.error().message;
        return std::move(allowed.error());
      }
      lists[n] = {Kind::kArray, std::string(kRules[n].requirement), {}, std::move(allowed.value())};
    }
  }
  TomlValue requirements;
  for (TomlValue& list : lists) {
    if (!list.children.empty()) requirements.children.push_back(std::move(list));
  }
  return requirements;
}

}  // namespace paned
