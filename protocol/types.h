// The wire's parameters and results as plain structs, named after the methods that carry them.
// Here: what several methods share, the session's and the processes'; the others' stand in
// fs_types.h, http_types.h and environment_types.h. Names on the wire, needs and defaults stand in
// the *fields.h of the same name, one row per member.
// Source: exec-server protocol, sections 4, 7 and 11. Values; pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paned::protocol {

// A path as a client wrote it: an absolute native path ("/a b") or a file: URI ("file:///a%20b").
// Replies use the form of the request.
enum class PathForm { kPlain, kUri };
struct Path {
  std::string native;  // absolute bytes without NUL; empty when `unusable` is set
  PathForm form = PathForm::kPlain;
  // A URI that decodes but names nothing on this host (another host, a drive letter):
  // "'URI' is invalid on 'linux'". fs methods answer it with -32600, cwd with -32602.
  std::string unusable = {};
  std::string text = {};  // as written, for error texts; kept only when `unusable` is set
};

// A base64 member still as text, inside the frame: decoded where the method says so.
struct Base64Text {
  std::string_view text;
};

// Raw bytes of a result; leave as base64.
struct Bytes {
  std::string_view raw;
};

// What a `sandbox` object asks for, as far as the server must know to accept or refuse it.
enum class SandboxDemand {
  kNone,        // null, absent, "disabled", "external", or managed with everything unrestricted
  kRestricted,  // managed with a restricted file system or network
};
struct Sandbox {
  SandboxDemand demand = SandboxDemand::kNone;
};

enum class InheritPolicy { kCore, kAll, kNone };
struct EnvPolicy {
  InheritPolicy inherit = InheritPolicy::kAll;
  bool ignore_default_excludes = false;
  std::vector<std::string> exclude;
  std::map<std::string, std::string> set;
  std::vector<std::string> include_only;
};

struct Empty {};

struct InitializeParams {
  std::string client_name;
  std::optional<std::string> resume_session_id;
};
// `environment_info` is ready-made JSON: it is the same for every session of one server.
struct InitializeResult {
  std::string session_id;
  std::string_view environment_info;
};

struct StartMetadata {
  std::optional<std::string> thread_id;
  std::optional<std::string> tool_call_id;
};
// The shell whose functions, aliases, options and exported variables a command is to find.
struct ShellSnapshotShell {
  std::string name;
  std::string path;
};
struct ShellSnapshotParams {
  std::string scope_id;
  ShellSnapshotShell shell;
};
// What a networkProxy asks for. It is refused; read only so far that nonsense is told as such.
enum class NetworkProxyMode { kLimited, kFull };
struct NetworkProxyConfig {
  bool enabled = false;
  bool enable_socks5 = false;
  bool enable_socks5_udp = false;
  bool allow_upstream_proxy = false;
  bool dangerously_allow_all_unix_sockets = false;
  NetworkProxyMode mode = NetworkProxyMode::kLimited;
  bool has_domains = false;
  bool has_unix_sockets = false;
  bool allow_local_binding = false;
};
struct NetworkProxyParams {
  NetworkProxyConfig proxy;
  bool has_audit_metadata = false;
  std::optional<std::string> environment_id;
  std::optional<std::string> execution_id;
};
struct StartParams {
  std::string process_id;
  std::vector<std::string> argv;
  std::optional<Path> cwd;  // absent, null or "": the server's directory
  std::optional<std::map<std::string, std::string>> env;
  std::optional<EnvPolicy> env_policy;
  bool tty = false;
  bool pipe_stdin = false;
  std::optional<std::string> arg0;
  Sandbox sandbox;
  bool enforce_managed_network = false;
  bool has_managed_network = false;  // `managedNetwork` present and not null
  std::optional<NetworkProxyParams> network_proxy;
  std::optional<StartMetadata> metadata;
  std::optional<ShellSnapshotParams> shell_snapshot;
};
struct StartResult {
  std::string_view process_id;
  std::string_view sandbox_type = "none";
};

struct ReadParams {
  std::string process_id;
  std::uint64_t after_seq = 0;
  std::optional<std::uint64_t> max_bytes;
  std::uint64_t wait_ms = 0;
};
enum class OutputStream : unsigned char { kStdout, kStderr, kPty };
std::string_view NameOf(OutputStream stream);
struct OutputChunk {
  std::uint64_t seq = 0;
  OutputStream stream = OutputStream::kStdout;
  std::string_view bytes;
};
struct ReadResult {
  std::vector<OutputChunk> chunks;
  std::uint64_t next_seq = 1;
  bool exited = false;
  std::optional<std::int32_t> exit_code;  // null while the process runs, never after
  bool closed = false;
  std::optional<std::string> failure;
  bool sandbox_denied = false;
  // Ours: set only when output after the request's afterSeq is gone.
  std::optional<std::uint64_t> first_seq;   // seq of the oldest output that is still there
  std::optional<std::uint64_t> lost_bytes;  // bytes gone between afterSeq and first_seq
};

struct WriteParams {
  std::string process_id;
  std::string chunk;  // decoded
  std::optional<std::string> write_id;
};
enum class WriteStatus { kAccepted, kUnknownProcess, kStdinClosed, kStarting };
struct WriteResult {
  WriteStatus status = WriteStatus::kAccepted;
};

struct SignalParams {
  std::string process_id;  // `signal` must be "interrupt"; nothing else decodes
};
struct TerminateParams {
  std::string process_id;
};
struct TerminateResult {
  bool running = false;
};

// Ours: paned/resize and paned/screen, for processes on a terminal.
struct TerminalSize {
  std::uint16_t rows = 24;
  std::uint16_t cols = 80;
};
struct ResizeParams : TerminalSize {  // `rows` and `cols`, 1 to 1000 each
  std::string process_id;
};
struct ScreenParams {
  std::string process_id;
};
struct ScreenCursor {
  std::uint16_t row = 0;  // from 0, top left
  std::uint16_t col = 0;
};
struct ScreenResult {
  TerminalSize size;  // `rows` and `cols`
  ScreenCursor cursor;
  std::vector<std::string> lines;  // `rows` of them, without trailing blanks
  bool alternate_screen = false;
};

struct OutputNotification {
  std::string_view process_id;
  OutputChunk chunk;
};
struct ExitedNotification {
  std::string_view process_id;
  std::uint64_t seq = 0;
  std::int32_t exit_code = -1;
  bool sandbox_denied = false;
};
struct ClosedNotification {
  std::string_view process_id;
  std::uint64_t seq = 0;
};

}  // namespace paned::protocol
