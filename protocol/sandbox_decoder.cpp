#include "protocol/sandbox_decoder.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "protocol/fault_text.h"
#include "protocol/json_path.h"

namespace paned::protocol {
namespace {

bool Fail(std::string message, RpcError* error) {
  error->message = std::move(message);
  return false;
}

// "expected `a` or `b`", "expected one of `a`, `b`, `c`": the part after "expected ".
std::string OneOf(std::initializer_list<std::string_view> names) {
  std::string out = names.size() > 2 ? "one of " : "";
  std::string_view separator;
  for (const std::string_view name : names) {
    out.append(separator).append("`").append(name).append("`");
    separator = names.size() > 2 ? ", " : " or ";
  }
  return out;
}

bool ReadName(const JsonValue& value, std::initializer_list<std::string_view> names,
              std::string_view expected, std::string_view* out, RpcError* error) {
  if (!value.Get(out)) return Fail(TypeFault(value, expected), error);
  if (std::find(names.begin(), names.end(), *out) != names.end()) return true;
  return Fail(UnknownVariant(*out, OneOf(names)), error);
}

// The `type` of a tagged object.
bool ReadTag(const JsonValue& value, std::initializer_list<std::string_view> names,
             std::string_view enum_name, std::string_view* out, RpcError* error) {
  if (!value.IsObject()) {
    return Fail(TypeFault(value, "internally tagged enum " + std::string(enum_name)), error);
  }
  const std::optional<JsonValue> tag = value.Find("type");
  if (!tag) return FailMissing("type", error);
  if (ReadName(*tag, names, "variant identifier", out, error)) return true;
  PrependMember("type", error);
  return false;
}

bool ReadPermissions(const JsonValue& value, SandboxDemand* demand, RpcError* error) {
  std::string_view type;
  if (!ReadTag(value, {"managed", "disabled", "external"}, "ExecPermissionProfile", &type, error)) {
    return false;
  }
  *demand = SandboxDemand::kNone;
  if (type == "disabled") return true;
  std::string_view files = "unrestricted";
  if (type == "managed") {
    const std::optional<JsonValue> member = value.Find("file_system");
    if (!member) return FailMissing("file_system", error);
    if (!ReadTag(*member, {"restricted", "unrestricted"}, "ExecManagedFileSystemPermissions",
                 &files, error)) {
      PrependMember("file_system", error);
      return false;
    }
  }
  // Older clients leave the network out.
  std::string_view network = "enabled";
  if (const std::optional<JsonValue> member = value.Find("network"); member) {
    if (!ReadName(*member, {"restricted", "enabled"}, "string or map", &network, error)) {
      PrependMember("network", error);
      return false;
    }
  }
  // "external" means that somebody else confines this server.
  const bool restricted = files == "restricted" || network == "restricted";
  if (type == "managed" && restricted) *demand = SandboxDemand::kRestricted;
  return true;
}

bool ReadLevel(const JsonValue& value, RpcError* error) {
  std::string_view level;
  return ReadName(value, {"disabled", "restricted-token", "elevated", "mxc"}, "string or map",
                  &level, error);
}

}  // namespace

bool DecodeSandbox(const JsonValue& value, Sandbox* out, RpcError* error) {
  if (!value.IsObject()) {
    return Fail(TypeFault(value, "struct WireFileSystemSandboxContext"), error);
  }
  bool has_permissions = false;
  bool has_level = false;
  for (const JsonItem& item : value.Items()) {
    bool good = true;
    if (item.key == "permissions") {
      has_permissions = true;
      good = ReadPermissions(item.value, &out->demand, error);
    } else if (item.key == "windowsSandboxLevel") {
      has_level = true;
      good = ReadLevel(item.value, error);
    }
    if (!good) {
      PrependMember(item.key, error);
      return false;
    }
  }
  if (!has_permissions) return FailMissing("permissions", error);
  if (!has_level) return FailMissing("windowsSandboxLevel", error);
  return true;
}

}  // namespace paned::protocol
