#include "protocol/method.h"

#include <array>

namespace paned::protocol {
namespace {

constexpr std::array<MethodRow, kMethodCount> kMethods = {{
    {Method::kInitialize, "initialize", ""},
    {Method::kProcessStart, "process/start", "exec"},
    {Method::kProcessRead, "process/read", "exec"},
    {Method::kProcessWrite, "process/write", "exec"},
    {Method::kProcessSignal, "process/signal", "exec"},
    {Method::kProcessTerminate, "process/terminate", "exec"},
    {Method::kFsReadFile, "fs/readFile", "filesystem"},
    {Method::kFsWriteFile, "fs/writeFile", "filesystem"},
    {Method::kFsCreateDirectory, "fs/createDirectory", "filesystem"},
    {Method::kFsGetMetadata, "fs/getMetadata", "filesystem"},
    {Method::kFsCanonicalize, "fs/canonicalize", "filesystem"},
    {Method::kFsReadDirectory, "fs/readDirectory", "filesystem"},
    {Method::kFsRemove, "fs/remove", "filesystem"},
    {Method::kFsCopy, "fs/copy", "filesystem"},
    {Method::kFsOpen, "fs/open", "filesystem"},
    {Method::kFsReadBlock, "fs/readBlock", "filesystem"},
    {Method::kFsWriteBlock, "fs/writeBlock", "filesystem"},
    {Method::kFsClose, "fs/close", "filesystem"},
    {Method::kFsWalk, "fs/walk", "filesystem"},
    {Method::kFsWatchMissing, "fs/watchMissing", "filesystem"},
    {Method::kHttpRequest, "http/request", "http"},
    {Method::kEnvironmentInfo, "environment/info", "environment info"},
    {Method::kEnvironmentStatus, "environment/status", "environment status"},
    {Method::kEnvironmentConfigRead, "environmentConfig/read", "environment config"},
    {Method::kCapabilitiesDiscoverV2, "capabilities/discoverV2", "capability discovery"},
    {Method::kPanedResize, "paned/resize", "paned"},
    {Method::kPanedScreen, "paned/screen", "paned"},
}};

// RowOf takes the row by the method's number.
constexpr bool InOrder() {
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (static_cast<std::size_t>(kMethods[i].method) != i) return false;
  }
  return true;
}
static_assert(InOrder());

}  // namespace

const MethodRow& RowOf(Method method) { return kMethods[static_cast<std::size_t>(method)]; }

std::optional<Method> FindMethod(std::string_view name) {
  for (const MethodRow& row : kMethods) {
    if (row.name == name) return row.method;
  }
  return std::nullopt;
}

}  // namespace paned::protocol
