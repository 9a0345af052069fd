#include "server/terminals.h"

#include <cstdlib>
#include <utility>

namespace paned {
namespace {

std::function<void(std::string_view, const std::string&)> Into(Log* log) {
  return [log](std::string_view level, const std::string& line) {
    log->Write(ParseLogLevel(level).value_or(LogLevel::kInfo), line);
  };
}

}  // namespace

Terminals::Terminals(asio::io_context* io, Clock* clock, Log* log, Reaper* reaper,
                     const TerminalSettings& settings)
    : io_(io), clock_(clock), log_(log), reaper_(reaper), settings_(settings) {}

Terminals::~Terminals() = default;

Result<std::unique_ptr<Terminals>> Terminals::Open(asio::io_context* io, Clock* clock, Log* log,
                                                   Reaper* reaper,
                                                   const TerminalSettings& settings) {
  auto terminals = std::make_unique<Terminals>(io, clock, log, reaper, settings);
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
  terminals->pool_ =
      std::make_unique<HolderPool>(io, clock, settings.pool_size, launcher, fallback, Into(log));
  terminals->backend_ =
      std::make_unique<TerminalBackend>(clock, terminals->pool_.get(), settings.limits);
  return terminals;
}

void Terminals::OpenPty() {
  ptys_ = std::make_unique<PtyLauncher>(
      io_, image_->path(), directory_ ? directory_->path() : std::string(),
      [reaper = reaper_](UniqueFd pidfd) { reaper->Adopt(std::move(pidfd)); });
}

Status Terminals::OpenTmux() {
  Result<std::string> version = TmuxServer::Probe("tmux");
  if (!version.ok()) return std::move(version.error());
  Result<std::string> tmux_socket = directory_->Socket("tmux.sock");
  if (!tmux_socket.ok()) return std::move(tmux_socket.error());
  // The longest name of a holder's own socket.
  Result<std::string> longest = directory_->Socket("h/4194304-ffffffffffff-4294967295.sock");
  if (!longest.ok()) return std::move(longest.error());
  Result<std::string> holders_socket = directory_->Socket("holders.sock");
  if (!holders_socket.ok()) return std::move(holders_socket.error());
  TmuxOptions options;
  options.directory = directory_->path();
  options.front_command = {image_->path(), "--front"};
  tmux_ = std::make_unique<TmuxServer>(io_, clock_, std::move(options), Into(log_));
  Result<std::unique_ptr<PaneLauncher>> panes = PaneLauncher::Listen(
      io_, clock_, tmux_.get(), image_->path(), directory_->path(), holders_socket.value());
  if (!panes.ok()) {
    tmux_.reset();
    return std::move(panes.error());
  }
  panes_ = std::move(panes.value());
  why_ = "tmux " + version.value();
  return Done{};
}

std::string_view Terminals::name() const {
  if (!backend_) return "none";
  return pool_->name();
}

std::optional<protocol::PanedCapabilities> Terminals::capabilities() const {
  if (!backend_) return std::nullopt;
  protocol::PanedCapabilities capabilities;
  capabilities.screen = panes_ != nullptr;
  capabilities.tty_backend = std::string(name());
  return capabilities;
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
