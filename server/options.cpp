#include "server/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

#include "server/client/client_options.h"
#include "server/reference_flags.h"

namespace paned {
namespace {

constexpr char kHelp[] = R"(paned - a codex-compatible exec-server

Usage:
  paned serve [options]     serve clients until SIGTERM or SIGINT
  paned ps [--json]         what the servers of this user run
  paned attach [PROCESS] [--write]
                            look at a process in its tmux pane; detach with C-b d
  paned healthcheck [URL]   whether a server is ready [ws://127.0.0.1:8765]
  paned --help | --version

The first and only line on stdout is the bound URL; the log goes to stderr.
Point codex at it with CODEX_EXEC_SERVER_URL=URL.

Where to listen:
  --listen URL              ws://IP:PORT (port 0: any free one), unix:///path,
                            stdio or stdio://          [ws://127.0.0.1:0]
  --insecure-no-auth        allow an address beyond loopback without --ws-auth, although
                            whoever reaches it can run commands here
  --exit-on-stdin-close     end when standard input ends, as if asked to
Who may connect (WebSocket only; every client must send the token as a bearer):
  --ws-auth WORD            capability-token: one token, kept in a file, as a digest,
                            or in $CODEX_EXEC_SERVER_CONNECTION_TOKEN;
                            signed-bearer-token: JWTs, HS256              [none]
  --ws-token-file PATH      the capability token
  --ws-token-sha256 HEX     or its SHA-256 digest
  --ws-shared-secret-file PATH
                            what JWTs are signed with, at least 32 bytes
  --ws-issuer TEXT          what iss of a JWT must be
  --ws-audience TEXT        what aud of a JWT must be or have
  --ws-max-clock-skew-seconds N
                            by how much exp and nbf may be missed           [30]
In a container:
  --init                    be a good process 1: pass signals on to the server and
                            reap orphans, in a small process of its own; done without
                            the flag where paned is process 1
Looking at what runs (ps, attach; both take --runtime-dir):
  PROCESS                   an id, the beginning of one, or SESSION/ID; not needed
                            when only one process has a pane
  --write                   let the person type; otherwise read-only
  --json                    as the servers say it: an object per line
Limits:
  --concurrent-requests N   requests of one connection that run at once; 1: strictly
                            in order, as codex's own server does      [no limit]
  --max-message-bytes SIZE  largest message taken from a client            [64M]
  --retain-bytes SIZE       output kept per process                         [8M]
  --retain-total-bytes SIZE output kept for all processes together        [256M]
  --when-full WORD          what happens when a process fills what is kept and
                            nobody reads: timed (held back; after 60 s with a
                            client attached the oldest output goes), hold
                            (held back for good), evict (never held)     [timed]
Terminals (tty: true):
  --tty-backend WORD        tmux: in panes that people can attach to; pty: bare;
                            auto: tmux when it is there                   [auto]
  --on-exit WORD            when the server ends on request: end its terminals, or
                            keep them and their panes running              [end]
  --pane-pool N             terminals kept waiting, for quick starts         [4]
  --holder-ttl TIME         how long a terminal runs on without a server     [24h]
  --holder-ended-ttl TIME   the same once its program has ended            [10m]
  --runtime-dir DIR         where sockets are kept [$XDG_RUNTIME_DIR/paned, else
                            /tmp/paned-UID]
Clients and sessions:
  --detach-ttl TIME         how long a session waits for its client to come
                            back before its processes are ended            [80s]
  --profile WORD            how to treat clients: auto (by clientName), codex,
                            go, generic                                   [auto]
  --ping-interval TIME      WebSocket pings                                [30s]
  --pong-patience TIME      silence after which a client is gone           [60s]
Signals: TERM and INT end the server gently, a second one and QUIT at once; USR1 and
USR2 do nothing.
  --hup WORD                HUP: end, as TERM (but ignored under nohup); or reload:
                            read token files again, open the log file anew
                                           [end; reload where $NOTIFY_SOCKET is set]
Log:
  --log-level WORD          debug, info, warn, error, off                 [info]

SIZE takes K, M or G; TIME takes ms, s, m or h. --flag VALUE and --flag=VALUE
are the same. Exit codes: 0 ended on request, 1 could not serve, 2 wrong usage;
healthcheck: 0 ready, 1 not ready.
)";

Error Usage(const std::string& what) {
  return {ErrorKind::kInvalidParams, what + "\nTry: paned --help"};
}

template <class Number>
std::optional<std::pair<Number, std::string_view>> LeadingNumber(std::string_view text) {
  Number number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end == text.data()) return std::nullopt;
  return std::pair(number, text.substr(static_cast<std::size_t>(end - text.data())));
}

std::optional<WhenFull> ParseWhenFull(std::string_view word) {
  if (word == "timed") return WhenFull::kTimed;
  if (word == "hold") return WhenFull::kHold;
  if (word == "evict") return WhenFull::kEvict;
  return std::nullopt;
}

std::optional<TtyBackend> ParseTtyBackend(std::string_view word) {
  if (word == "auto") return TtyBackend::kAuto;
  if (word == "tmux") return TtyBackend::kTmux;
  if (word == "pty") return TtyBackend::kPty;
  return std::nullopt;
}

std::optional<std::size_t> ParseCount(std::string_view text, std::size_t most) {
  const auto number = LeadingNumber<std::size_t>(text);
  if (!number || !number->second.empty() || number->first > most) return std::nullopt;
  return number->first;
}

bool AssignSeconds(std::optional<Duration> parsed, std::chrono::seconds* target) {
  if (!parsed || *parsed < std::chrono::seconds(1)) return false;
  *target = std::chrono::duration_cast<std::chrono::seconds>(*parsed);
  return true;
}

// One flag with a value: its name, and how the value is taken. False: the value is no good.
struct Flag {
  std::string_view name;
  std::string_view wants;
  bool (*take)(const std::string& value, ServeOptions* options);
};

template <class T>
bool Assign(std::optional<T> parsed, T* target) {
  if (parsed) *target = *parsed;
  return parsed.has_value();
}

// Sizes and times of zero would make no sense anywhere.
template <class T>
bool AssignPositive(std::optional<T> parsed, T* target) {
  return parsed && *parsed > T{} && Assign(parsed, target);
}

constexpr std::size_t kLeastMessage = 1024;
constexpr std::size_t kLeastRetained = 4096;
constexpr std::size_t kMostWaiting = 64;

const std::array<Flag, 17> kFlags = {{
    {"--max-message-bytes", "a size of at least 1K, such as 64M",
     [](const std::string& v, ServeOptions* o) {
       return AssignPositive(ParseSize(v), &o->max_message_bytes) &&
              o->max_message_bytes >= kLeastMessage;
     }},
    {"--retain-bytes", "a size of at least 4K, such as 8M",
     [](const std::string& v, ServeOptions* o) {
       return AssignPositive(ParseSize(v), &o->limits.retain_bytes) &&
              o->limits.retain_bytes >= kLeastRetained;
     }},
    {"--retain-total-bytes", "a size of at least 4K, such as 256M",
     [](const std::string& v, ServeOptions* o) {
       return AssignPositive(ParseSize(v), &o->retain_total_bytes) &&
              o->retain_total_bytes >= kLeastRetained;
     }},
    {"--when-full", "timed, hold or evict",
     [](const std::string& v, ServeOptions* o) {
       return Assign(ParseWhenFull(v), &o->limits.when_full);
     }},
    {"--detach-ttl", "a time, such as 80s",
     [](const std::string& v, ServeOptions* o) {
       return AssignPositive(ParseDuration(v), &o->detach_ttl);
     }},
    {"--ping-interval", "a time, such as 30s",
     [](const std::string& v, ServeOptions* o) {
       return AssignPositive(ParseDuration(v), &o->ping_interval);
     }},
    {"--pong-patience", "a time, such as 60s",
     [](const std::string& v, ServeOptions* o) {
       return AssignPositive(ParseDuration(v), &o->pong_patience);
     }},
    {"--profile", "auto, codex, go or generic",
     [](const std::string& v, ServeOptions* o) {
       o->profile = FindProfile(v);
       return o->profile != nullptr || v == "auto";
     }},
    {"--tty-backend", "auto, tmux or pty",
     [](const std::string& v, ServeOptions* o) {
       return Assign(ParseTtyBackend(v), &o->terminals.backend);
     }},
    {"--on-exit", "end or keep",
     [](const std::string& v, ServeOptions* o) {
       o->terminals.keep_on_exit = v == "keep";
       return v == "keep" || v == "end";
     }},
    {"--pane-pool", "a number from 0 to 64",
     [](const std::string& v, ServeOptions* o) {
       return Assign(ParseCount(v, kMostWaiting), &o->terminals.pool_size);
     }},
    {"--holder-ttl", "a time of at least a second, such as 24h",
     [](const std::string& v, ServeOptions* o) {
       return AssignSeconds(ParseDuration(v), &o->terminals.limits.running_ttl);
     }},
    {"--holder-ended-ttl", "a time of at least a second, such as 10m",
     [](const std::string& v, ServeOptions* o) {
       return AssignSeconds(ParseDuration(v), &o->terminals.limits.ended_ttl);
     }},
    {"--runtime-dir", "a directory",
     [](const std::string& v, ServeOptions* o) {
       o->terminals.runtime_dir = v;
       return !v.empty();
     }},
    {"--hup", "end or reload",
     [](const std::string& v, ServeOptions* o) {
       o->reload_on_hangup = v == "reload";
       return v == "reload" || v == "end";
     }},
    {"--log-level", "debug, info, warn, error or off",
     [](const std::string& v, ServeOptions* o) { return Assign(ParseLogLevel(v), &o->log_level); }},
    {"--listen", "", nullptr},
}};

// A flag of either kind. Its value may be missing.
Status TakeFlag(const std::string& name, const std::optional<std::string>& value,
                ServeOptions* options) {
  const auto* known = std::find_if(kFlags.begin(), kFlags.end(),
                                   [&](const Flag& flag) { return flag.name == name; });
  if (known == kFlags.end() && !IsReferenceFlag(name)) {
    return Usage("unknown option `" + name + "`");
  }
  if (!value) return Usage(name + " needs a value");
  if (known == kFlags.end()) return TakeReferenceFlag(name, *value, options);
  if (known->take == nullptr) {
    Result<Listen> listen = ParseListen(*value);
    if (!listen.ok()) return std::move(listen.error());
    options->listen = std::move(listen.value());
    return Done{};
  }
  if (known->take(*value, options)) return Done{};
  return Usage(name + " wants " + std::string(known->wants) + ", got `" + *value + "`");
}

Result<Command> ParseServe(const std::vector<std::string>& arguments) {
  ServeOptions options;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "--help" || name == "-h") return Command(ShowText{kHelp});
    if (name == "--insecure-no-auth") {
      options.insecure_no_auth = true;
      continue;
    }
    if (name == "--init") {
      options.init = true;
      continue;
    }
    if (name == "--exit-on-stdin-close") {
      options.exit_on_stdin_close = true;
      continue;
    }
    std::optional<std::string> value;
    if (const std::size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    Status taken = TakeFlag(name, value, &options);
    if (!taken.ok()) return std::move(taken.error());
  }
  Status exposure = CheckExposure(options);
  if (!exposure.ok()) return std::move(exposure.error());
  return Command(std::move(options));
}

