#include "tmux/control_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "server/base/os_error.h"
#include "server/base/pidfd.h"
#include "tmux/tmux_program.h"

namespace paned {
namespace {

using asio::posix::stream_descriptor;

constexpr std::size_t kMaxErrorOutput = 4096;
constexpr std::size_t kMaxWrite = std::size_t{64} << 10;

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += "; ";
    text += line;
  }
  return text;
}

// The error texts of tmux are one line here, whatever they were.
std::string OneLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ';');
  return text;
}

}  // namespace

Result<std::shared_ptr<ControlClient>> ControlClient::Start(
    asio::io_context* io, Clock* clock, const std::string& program,
    const std::vector<std::string>& arguments, Duration patience, Events* events) {
  Result<TmuxChild> spawned = SpawnTmux(program, arguments);
  if (!spawned.ok()) return std::move(spawned.error());
  TmuxChild& child = spawned.value();
  const std::shared_ptr<ControlClient> client(new ControlClient(io, clock, patience, events));
  client->pid_ = child.pid;
  client->pidfd_.assign(child.pidfd.Release());
  client->channel_.assign(child.channel.Release());
  client->error_output_.assign(child.error_output.Release());
  client->WaitReadable();
  client->WaitForEnd();
  return client;
}

ControlClient::ControlClient(asio::io_context* io, Clock* clock, Duration patience, Events* events)
    : io_(io),
      clock_(clock),
      patience_(patience),
      events_(events),
      pidfd_(*io),
      channel_(*io),
      error_output_(*io) {}

ControlClient::~ControlClient() { Close(/*kill=*/false); }

void ControlClient::Send(Command command) {
  if (lost_ || events_ == nullptr) {
    FailLater({{std::move(command), {}}});
    return;
  }
  to_write_ += command.line;
  to_write_ += '\n';
  if (sent_.empty()) oldest_since_ = clock_->Now();
  sent_.push_back({std::move(command), {}});
  Watch();
  // Later: what is sent in one turn goes in one write, and no failure comes from within this call.
  if (!std::exchange(writing_, true)) {
    asio::post(*io_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Flush();
    });
  }
}

void ControlClient::Close(bool kill, std::function<void()> ended) {
  if (events_ == nullptr) return;
  events_ = nullptr;
  timer_.reset();
  if (!sent_.empty()) FailLater(std::exchange(sent_, {}));
  asio::error_code ignored;
  channel_.close(ignored);
  error_output_.close(ignored);
  if (!pidfd_.is_open()) {
    if (ended) asio::post(*io_, std::move(ended));
    return;
  }
  UniqueFd pidfd(pidfd_.release());
  if (kill) SignalBehind(pidfd.get(), SIGKILL);
  ReapLater(io_, std::move(pidfd), std::move(ended));
}

void ControlClient::FailLater(std::deque<Sent> sent) {
  asio::post(*io_, [unanswered = std::move(sent)] {
    for (const Sent& one : unanswered) {
      if (one.command.done) {
        one.command.done(Error{ErrorKind::kInternal, "the connection to tmux is closed"});
      }
    }
  });
}

void ControlClient::WaitReadable() {
  channel_.async_wait(stream_descriptor::wait_read,
                      [weak = weak_from_this()](const asio::error_code& error) {
                        const auto self = weak.lock();
                        if (self && !error) self->OnReadable();
                      });
}

void ControlClient::WaitWritable() {
  channel_.async_wait(stream_descriptor::wait_write,
                      [weak = weak_from_this()](const asio::error_code& error) {
                        const auto self = weak.lock();
                        if (self && !error) self->Flush();
                      });
}

void ControlClient::WaitForEnd() {
  pidfd_.async_wait(stream_descriptor::wait_read,
                    [weak = weak_from_this()](const asio::error_code& error) {
                      const auto self = weak.lock();
                      if (self && !error) self->OnEnded();
                    });
}

void ControlClient::OnReadable() {
  if (!channel_.is_open()) return;
  Drain();
  if (!lost_ && events_ != nullptr) WaitReadable();
}

// The client process is gone, and with it the connection: tmux may have got no further than this.
void ControlClient::OnEnded() {
  if (events_ == nullptr) return;
  UniqueFd pidfd(pidfd_.release());
  bool reap_lost = false;
  if (!Reap(pidfd, &reap_lost) && !reap_lost) {  // a wait may complete too early
    pidfd_.assign(pidfd.Release());
    WaitForEnd();
    return;
  }
  if (!lost_) Drain();
  Lose("its client has ended");
}

