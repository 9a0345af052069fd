#include "server/terminals.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "server/process/program_lookup.h"

namespace paned {
namespace {

constexpr char kTmux[] = "tmux";
// The longest name a holder gives its own socket.
constexpr char kLongestHolderSocket[] = "h/4194304-ffffffffffff-4294967295.sock";

bool OnPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  LaunchPlan plan;
  plan.argv = {program};
  plan.cwd = "/";
  if (path != nullptr) plan.env = {std::string("PATH=") + path};
  return !ProgramCandidates(plan).empty();
}

std::function<void(std::string_view, const std::string&)> Into(Log* log) {
  return [log](std::string_view level, const std::string& line) {
    log->Write(ParseLogLevel(level).value_or(LogLevel::kInfo), line);
  };
}

}  // namespace

Terminals::Terminals(const Parts& parts, const TerminalSettings& settings)
    : parts_(parts), settings_(settings) {}

Terminals::~Terminals() = default;

Result<std::unique_ptr<Terminals>> Terminals::Open(const Parts& parts,
                                                   const TerminalSettings& settings,
                                                   std::function<void()> on_change) {
  auto terminals = std::make_unique<Terminals>(parts, settings);
  Result<RuntimeDirectory> directory =
      RuntimeDirectory::Open(settings.runtime_dir, std::getenv("XDG_RUNTIME_DIR"));
  std::string lacking;
  if (directory.ok()) {
    terminals->directory_ = std::move(directory.value());
  } else if (settings.backend == TtyBackend::kTmux) {
    return std::move(directory.error());
  } else {
    lacking = directory.error().message;
  }
  Result<HolderImage> image = HolderImage::Load();
  if (!image.ok()) {
    if (settings.backend == TtyBackend::kTmux) return std::move(image.error());
    terminals->why_ = "no tty processes: " + image.error().message;
    return terminals;
  }
  terminals->image_ = std::move(image.value());
  terminals->OpenPty();
  if (settings.backend != TtyBackend::kPty && lacking.empty()) {
    const Status opened = terminals->OpenTmux();
    if (!opened.ok() && settings.backend == TtyBackend::kTmux) return opened.error();
    if (!opened.ok()) lacking = opened.error().message;
  }
  HolderLauncher* launcher = terminals->ptys_.get();
  HolderLauncher* fallback = nullptr;
  if (terminals->panes_) {
    launcher = terminals->panes_.get();
    if (settings.backend == TtyBackend::kAuto) fallback = terminals->ptys_.get();
  } else {
    terminals->why_ = lacking.empty() ? "pty" : "pty, without tmux: " + lacking;
  }
  terminals->pool_ = std::make_unique<HolderPool>(parts.io, parts.clock, settings.pool_size,
                                                  launcher, fallback, Into(parts.log));
  terminals->backend_ =
      std::make_unique<TerminalBackend>(parts.clock, terminals->pool_.get(), settings.limits);
  if (fallback != nullptr) terminals->ProbeTmux(std::move(on_change));
  return terminals;
}

void Terminals::OpenPty() {
  const bool room = directory_ && directory_->Socket(kLongestHolderSocket).ok();
  ptys_ = std::make_unique<PtyLauncher>(
      parts_.io, image_->path(), room ? directory_->path() : std::string(),
      [reaper = parts_.reaper](UniqueFd pidfd) { reaper->Adopt(std::move(pidfd)); });
}

Status Terminals::OpenTmux() {
  // Asking takes a few milliseconds, which a start has not: unless tmux is a must, it is enough to
  // see it now.
  if (settings_.backend == TtyBackend::kTmux || !OnPath(kTmux)) {
    Result<std::string> version = TmuxServer::Probe(kTmux);
    if (!version.ok()) return std::move(version.error());
    why_ = "tmux " + version.value();
  } else {
    why_ = kTmux;
  }
  Result<std::string> tmux_socket = directory_->Socket("tmux.sock");
  if (!tmux_socket.ok()) return std::move(tmux_socket.error());
  Result<std::string> longest = directory_->Socket(kLongestHolderSocket);
  if (!longest.ok()) return std::move(longest.error());
  Result<std::string> holders_socket = directory_->Socket("holders.sock");
  if (!holders_socket.ok()) return std::move(holders_socket.error());
  TmuxOptions options;
  options.directory = directory_->path();
  options.front_command = {image_->path(), "--front"};
  tmux_ =
      std::make_unique<TmuxServer>(parts_.io, parts_.clock, std::move(options), Into(parts_.log));
  Result<std::unique_ptr<PaneLauncher>> panes =
      PaneLauncher::Listen(parts_.io, parts_.clock, tmux_.get(), image_->path(), directory_->path(),
                           holders_socket.value());
  if (!panes.ok()) {
    tmux_.reset();
    return std::move(panes.error());
  }
  panes_ = std::move(panes.value());
  return Done{};
}

// In the background; a tmux that will not do gives way to bare ptys.
void Terminals::ProbeTmux(std::function<void()> on_change) {
  parts_.workers->Run<Result<std::string>>(
      [] { return TmuxServer::Probe(kTmux); },
      [this, on_change = std::move(on_change),
       weak = std::weak_ptr<char>(alive_)](Result<std::string> version) {
        if (weak.expired()) return;
        if (version.ok()) {
          why_ = "tmux " + version.value();
        } else {
          pool_->UseFallback();
          why_ = "pty, without tmux: " + version.error().message;
        }
        parts_.log->Write(version.ok() ? LogLevel::kInfo : LogLevel::kWarn, "terminals",
                          {{"tty", why_}});
        on_change();
      });
}

std::string_view Terminals::name() const {
  if (!backend_) return "none";
  return pool_->name();
}

std::optional<protocol::PanedCapabilities> Terminals::capabilities() const {
  if (!backend_) return std::nullopt;
  protocol::PanedCapabilities capabilities;
  capabilities.screen = panes_ != nullptr && name() == panes_->name();
  capabilities.tty_backend = std::string(name());
  return capabilities;
}

bool Terminals::HoldersLeft() const {
  if (!directory_) return false;
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator entry(directory_->path() + "/h", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (SocketAnswers(entry->path().string())) return true;
  }
  return false;
}

void Terminals::Stop(std::function<void()> done) {
  if (pool_) pool_->Stop();
  if (directory_ && settings_.keep_on_exit) directory_->Keep();
  if (!tmux_) {
    done();
    return;
  }
  tmux_->Stop(/*kill=*/!settings_.keep_on_exit, std::move(done));
}

}  // namespace paned