Result<Command> ParseHealthcheck(const std::vector<std::string>& arguments) {
  HealthcheckOptions options;
  if (arguments.size() == 1) return Command(options);
  if (arguments.size() > 2) return Usage("healthcheck takes one URL at most");
  options.url = arguments[1];
  if (options.url == "--help" || options.url == "-h") return Command(ShowText{kHelp});
  Result<Listen> server = ParseListen(options.url);
  auto* address = server.ok() ? std::get_if<ListenAddress>(&server.value()) : nullptr;
  if (address == nullptr || (address->unix_path.empty() && address->port == 0)) {
    return Usage("healthcheck wants `ws://IP:PORT` or `unix:///path`, got `" + options.url + "`");
  }
  options.address = std::move(*address);
  return Command(std::move(options));
}

// A client's command line: its options, or the help.
template <class Options>
Result<Command> ParseClient(Result<Options> (*parse)(const std::vector<std::string>&),
                            const std::vector<std::string>& arguments) {
  const bool help = arguments.size() == 2 && (arguments[1] == "--help" || arguments[1] == "-h");
  if (help) return Command(ShowText{kHelp});
  Result<Options> options = parse(arguments);
  if (!options.ok()) return Usage(options.error().message);
  return Command(std::move(options.value()));
}

}  // namespace