// Reads what there is.
void ControlClient::Drain() {
  while (channel_.is_open() && !lost_) {
    std::array<char, 16384> buffer;
    const ssize_t got = ::recv(channel_.native_handle(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      Lose("it has closed the connection");
      return;
    }
    parser_.Feed({buffer.data(), static_cast<std::size_t>(got)});
    Parse();
  }
}

void ControlClient::Parse() {
  while (events_ != nullptr && !lost_) {
    switch (parser_.Next()) {
      case ControlParser::Event::kNone:
        return;
      case ControlParser::Event::kReply:
        OnReply(&parser_.reply());
        break;
      case ControlParser::Event::kNotification:
        if (parser_.notification().name == "exit") {
          const std::string& why = parser_.notification().arguments;
          Lose(why.empty() ? "it has ended the session" : why);
        } else {
          events_->OnNotification(parser_.notification());
        }
        break;
      case ControlParser::Event::kError:
        Lose("it does not speak as expected: " + parser_.error());
        break;
    }
  }
}

void ControlClient::OnReply(ControlReply* reply) {
  if (!reply->ours) {
    if (!reply->ok) foreign_failure_ = Joined(reply->lines);
    return;
  }
  if (sent_.empty()) {
    Lose("it does not speak as expected: a reply to no command");
    return;
  }
  Sent& oldest = sent_.front();
  if (!reply->ok) {
    FinishOldest(Error{ErrorKind::kInternal, Joined(reply->lines)});
    return;
  }
  oldest.replies.push_back(std::move(reply->lines));
  if (oldest.replies.size() == oldest.command.replies) {
    Replies replies = std::move(oldest.replies);
    FinishOldest(std::move(replies));
    return;
  }
  const std::vector<std::string>& first = oldest.replies.front();
  if (oldest.command.counted && oldest.replies.size() == 1 && !first.empty()) {
    parser_.ExpectLines(std::strtoul(first.front().c_str(), nullptr, 10));
  }
}

void ControlClient::FinishOldest(Result<Replies> result) {
  const Done done = std::move(sent_.front().command.done);
  sent_.pop_front();
  oldest_since_ = clock_->Now();
  if (done) done(std::move(result));
}

void ControlClient::Flush() {
  writing_ = false;
  while (!to_write_.empty() && channel_.is_open() && !lost_) {
    const ssize_t put = ::send(channel_.native_handle(), to_write_.data(),
                               std::min(to_write_.size(), kMaxWrite), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) {
      writing_ = true;
      WaitWritable();
      return;
    }
    if (put < 0) return;  // the end of reading says why
    to_write_.erase(0, static_cast<std::size_t>(put));
  }
}

// One timer for all commands, set anew only when it has fired.
void ControlClient::Watch() {
  if (timer_ || sent_.empty()) return;
  const Duration left = oldest_since_ + patience_ - clock_->Now();
  timer_ = clock_->After(std::max(left, Duration::zero()), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void ControlClient::OnTimer() {
  const std::unique_ptr<Timer> fired = std::move(timer_);
  if (sent_.empty() || lost_) return;
  if (clock_->Now() < oldest_since_ + patience_) {
    Watch();
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_).count();
  Lose("it has not answered for " + std::to_string(seconds) + " s");
}

void ControlClient::Lose(std::string reason) {
  if (std::exchange(lost_, true) || events_ == nullptr) return;
  const auto self = shared_from_this();
  for (const std::string& more : {foreign_failure_, ErrorOutput()}) {
    if (!more.empty()) reason += ": " + more;
  }
  // Taken away first: OnLost closes the client, and they are still to be told.
  std::deque<Sent> unanswered = std::exchange(sent_, {});
  std::vector<Command> unset;
  for (Sent& sent : unanswered) {
    if (!sent.command.sets.empty()) unset.push_back(std::exchange(sent.command, {}));
  }
  events_->OnLost(reason, std::move(unset));
  for (Sent& sent : unanswered) {
    if (sent.command.done) {
      sent.command.done(Error{ErrorKind::kInternal, "tmux is lost: " + reason});
    }
  }
}

std::string ControlClient::ErrorOutput() {
  std::string text(kMaxErrorOutput, '\0');
  if (!error_output_.is_open()) return {};
  const ssize_t got = ::read(error_output_.native_handle(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return OneLine(std::move(text));
}

}  // namespace paned
