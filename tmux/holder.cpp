#include "tmux/holder.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

namespace paned {
namespace {

constexpr std::string_view kWaitingText = "\x1b[2mpaned: this pane waits for a process\x1b[m\r\n";
// What is read from the terminal before the rest gets its turn.
constexpr std::size_t kReadPerTurn = std::size_t{64} << 10;
// Input taken is told with the next frame, or when this much has come together, or this late.
constexpr std::uint64_t kTellInputAfter = kInputWindow / 4;
constexpr int kTellInputMs = 10;
// How often a terminal that nobody has open is looked at while its program runs.
constexpr int kLookAgainMs = 20;
// How long after the pane's end it is decided whether tmux died or a person closed the pane: a
// dying tmux hangs up its panes before its children get a new parent.
constexpr std::int64_t kPaneLostMs = 250;
// What a killed child may take to die, unless it hangs in the kernel.
constexpr int kReapMs = 1000;

UniqueFd UnixSocket() {
  return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// "DIRECTORY/NAME" as a socket address; false when it is too long.
bool MakeAddress(const char* directory, const char* name, sockaddr_un* address) {
  *address = {};
  address->sun_family = AF_UNIX;
  const int size =
      std::snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", directory, name);
  return size > 0 && static_cast<std::size_t>(size) < sizeof(address->sun_path);
}

}  // namespace

std::int64_t Holder::NowMs() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

bool Holder::Prepare() {
  for (const int signal_number :
       {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH}) {
    ::signal(signal_number, SIG_IGN);
  }
  ::chdir("/");
  if (setup_.pane[0] != '\0') {
    termios raw = {};
    if (::tcgetattr(STDIN_FILENO, &raw) == 0) {
      ::cfmakeraw(&raw);
      ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    ::fcntl(STDIN_FILENO, F_SETFL, ::fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    ::fcntl(STDOUT_FILENO, F_SETFL, ::fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    mirror_.Open(STDOUT_FILENO);
    first_parent_ = ::getppid();
  }
  mirror_.Clear(kWaitingText);
  if (terminal_.Open() != 0) return false;
  if (!Listen()) return false;
  if (setup_.server >= 0) {
    peer_.Open(UniqueFd(setup_.server));
  } else {
    sockaddr_un server;
    UniqueFd socket = UnixSocket();
    if (!MakeAddress(setup_.directory, "holders.sock", &server) ||
        ::connect(socket.get(), reinterpret_cast<sockaddr*>(&server), sizeof(server)) != 0) {
      return false;
    }
    peer_.Open(std::move(socket));
  }
  tell_hello_ = true;
  return true;
}

// A path of its own for every process, never used again: an answer there is of that process.
bool Holder::Listen() {
  if (setup_.directory == nullptr) return true;
  if (listener_.valid()) ::unlink(address_.sun_path);
  std::array<char, 64> name = {};
  std::snprintf(name.data(), name.size(), "h/%d-%llx-%u.sock", static_cast<int>(::getpid()),
                static_cast<unsigned long long>(NowMs()), recycled_++);
  listener_ = UnixSocket();
  if (!listener_.valid() || !MakeAddress(setup_.directory, name.data(), &address_)) return false;
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address_), sizeof(address_));
  ::umask(before);
  return bound == 0 && ::listen(listener_.get(), 4) == 0;
}

int Holder::Run(const Setup& setup) {
  setup_ = setup;
  if (!Prepare()) return 1;
  while (!leaving_) {
    Pump();
    if (leaving_) break;
    FillPollSet();
    const int count = ::poll(polled_.data(), kPlaces, Timeout(NowMs()));
    if (count < 0 && errno != EINTR) break;
    input_due_ = count == 0;
    const auto ready = [&](Place place) { return polled_[place].revents != 0; };
    // The person first: a ^C must not wait behind a flood.
    if (ready(kPane)) OnPane();
    if (ready(kPaneOut)) mirror_.OnWritable();
    // The peer before the next one: that it has gone makes room.
    if (ready(kPeer)) OnPeer();
    if (ready(kListen)) OnAccept();
    if ((polled_[kTerminal].revents & POLLOUT) != 0) Type();
    if ((polled_[kTerminal].revents & (POLLIN | POLLHUP | POLLERR)) != 0 || draining()) {
      ReadTerminal();
    }
    if (ready(kChild) || (terminal_.running() && terminal_.pidfd() < 0)) OnChildEnded();
    OnTimers(NowMs());
  }
  if (listener_.valid()) ::unlink(address_.sun_path);
  return 0;
}

void Holder::FillPollSet() {
  const bool started = terminal_.started();
  const bool to_type = started && (typed_at_ < typed_size_ || input_at_ < input_size_);
  const bool to_read = started && !output_ended_ && !ring_.full() && look_again_at_ms_ == 0;
  const auto set = [&](Place place, int fd, bool read, bool write) {
    polled_[place].fd = read || write ? fd : -1;
    polled_[place].events = static_cast<short>(
        (read ? POLLIN : 0) | (write ? POLLOUT : 0));  // NOLINT(google-runtime-int)
    polled_[place].revents = 0;
  };
  set(kListen, listener_.get(), true, false);
  set(kPeer, peer_.fd(), true, !peer_.idle());
  set(kTerminal, terminal_.master(), to_read, to_type);
  set(kPane, STDIN_FILENO, mirror_.open(), false);
  // Keys wait until those before have been typed; that the pane is gone does not.
  if (typed_at_ < typed_size_) polled_[kPane].events = 0;
  set(kPaneOut, STDOUT_FILENO, false, mirror_.wants_write());
  set(kChild, terminal_.pidfd(), terminal_.running(), false);
}

// The leader has ended: what it wrote is read before its exit is told. What others write who still
// hold the terminal comes behind it, until the last of them has gone.
bool Holder::draining() const {
  return terminal_.exit().known && !drained_ && !output_ended_ && !ring_.full();
}

int Holder::Timeout(std::int64_t now_ms) const {
  if (draining()) return 0;
  std::int64_t wait = 3'600'000;
  const auto at_most = [&](std::int64_t ms) {
    wait = std::min(wait, std::max<std::int64_t>(ms, 0));
  };
  if (const int tick = mirror_.TickIn(now_ms); tick >= 0) at_most(tick);
  if (input_taken_ != input_told_) at_most(kTellInputMs);
  if (pane_lost_at_ms_ != 0) at_most(pane_lost_at_ms_ + kPaneLostMs - now_ms);
  if (terminal_.running() && terminal_.pidfd() < 0) at_most(20);
  if (look_again_at_ms_ != 0) at_most(look_again_at_ms_ - now_ms);
  if (ownerless_since_ms_ != 0) {
    at_most(ownerless_since_ms_ + ttl_ms() - now_ms);
  }
  return static_cast<int>(wait);
}

void Holder::OnTimers(std::int64_t now_ms) {
  mirror_.OnTick(ring_, now_ms);
  if (look_again_at_ms_ != 0 && now_ms >= look_again_at_ms_) {
    look_again_at_ms_ = 0;
    ReadTerminal();
  }
  if (pane_lost_at_ms_ != 0 && now_ms >= pane_lost_at_ms_ + kPaneLostMs) OnPaneLost();
  if (ownerless_since_ms_ != 0) {
    if (now_ms >= ownerless_since_ms_ + ttl_ms()) End();
  }
}

// --- the server ----------------------------------------------------------------------------------

void Holder::PutHello() {
  std::array<char, 1024> payload;
  HelloHead head;
  head.state = state_ == State::kWaiting   ? HelloHead::kWaiting
               : state_ == State::kRunning ? HelloHead::kRunning
                                           : HelloHead::kEnded;
  head.holder_pid = ::getpid();
  head.child_pid = terminal_.pid();
  head.has_exit = terminal_.exit().known ? 1 : 0;
  head.exit_value = terminal_.exit().value;
  head.first_offset = ring_.begin();
  head.end_offset = ring_.end();
  std::memcpy(payload.data(), &head, sizeof(head));
  std::size_t size = sizeof(head);
  const char* socket_path = listener_.valid() ? address_.sun_path : "";
  const char* process_id = process_id_.data();
  for (const char* text : {setup_.pane, socket_path, process_id}) {
    const std::size_t length = std::strlen(text) + 1;
    std::memcpy(payload.data() + size, text, length);
    size += length;
  }
  peer_.Put(FrameType::kHello, kChannelVersion, {payload.data(), size});
}

// Whoever connects is told who is here. It owns this holder when it says so and nobody else does.
void Holder::OnAccept() {
  UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) return;
  if (peer_.open() && (adopted_ || state_ == State::kWaiting)) return;
  peer_.Open(std::move(socket));
  adopted_ = false;
  tell_hello_ = true;
}

void Holder::OnPeer() {
  while (peer_.open() && !leaving_) {
    const HolderPeer::Incoming incoming = peer_.Receive();
    if (incoming.kind == HolderPeer::Incoming::Kind::kNothing) return;
    if (incoming.kind == HolderPeer::Incoming::Kind::kClosed) return LoseServer();
    OnFrame(incoming.header, incoming.payload);
  }
}

void Holder::LoseServer() {
  if (!peer_.open()) return;
  peer_.Close();
  if (state_ == State::kWaiting) {
    leaving_ = true;
  } else if (adopted_) {
    ownerless_since_ms_ = NowMs();
    adopted_ = false;
  }
}

void Holder::OnFrame(const FrameHeader& header, std::string_view payload) {
  switch (header.type) {
    case FrameType::kPlan:
      return OnPlan(header, payload);
    case FrameType::kInput:
      return OnInput(payload);
    case FrameType::kCredit:
      return peer_.OnCredit(header.value);
    case FrameType::kAck:
      ring_.Ack(header.value);
      if (!mirror_.behind()) ring_.GiveBackPages();
      return;
    case FrameType::kSignal:
      return terminal_.Signal(static_cast<int>(header.value), header.value != SIGINT);
    case FrameType::kResize:
      return terminal_.Resize(static_cast<std::uint16_t>(header.value >> 16),
                              static_cast<std::uint16_t>(header.value));
    case FrameType::kAdopt:
      adopted_ = true;
      ownerless_since_ms_ = 0;
      peer_.StartOutput(std::clamp(header.value, ring_.begin(), ring_.end()));
      tell_exit_ = terminal_.exit().known;
      tell_end_ = output_ended_;
      return;
    case FrameType::kEnd:
      return End();
    case FrameType::kRecycle:
      return Recycle();
    default:
      return LoseServer();
  }
}

void Holder::OnPlan(const FrameHeader& header, std::string_view payload) {
  if (state_ != State::kWaiting || !ValidPlan(payload)) return LoseServer();
  std::memcpy(&plan_, payload.data(), sizeof(plan_));
  const char* id = payload.data() + sizeof(plan_);
  const std::size_t id_size = std::min(std::strlen(id), process_id_.size() - 1);
  std::memcpy(process_id_.data(), id, id_size);
  process_id_[id_size] = '\0';
  mirror_.Clear({});
  start_failed_ = ring_.Map(header.value) ? terminal_.Start(payload) : ENOMEM;
  state_ = start_failed_ == 0 ? State::kRunning : State::kEnded;
  tell_started_ = true;
}

// Kills what runs, and leaves when it has been reaped: nobody wants to know more.
void Holder::End() {
  leaving_ = true;
  if (!terminal_.running()) return;
  terminal_.Signal(SIGKILL, true);
  pollfd child = {terminal_.pidfd(), POLLIN, 0};
  ::poll(&child, 1, kReapMs);
  terminal_.Reap();
}

void Holder::Recycle() {
  if (state_ == State::kWaiting) {  // it has never begun
    tell_hello_ = true;
    return;
  }
  const bool all_said =
      start_failed_ != 0 || (output_ended_ && peer_.sent() == ring_.end() && peer_.output_is_out());
  const bool pane_lost = setup_.pane[0] != '\0' && !mirror_.open();
  if (state_ != State::kEnded || !all_said || pane_lost) {
    leaving_ = true;
    return;
  }
  state_ = State::kWaiting;
  process_id_ = {};
  start_failed_ = 0;
  output_ended_ = drained_ = tell_exit_ = tell_end_ = false;
  last_words_ = {};
  look_again_at_ms_ = 0;
  input_at_ = input_size_ = typed_at_ = typed_size_ = 0;
  input_taken_ = input_told_ = 0;
  ring_.Unmap();
  peer_.StartOutput(0);
  if (terminal_.Open() != 0 || !Listen()) {
    leaving_ = true;
    return;
  }
  mirror_.Clear(kWaitingText);
  tell_hello_ = true;
}

// Whole frames, in the order things happened. The exit is told behind all output, unless output
// cannot go out now: then it goes first, for the server waits for it.
bool Holder::QueueNext() {
  if (std::exchange(tell_hello_, false)) {
    PutHello();
    return true;
  }
  if (!adopted_) return false;
  bool queued = false;
  const auto put = [&](FrameType type, std::uint64_t value) {
    peer_.Put(type, value);
    queued = true;
  };
  if (std::exchange(tell_started_, false)) {
    if (start_failed_ == 0) {
      put(FrameType::kStarted, static_cast<std::uint64_t>(terminal_.pid()));
    } else {
      put(FrameType::kStartFailed, static_cast<std::uint64_t>(start_failed_));
    }
  }
  const bool all_sent = peer_.sent() == ring_.end();
  const std::uint64_t untold = input_taken_ - input_told_;
  if (untold > 0 && (!all_sent || queued || untold >= kTellInputAfter || input_due_)) {
    put(FrameType::kInputTaken, input_taken_);
    input_told_ = input_taken_;
  }
  if (peer_.PutOutput(ring_)) return true;
  const bool output_waits = !all_sent || (!output_ended_ && ring_.full());
  if (tell_exit_ && (output_ended_ || drained_ || output_waits)) {
    tell_exit_ = false;
    put(FrameType::kExited, terminal_.exit().value);
  }
  if (tell_end_ && all_sent && !tell_exit_) {
    tell_end_ = false;
    put(FrameType::kOutputEnd, ring_.end());
  }
  return queued;
}

void Holder::Pump() {
  while (peer_.open()) {
    if (!peer_.Write(ring_)) {
      OnPeer();  // its last words may still be there: kEnd above all
      return LoseServer();
    }
    if (!peer_.idle() || !QueueNext()) return;
  }
}

// --- the terminal --------------------------------------------------------------------------------

void Holder::ReadTerminal() {
  std::size_t got_now = 0;
  while (got_now < kReadPerTurn) {
    std::size_t room = 0;
    char* to = ring_.Room(kReadPerTurn - got_now, &room);
    if (room == 0) break;
    const ssize_t got = terminal_.Read(to, room);
    if (got <= 0) {
      const bool hung_up = got == 0 || errno != EAGAIN;
      if (terminal_.exit().known) {
        if (!last_words_.Over(hung_up)) continue;
        drained_ = true;
        // No end is final while the program lives, for it may open its terminal again.
        output_ended_ = tell_end_ = hung_up;
      }
      look_again_at_ms_ = hung_up && !output_ended_ ? NowMs() + kLookAgainMs : 0;
      break;
    }
    last_words_ = {};
    ring_.Commit(static_cast<std::size_t>(got));
    got_now += static_cast<std::size_t>(got);
    mirror_.Show(ring_, static_cast<std::size_t>(got));
  }
  if (output_ended_) mirror_.Finish(ring_);
}

void Holder::OnChildEnded() {
  if (!terminal_.Reap()) return;
  state_ = State::kEnded;
  look_again_at_ms_ = 0;
  tell_exit_ = true;
  Type();
  if (!output_ended_) ReadTerminal();
}

}  // namespace paned
