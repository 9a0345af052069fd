// What runs a process, as the domain sees it: pipes now, tmux panes and bare ptys behind the same
// interface. One typed contract suite (tests/process/backend_contract.h) holds for all of them:
// every byte written before exit arrives before OnOutputEnd; OnExited comes exactly once; a process
// whose output is not asked for is held back, not buffered.
// Threading: io thread only; no event is delivered from within a call to the backend.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/types.h"
#include "server/base/result.h"

namespace paned {

using protocol::OutputStream;

// All that is needed to start a program: a value, made once, sandboxed later in one place.
struct LaunchPlan {
  std::vector<std::string> argv;    // at least one; argv[0] is the program to look up
  std::optional<std::string> arg0;  // what the child sees as argv[0], when it differs
  std::string cwd;                  // absolute
  std::vector<std::string> env;     // "NAME=value", exactly what the child gets
  bool pipe_stdin = false;          // false: stdin is /dev/null; of no meaning on a tty
  bool tty = false;                 // runs on a terminal of its own; one stream, kPty
  protocol::TerminalSize size = {};
  std::string process_id = {};  // what a person calls it: the client's id
};

// How a process ended. `code` is 0-255, or 128+n for signal n; -1 with a `failure` text when the
// status could not be learned. Never a made-up 0.
struct ExitStatus {
  int code = -1;
  std::string failure = {};
};

// A place to read output into.
struct OutputSpace {
  char* data = nullptr;
  std::size_t size = 0;
};

class BackendEvents {
 public:
  BackendEvents() = default;
  BackendEvents(const BackendEvents&) = delete;
  BackendEvents& operator=(const BackendEvents&) = delete;
  virtual ~BackendEvents() = default;

  // A process that was Starting() runs, or could not be started: the error is the wire's text
  // (section 7.1). Exactly once for such a process and before any other event; never for one that
  // ran when Start() returned. After an error nothing else comes, and the BackendProcess may be
  // destroyed from within the call.
  virtual void OnStarted(Status status) = 0;
  // Where the next output may be read to. Size 0: none is wanted now; the backend stops reading
  // until ResumeOutput(). Asked before every read, so that nothing is read that cannot be kept.
  virtual OutputSpace PrepareOutput() = 0;
  // `size` bytes of `stream` stand in the space just prepared.
  virtual void CommitOutput(OutputStream stream, std::size_t size) = 0;
  // All output streams are at their end. Exactly once.
  virtual void OnOutputEnd() = 0;
  // The process itself has ended and has been reaped. Exactly once; output may still follow.
  virtual void OnExited(ExitStatus status) = 0;
  // Queued input has moved on, or cannot be delivered any more.
  virtual void OnInputProgress() = 0;
};

// A process that was started, or is being started. Destroying it kills what still runs of it and
// reaps it.
class BackendProcess {
 public:
  BackendProcess() = default;
  BackendProcess(const BackendProcess&) = delete;
  BackendProcess& operator=(const BackendProcess&) = delete;
  virtual ~BackendProcess() = default;

  // OnStarted() is still to come. Input and signals may be given already: they wait.
  virtual bool Starting() const { return false; }
  // Queues input; order is kept, nothing blocks.
  virtual void WriteInput(std::string bytes) = 0;
  // Bytes queued and not yet taken by the process.
  virtual std::size_t QueuedInput() const = 0;
  virtual bool InputOpen() const = 0;
  // Closes the process's input once what is queued has been taken.
  virtual void CloseInputAfterFlush() = 0;
  // Sends `signal_number` to the whole process group; no effect after exit.
  virtual void SignalGroup(int signal_number) = 0;
  // Takes up reading again after PrepareOutput() gave no space.
  virtual void ResumeOutput() = 0;

  // Whether its output is kept outside the server until it was delivered: OnDelivered() and
  // OnEndDelivered() are called for such a process alone. Constant, known once it runs.
  virtual bool OutlivesServer() const { return false; }
  // The first `bytes` bytes of all output have reached the client, or were given up: nobody will
  // ask for them again. Never falls. Like the next it may come from within an event.
  virtual void OnDelivered(std::uint64_t bytes) { static_cast<void>(bytes); }
  // The client has been told that all is over, behind all output.
  virtual void OnEndDelivered() {}
  // Destroying the process leaves it running from now on, where its kind can outlive the server.
  virtual void LeaveRunning() {}

  // For processes on a terminal: the size its programs see.
  virtual void Resize(protocol::TerminalSize size) { static_cast<void>(size); }
  using ScreenDone = std::function<void(Result<protocol::ScreenResult>)>;
  // What a person would see now. `done` is called once, later; never after the destruction.
  virtual void ReadScreen(ScreenDone done) = 0;
  // Where it runs, for people: "pipes", "pty", "tmux".
  virtual std::string_view backend_name() const = 0;
  // The tmux pane, "%7"; empty without one.
  virtual std::string pane() const { return {}; }
  // 0 while Starting().
  virtual pid_t pid() const = 0;
};

class ProcessBackend {
 public:
  ProcessBackend() = default;
  ProcessBackend(const ProcessBackend&) = delete;
  ProcessBackend& operator=(const ProcessBackend&) = delete;
  virtual ~ProcessBackend() = default;

  // The error is the wire's text (section 7.1). The process returned runs, or is Starting().
  // `events` outlives it.
  virtual Result<std::unique_ptr<BackendProcess>> Start(const LaunchPlan& plan,
                                                        BackendEvents* events) = 0;
};

}  // namespace paned
