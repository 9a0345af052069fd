// Every method and notification of the protocol, in one table: name, family, handshake need.
// Adding a method begins with a row here; one without a handler is answered as unknown. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace paned::protocol {

enum class Method : unsigned char {
  kInitialize,
  kProcessStart,
  kProcessRead,
  kProcessWrite,
  kProcessSignal,
  kProcessTerminate,
  kFsReadFile,
  kFsWriteFile,
  kFsCreateDirectory,
  kFsGetMetadata,
  kFsCanonicalize,
  kFsReadDirectory,
  kFsRemove,
  kFsCopy,
  kFsOpen,
  kFsReadBlock,
  kFsWriteBlock,
  kFsClose,
  kFsWalk,
  kFsWatchMissing,
  kHttpRequest,
  kEnvironmentInfo,
  kEnvironmentStatus,
  kEnvironmentConfigRead,
  kCapabilitiesDiscoverV2,
  kPanedResize,
  kPanedScreen,
};
inline constexpr std::size_t kMethodCount = 27;

// The words the reference uses in its handshake errors: "client must call initialize before using
// FAMILY methods" (section 4). Empty for initialize itself; "paned" for what the reference lacks.
struct MethodRow {
  Method method;
  std::string_view name;
  std::string_view family;
};

// The row of a method.
const MethodRow& RowOf(Method method);

// The method called `name`, exactly; nothing for an unknown one.
std::optional<Method> FindMethod(std::string_view name);

inline constexpr std::string_view kInitialized = "initialized";
inline constexpr std::string_view kProcessOutput = "process/output";
inline constexpr std::string_view kProcessExited = "process/exited";
inline constexpr std::string_view kProcessClosed = "process/closed";
inline constexpr std::string_view kFsMissingChanged = "fs/missingChanged";
inline constexpr std::string_view kHttpBodyDelta = "http/request/bodyDelta";

}  // namespace paned::protocol
