// The command line, read once into plain values. Threading: pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/auth/auth_setup.h"
#include "server/base/log.h"
#include "server/base/result.h"
#include "server/client/attach.h"
#include "server/client/healthcheck.h"
#include "server/client/ps.h"
#include "server/net/ws_endpoint.h"
#include "server/process/client_profile.h"
#include "server/process/process.h"
#include "server/terminals.h"

namespace paned {

struct StdioListen {};
using Listen = std::variant<ListenAddress, StdioListen>;

struct ServeOptions {
  Listen listen = ListenAddress{"127.0.0.1", 0, {}};
  bool insecure_no_auth = false;
  WsAuthFlags auth;
  std::size_t concurrent_requests = 0;  // of one connection; 0: no limit
  bool exit_on_stdin_close = false;
  bool init = false;         // stay as process 1 around the server
  bool process_one = false;  // not by a flag: the program was process 1, so it stays as such
  // SIGHUP: token files are read again and the log is opened anew; else it ends the server, as
  // SIGTERM. Not said: TakeEnvironment says it.
  std::optional<bool> reload_on_hangup;
  std::size_t max_message_bytes = std::size_t{64} << 20;
  Duration detach_ttl = std::chrono::seconds(80);
  ProcessLimits limits;
  TerminalSettings terminals;
  std::size_t retain_total_bytes = std::size_t{256} << 20;
  Duration ping_interval = std::chrono::seconds(30);
  Duration pong_patience = std::chrono::seconds(60);
  const ClientProfile* profile = nullptr;  // null: by clientName
  LogLevel log_level = LogLevel::kInfo;
};

// What the command line asks for.
struct ShowText {
  std::string text;  // for stdout, exit 0
};
using Command = std::variant<ServeOptions, PsOptions, AttachOptions, HealthcheckOptions, ShowText>;

// Error messages are complete and end with the remedy; the program then exits 2.
Result<Command> ParseCommandLine(const std::vector<std::string>& arguments);

// "80", "80s", "500ms", "2m", "1h"; nothing when it is none of these. A bare number is seconds.
std::optional<Duration> ParseDuration(std::string_view text);
// "1048576", "64K", "8M", "1G"; powers of 1024.
std::optional<std::size_t> ParseSize(std::string_view text);
// The forms of --listen.
Result<Listen> ParseListen(const std::string& url);

// Refuses an address that others can reach when nothing says who they may be.
Status CheckExposure(const ServeOptions& options);

// Whether `ip` is of this machine alone (127.0.0.0/8 or ::1).
bool IsLoopback(const std::string& ip);

}  // namespace paned
