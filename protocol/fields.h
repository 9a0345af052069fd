// The wire's fields: one row per member of each struct of types.h, used for decoding, encoding or
// both. A new field is a member in types.h and a row here. Source: exec-server protocol, sections 4
// and 7 to 11. Pure, constant.
#pragma once

#include <string_view>
#include <tuple>

#include "protocol/types.h"

namespace paned::protocol {

// What may be missing, and what is left out.
enum class Need {
  kRequired,     // in: must be there, null has the wrong type. Out: always written
  kOptional,     // in: absent or null keeps the default. Out: null when empty
  kDefaulted,    // in: absent keeps the default, null has the wrong type
  kOmitIfEmpty,  // in: as kOptional. Out: left out when empty
};

// How a member stands on the wire where its type does not tell.
enum class Form {
  kByType,
  kBase64,       // raw bytes as base64 text
  kUuid,         // in: text that must be a UUID
  kPresence,     // in: a bool that says whether the field is an object
  kJson,         // out: ready-made JSON
  kFlat,         // out: a struct whose fields stand directly in this one
  kPathOrEmpty,  // in: a path, or "" for none
};

template <class Owner, class Member>
struct Field {
  std::string_view name;
  Member Owner::*member;
  Need need = Need::kRequired;
  Form form = Form::kByType;
  std::string_view expected = {};  // what a wrong type is told to be, where the type does not tell
};

template <class Owner, class Member>
constexpr Field<Owner, Member> Row(std::string_view name, Member Owner::*member,
                                   Need need = Need::kRequired, Form form = Form::kByType,
                                   std::string_view expected = {}) {
  return {name, member, need, form, expected};
}

// A field with one permitted value and nothing to remember.
struct ConstantField {
  std::string_view name;
  std::string_view value;
};

// kName is the struct's name in the reference's "expected struct NAME" texts; output has none.
template <class Struct>
struct Fields;

template <>
struct Fields<InitializeParams> {
  static constexpr std::string_view kName = "InitializeParams";
  static constexpr auto kRows =
      std::tuple(Row("clientName", &InitializeParams::client_name),
                 Row("resumeSessionId", &InitializeParams::resume_session_id, Need::kOptional));
};

template <>
struct Fields<InitializeResult> {
  static constexpr auto kRows = std::tuple(
      Row("sessionId", &InitializeResult::session_id),
      Row("environmentInfo", &InitializeResult::environment_info, Need::kOmitIfEmpty, Form::kJson));
};

template <>
struct Fields<EnvPolicy> {
  static constexpr std::string_view kName = "ExecEnvPolicy";
  static constexpr auto kRows =
      std::tuple(Row("inherit", &EnvPolicy::inherit),
                 Row("ignoreDefaultExcludes", &EnvPolicy::ignore_default_excludes),
                 Row("exclude", &EnvPolicy::exclude), Row("set", &EnvPolicy::set),
                 Row("includeOnly", &EnvPolicy::include_only));
};

template <>
struct Fields<StartMetadata> {
  static constexpr std::string_view kName = "ExecMetadata";
  static constexpr auto kRows =
      std::tuple(Row("threadId", &StartMetadata::thread_id, Need::kOptional, Form::kUuid),
                 Row("toolCallId", &StartMetadata::tool_call_id, Need::kOptional));
};

template <>
struct Fields<ShellSnapshotShell> {
  static constexpr std::string_view kName = "ShellInfo";
  static constexpr auto kRows =
      std::tuple(Row("name", &ShellSnapshotShell::name), Row("path", &ShellSnapshotShell::path));
};

template <>
struct Fields<ShellSnapshotParams> {
  static constexpr std::string_view kName = "ShellSnapshotRequest";
  static constexpr auto kRows = std::tuple(Row("scopeId", &ShellSnapshotParams::scope_id),
                                           Row("shell", &ShellSnapshotParams::shell));
};

template <>
struct Fields<NetworkProxyConfig> {
  static constexpr std::string_view kName = "RemoteNetworkProxyConfig";
  static constexpr auto kRows = std::tuple(
      Row("enabled", &NetworkProxyConfig::enabled),
      Row("enableSocks5", &NetworkProxyConfig::enable_socks5),
      Row("enableSocks5Udp", &NetworkProxyConfig::enable_socks5_udp),
      Row("allowUpstreamProxy", &NetworkProxyConfig::allow_upstream_proxy),
      Row("dangerouslyAllowAllUnixSockets",
          &NetworkProxyConfig::dangerously_allow_all_unix_sockets),
      Row("mode", &NetworkProxyConfig::mode),
      Row("domains", &NetworkProxyConfig::has_domains, Need::kOptional, Form::kPresence, "a map"),
      Row("unixSockets", &NetworkProxyConfig::has_unix_sockets, Need::kOptional, Form::kPresence,
          "struct NetworkUnixSocketPermissions"),
      Row("allowLocalBinding", &NetworkProxyConfig::allow_local_binding));
};

template <>
struct Fields<NetworkProxyParams> {
  static constexpr std::string_view kName = "RemoteNetworkProxyLaunchConfig";
  static constexpr auto kRows =
      std::tuple(Row("proxy", &NetworkProxyParams::proxy),
                 Row("auditMetadata", &NetworkProxyParams::has_audit_metadata, Need::kOptional,
                     Form::kPresence, "struct NetworkProxyAuditMetadata"),
                 Row("environmentId", &NetworkProxyParams::environment_id, Need::kOptional),
                 Row("executionId", &NetworkProxyParams::execution_id, Need::kOptional));
};

template <>
struct Fields<StartParams> {
  static constexpr std::string_view kName = "WireExecParams";
  static constexpr auto kRows = std::tuple(
      Row("processId", &StartParams::process_id), Row("argv", &StartParams::argv),
      Row("cwd", &StartParams::cwd, Need::kOptional, Form::kPathOrEmpty),
      Row("env", &StartParams::env, Need::kOptional),
      Row("envPolicy", &StartParams::env_policy, Need::kOptional),
      Row("tty", &StartParams::tty, Need::kOptional),
      Row("pipeStdin", &StartParams::pipe_stdin, Need::kOptional),
      Row("arg0", &StartParams::arg0, Need::kOptional),
      Row("sandbox", &StartParams::sandbox, Need::kOptional),
      Row("enforceManagedNetwork", &StartParams::enforce_managed_network, Need::kOptional),
      Row("managedNetwork", &StartParams::has_managed_network, Need::kOptional, Form::kPresence,
          "struct ManagedNetworkSandboxContext"),
      Row("networkProxy", &StartParams::network_proxy, Need::kOptional),
      Row("metadata", &StartParams::metadata, Need::kOptional),
      Row("shellSnapshot", &StartParams::shell_snapshot, Need::kOptional));
};

template <>
struct Fields<StartResult> {
  static constexpr auto kRows = std::tuple(Row("processId", &StartResult::process_id),
                                           Row("sandboxType", &StartResult::sandbox_type));
};

template <>
struct Fields<ReadParams> {
  static constexpr std::string_view kName = "ReadParams";
  static constexpr auto kRows =
      std::tuple(Row("processId", &ReadParams::process_id),
                 Row("afterSeq", &ReadParams::after_seq, Need::kOptional),
                 Row("maxBytes", &ReadParams::max_bytes, Need::kOptional, Form::kByType, "usize"),
                 Row("waitMs", &ReadParams::wait_ms, Need::kOptional));
};

template <>
struct Fields<OutputChunk> {
  static constexpr auto kRows =
      std::tuple(Row("seq", &OutputChunk::seq), Row("stream", &OutputChunk::stream),
                 Row("chunk", &OutputChunk::bytes, Need::kRequired, Form::kBase64));
};

template <>
struct Fields<ReadResult> {
  static constexpr auto kRows = std::tuple(
      Row("chunks", &ReadResult::chunks), Row("nextSeq", &ReadResult::next_seq),
      Row("exited", &ReadResult::exited), Row("exitCode", &ReadResult::exit_code, Need::kOptional),
      Row("closed", &ReadResult::closed), Row("failure", &ReadResult::failure, Need::kOptional),
      Row("sandboxDenied", &ReadResult::sandbox_denied),
      Row("firstSeq", &ReadResult::first_seq, Need::kOmitIfEmpty),
      Row("lostBytes", &ReadResult::lost_bytes, Need::kOmitIfEmpty));
};

template <>
struct Fields<WriteParams> {
  static constexpr std::string_view kName = "WriteParams";
  static constexpr auto kRows =
      std::tuple(Row("processId", &WriteParams::process_id),
                 Row("chunk", &WriteParams::chunk, Need::kRequired, Form::kBase64),
                 Row("writeId", &WriteParams::write_id, Need::kOptional));
};

template <>
struct Fields<WriteResult> {
  static constexpr auto kRows = std::tuple(Row("status", &WriteResult::status));
};

template <>
struct Fields<SignalParams> {
  static constexpr std::string_view kName = "SignalParams";
  static constexpr auto kRows =
      std::tuple(Row("processId", &SignalParams::process_id), ConstantField{"signal", "interrupt"});
};

template <>
struct Fields<TerminateParams> {
  static constexpr std::string_view kName = "TerminateParams";
  static constexpr auto kRows = std::tuple(Row("processId", &TerminateParams::process_id));
};

template <>
struct Fields<TerminateResult> {
  static constexpr auto kRows = std::tuple(Row("running", &TerminateResult::running));
};

template <>
struct Fields<ResizeParams> {
  static constexpr std::string_view kName = "ResizeParams";
  static constexpr auto kRows =
      std::tuple(Row("processId", &ResizeParams::process_id), Row("rows", &TerminalSize::rows),
                 Row("cols", &TerminalSize::cols));
};

template <>
struct Fields<ScreenParams> {
  static constexpr std::string_view kName = "ScreenParams";
  static constexpr auto kRows = std::tuple(Row("processId", &ScreenParams::process_id));
};

template <>
struct Fields<TerminalSize> {
  static constexpr auto kRows =
      std::tuple(Row("rows", &TerminalSize::rows), Row("cols", &TerminalSize::cols));
};

template <>
struct Fields<ScreenCursor> {
  static constexpr auto kRows =
      std::tuple(Row("row", &ScreenCursor::row), Row("col", &ScreenCursor::col));
};

template <>
struct Fields<ScreenResult> {
  static constexpr auto kRows =
      std::tuple(Row("", &ScreenResult::size, Need::kRequired, Form::kFlat),
                 Row("cursor", &ScreenResult::cursor), Row("lines", &ScreenResult::lines),
                 Row("alternateScreen", &ScreenResult::alternate_screen));
};

template <>
struct Fields<OutputNotification> {
  static constexpr auto kRows =
      std::tuple(Row("processId", &OutputNotification::process_id),
                 Row("", &OutputNotification::chunk, Need::kRequired, Form::kFlat));
};

template <>
struct Fields<ExitedNotification> {
  static constexpr auto kRows = std::tuple(
      Row("processId", &ExitedNotification::process_id), Row("seq", &ExitedNotification::seq),
      Row("exitCode", &ExitedNotification::exit_code),
      Row("sandboxDenied", &ExitedNotification::sandbox_denied));
};

template <>
struct Fields<ClosedNotification> {
  static constexpr auto kRows = std::tuple(Row("processId", &ClosedNotification::process_id),
                                           Row("seq", &ClosedNotification::seq));
};

template <>
struct Fields<Empty> {
  static constexpr auto kRows = std::tuple();
};

}  // namespace paned::protocol