std::optional<Duration> ParseDuration(std::string_view text) {
  const auto number = LeadingNumber<std::uint32_t>(text);
  if (!number) return std::nullopt;
  const auto& [count, unit] = *number;
  if (unit == "ms") return std::chrono::milliseconds(count);
  if (unit == "s" || unit.empty()) return std::chrono::seconds(count);
  if (unit == "m") return std::chrono::minutes(count);
  if (unit == "h") return std::chrono::hours(count);
  return std::nullopt;
}

std::optional<std::size_t> ParseSize(std::string_view text) {
  const auto number = LeadingNumber<std::uint64_t>(text);
  if (!number) return std::nullopt;
  const auto& [count, unit] = *number;
  constexpr std::array<std::string_view, 4> kUnits = {"", "K", "M", "G"};
  for (std::size_t power = 0; power < kUnits.size(); ++power) {
    if (unit != kUnits[power]) continue;
    const std::size_t shift = 10 * power;
    if (count > (std::uint64_t{1} << 50 >> shift)) return std::nullopt;
    return static_cast<std::size_t>(count << shift);
  }
  return std::nullopt;
}

Result<Command> ParseCommandLine(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return Usage("no command given");
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h" || first == "help") return Command(ShowText{kHelp});
  if (first == "--version" || first == "version") {
    return Command(
        ShowText{"paned " PANED_VERSION " (codex exec-server protocol 0.120 to 0.169)\n"});
  }
  if (first == "serve") return ParseServe(arguments);
  if (first == "ps") return ParseClient(ParsePs, arguments);
  if (first == "attach") return ParseClient(ParseAttach, arguments);
  if (first == "healthcheck") return ParseHealthcheck(arguments);
  return Usage("unknown command `" + first + "`");
}

}  // namespace paned
