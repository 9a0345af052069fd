#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "tmux/holder.h"

namespace paned {

void Holder::OnInput(std::string_view payload) {
  if (input_at_ == input_size_) input_at_ = input_size_ = 0;
  if (input_size_ + payload.size() > input_.size()) {
    std::memmove(input_.data(), input_.data() + input_at_, input_size_ - input_at_);
    input_size_ -= std::exchange(input_at_, 0);
  }
  if (input_size_ + payload.size() > input_.size()) return LoseServer();  // beyond the window
  std::memcpy(input_.data() + input_size_, payload.data(), payload.size());
  input_size_ += payload.size();
  Type();
}

void Holder::Type() {
  if (!terminal_.running()) {  // nobody will take it
    input_taken_ += input_size_ - input_at_;
    input_at_ = input_size_;
    typed_at_ = typed_size_;
    return;
  }
  typed_at_ += terminal_.Write({typed_.data() + typed_at_, typed_size_ - typed_at_});
  if (typed_at_ < typed_size_) return;
  const std::size_t put = terminal_.Write({input_.data() + input_at_, input_size_ - input_at_});
  input_at_ += put;
  input_taken_ += put;
}

void Holder::OnPane() {
  // With keys still to be typed only a loss is polled for.
  const bool lost = typed_at_ < typed_size_;
  const ssize_t got = lost ? 0 : ::read(STDIN_FILENO, typed_.data(), typed_.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    mirror_.Open(-1);
    pane_lost_at_ms_ = NowMs();
    return;
  }
  typed_at_ = 0;
  typed_size_ = terminal_.running() ? static_cast<std::size_t>(got) : 0;
  Type();
}

// A dead tmux leaves the process running, unseen. A person who closes the pane hangs it up, as the
// closing of any terminal window does.
void Holder::OnPaneLost() {
  pane_lost_at_ms_ = 0;
  const bool tmux_lives = ::getppid() == first_parent_;
  if (state_ == State::kWaiting) {
    leaving_ = true;
  } else if (tmux_lives && terminal_.running()) {
    terminal_.Signal(SIGHUP, true);
    terminal_.Signal(SIGCONT, true);
  } else if (tmux_lives && !output_ended_) {  // only those are left that outlive the program
    terminal_.HangUp();
    output_ended_ = tell_end_ = true;
  }
}

}  // namespace paned
