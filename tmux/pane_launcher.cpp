#include "tmux/pane_launcher.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "server/base/os_error.h"

namespace paned {
namespace {

constexpr Duration kHolderPatience = std::chrono::seconds(10);
constexpr Duration kAcceptAgain = std::chrono::milliseconds(100);
constexpr int kBacklog = 128;

}  // namespace

Result<std::unique_ptr<PaneLauncher>> PaneLauncher::Listen(asio::io_context* io, Clock* clock,
                                                           TmuxServer* tmux, std::string program,
                                                           std::string directory,
                                                           const std::string& socket_path) {
  const auto refused = [&](int error_number) {
    return Error{ErrorKind::kInternal,
                 "cannot listen on " + socket_path + ": " + OsErrorText(error_number), socket_path};
  };
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) return refused(ENAMETOOLONG);
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return refused(errno);
  ::unlink(socket_path.c_str());
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int reason = errno;
  ::umask(before);
  if (bound != 0) return refused(reason);
  if (::listen(listener.get(), kBacklog) != 0) return refused(errno);
  return std::make_unique<PaneLauncher>(io, clock, tmux, std::move(program), std::move(directory),
                                        std::move(listener));
}

PaneLauncher::PaneLauncher(asio::io_context* io, Clock* clock, TmuxServer* tmux,
                           std::string program, std::string directory, UniqueFd listener)
    : io_(io),
      clock_(clock),
      tmux_(tmux),
      program_(std::move(program)),
      directory_(std::move(directory)),
      listener_(*io, listener.Release()) {
  tmux_->set_on_gone([this, weak = std::weak_ptr<char>(alive_)] {
    if (!weak.expired()) OnTmuxGone();
  });
  WaitForCallers();
}

PaneLauncher::~PaneLauncher() = default;

void PaneLauncher::Launch(LaunchDone done) {
  const std::uint64_t number = ++last_number_;
  Launching& launching = launching_[number];
  launching.done = std::move(done);
  launching.timeout = clock_->After(kHolderPatience, [this, number] {
    Fail(number, {ErrorKind::kInternal, "the new tmux pane's holder did not answer"});
  });
  tmux_->OpenWindow("(waiting)", {program_, directory_},
                    [this, number, weak = std::weak_ptr<char>(alive_)](auto window) {
                      if (!weak.expired()) OnWindow(number, std::move(window));
                    });
}

void PaneLauncher::OnWindow(std::uint64_t number, Result<TmuxServer::Window> window) {
  const auto launching = launching_.find(number);
  if (launching == launching_.end()) {  // too late
    if (window.ok()) tmux_->Kill(window.value().window);
  } else if (!window.ok()) {
    Fail(number, std::move(window.error()));
  } else {
    launching->second.window = std::move(window.value());
    Match(number);
  }
}

void PaneLauncher::WaitForCallers() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this, weak = std::weak_ptr<char>(alive_)](const asio::error_code& error) {
                         if (weak.expired() || error) return;
                         if (AcceptAll()) return WaitForCallers();
                         // They wait still: to ask at once would be to ask for ever.
                         accept_timer_ = clock_->After(kAcceptAgain, [this] { WaitForCallers(); });
                       });
}

// False: there are callers, but no descriptors or no memory for them now.
bool PaneLauncher::AcceptAll() {
  while (true) {
    UniqueFd socket(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid() && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!socket.valid()) return errno == EAGAIN;
    HelloListener::Await(&greeting_, std::make_shared<HolderLink>(io_, std::move(socket)),
                         [this, weak = std::weak_ptr<char>(alive_)](
                             std::shared_ptr<HolderLink> link, const HelloListener::Said* said) {
                           if (!weak.expired()) OnHello(std::move(link), said);
                         });
  }
}

void PaneLauncher::OnHello(std::shared_ptr<HolderLink> link, const HelloListener::Said* said) {
  if (said == nullptr) return;
  callers_.push_back({std::move(link), said->pane, said->socket_path});
  for (const auto& [number, launching] : launching_) {
    if (!launching.window || launching.window->pane != said->pane) continue;
    Match(number);
    return;
  }
}

void PaneLauncher::Match(std::uint64_t number) {
  const auto launching = launching_.find(number);
  const TmuxServer::Window& window = *launching->second.window;
  const auto caller = std::find_if(callers_.begin(), callers_.end(),
                                   [&](const Caller& other) { return other.pane == window.pane; });
  if (caller == callers_.end()) return;
  Seat seat = {std::move(caller->link),        this,       window.window, window.pane,
               std::move(caller->socket_path), generation_};
  callers_.erase(caller);
  const LaunchDone done = std::move(launching->second.done);
  launching_.erase(launching);
  done(std::move(seat));
}

void PaneLauncher::Fail(std::uint64_t number, Error error) {
  const auto launching = launching_.find(number);
  if (const auto& window = launching->second.window) {
    tmux_->Kill(window->window);
    callers_.remove_if([&](const Caller& other) { return other.pane == window->pane; });
  }
  const LaunchDone done = std::move(launching->second.done);
  launching_.erase(launching);
  done(std::move(error));
}

// The windows are gone; their holders, if they run something, go on unseen.
void PaneLauncher::OnTmuxGone() {
  ++generation_;
  callers_.clear();
  std::vector<std::uint64_t> lost;
  for (const auto& [number, launching] : launching_) {
    if (launching.window) lost.push_back(number);
  }
  for (const std::uint64_t number : lost) {
    Fail(number, {ErrorKind::kInternal, "tmux ended while it opened a window"});
  }
}

bool PaneLauncher::MayRecycle(const Seat& seat) const {
  return Shown(seat) && tmux_->running() && tmux_->attached_people() == 0;
}

void PaneLauncher::Label(const Seat& seat, std::string_view text) {
  if (!Shown(seat)) return;
  tmux_->Rename(seat.window, text.empty() ? "(waiting)" : std::string(text));
  if (!text.empty()) tmux_->Select(seat.window);
}

void PaneLauncher::Resize(const Seat& seat, protocol::TerminalSize size) {
  if (Shown(seat)) tmux_->Resize({seat.window, seat.pane}, size.rows, size.cols);
}

void PaneLauncher::ReadScreen(const Seat& seat, BackendProcess::ScreenDone done) {
  if (!Shown(seat)) {
    asio::post(*io_, [done = std::move(done)] {
      done(Error{ErrorKind::kInvalidRequest,
                 "the process has lost its tmux pane: there is no screen to read",
                 {},
                 {},
                 "tmux was killed; the process runs on, and its output arrives as before"});
    });
    return;
  }
  tmux_->Capture(seat.pane, [done = std::move(done)](Result<TmuxServer::Screen> screen) {
    if (!screen.ok()) {
      done(std::move(screen.error()));
      return;
    }
    protocol::ScreenResult result;
    TmuxServer::Screen& seen = screen.value();
    result.size = {static_cast<std::uint16_t>(seen.rows), static_cast<std::uint16_t>(seen.cols)};
    result.cursor = {static_cast<std::uint16_t>(seen.cursor_row),
                     static_cast<std::uint16_t>(seen.cursor_col)};
    result.lines = std::move(seen.lines);
    result.alternate_screen = seen.alternate;
    done(std::move(result));
  });
}

}  // namespace paned
