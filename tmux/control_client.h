// A client of a tmux server in control mode: commands go in, their replies come out in the same
// order. For commands only; no output of programs comes this way (section 2 of the architecture:
// slow, and it loses the end). A tmux that does not answer is given up, so that it never holds up
// the server.
// Threading: io thread only; nothing is called from within a call.
#pragma once

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/base/result.h"
#include "tmux/control_parser.h"

namespace paned {

class ControlClient final : public std::enable_shared_from_this<ControlClient> {
 public:
  // The lines of each reply to one command line; an error has tmux's own text.
  using Replies = std::vector<std::vector<std::string>>;
  using Done = std::function<void(Result<Replies>)>;

  struct Command {
    // One line of tmux's language. tmux answers each of its commands by itself, up to the first
    // that fails.
    std::string line;
    std::size_t replies = 1;
    // The number that opens the first reply is how many lines the second one has.
    bool counted = false;
    Done done = {};  // called once; may be empty
    // Not empty: names the state that the command sets, such as the name of one window. When the
    // connection is lost before the answer, the command does not fail: it goes to OnLost.
    std::string sets = {};
  };

  class Events {
   public:
    Events() = default;
    Events(const Events&) = delete;
    Events& operator=(const Events&) = delete;
    virtual ~Events() = default;

    virtual void OnNotification(const ControlNotification& notification) = 0;
    // The client is of no more use; close it. Comes once, before the unanswered commands fail.
    // `unset`: unanswered commands that set something, oldest first; tmux may have run them.
    virtual void OnLost(const std::string& reason, std::vector<Command> unset) = 0;
  };

  // Runs `program` with `arguments`, which contain -C. `patience`: how long tmux may take for one
  // command. `events` lives until Close().
  static Result<std::shared_ptr<ControlClient>> Start(asio::io_context* io, Clock* clock,
                                                      const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      Duration patience, Events* events);
  ~ControlClient();

  void Send(Command command);
  // What is unanswered fails, later, and tmux sees the end of its input. `kill`: the client process
  // is not given the time to see it. tmux's server goes on in any case. `ended`: that process is no
  // more, which may never be with a tmux that hangs.
  void Close(bool kill, std::function<void()> ended = {});
  pid_t pid() const { return pid_; }

 private:
  struct Sent {
    Command command;
    Replies replies;
  };

  ControlClient(asio::io_context* io, Clock* clock, Duration patience, Events* events);

  void WaitReadable();
  void WaitWritable();
  void WaitForEnd();
  void OnReadable();
  void OnEnded();
  void Drain();
  void Parse();
  void FailLater(std::deque<Sent> sent);
  void OnReply(ControlReply* reply);
  void FinishOldest(Result<Replies> result);
  void Flush();
  void Watch();
  void OnTimer();
  void Lose(std::string reason);
  std::string ErrorOutput();

  asio::io_context* io_;
  Clock* clock_;
  const Duration patience_;
  Events* events_;  // null: closed
  bool lost_ = false;
  pid_t pid_ = -1;
  asio::posix::stream_descriptor pidfd_;  // open until the child is reaped
  asio::posix::stream_descriptor channel_;
  asio::posix::stream_descriptor error_output_;
  std::string to_write_;
  bool writing_ = false;
  ControlParser parser_;
  std::deque<Sent> sent_;   // not answered in full, oldest first
  TimePoint oldest_since_;  // when the oldest became that
  std::unique_ptr<Timer> timer_;
  std::string foreign_failure_;  // what the last failed reply to nobody said
};

}  // namespace paned
