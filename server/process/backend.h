// What runs a process, as the domain sees it: pipes now, tmux panes and bare ptys behind the same
// interface. One typed contract suite (tests/process/backend_contract.h) holds for all of them:
// every byte written before exit arrives before OnOutputEnd; OnExited comes exactly once; a process
// whose output is not asked for is held back, not buffered.
// Threading: io thread only; no event is delivered from within a call to the backend.
#pragma once

#include <cstddef>
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
  bool pipe_stdin = false;          // false: stdin is /dev/null
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

// A started process. Destroying it kills what still runs of it and reaps it.
class BackendProcess {
 public:
  BackendProcess() = default;
  BackendProcess(const BackendProcess&) = delete;
  BackendProcess& operator=(const BackendProcess&) = delete;
  virtual ~BackendProcess() = default;

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
};

class ProcessBackend {
 public:
  ProcessBackend() = default;
  ProcessBackend(const ProcessBackend&) = delete;
  ProcessBackend& operator=(const ProcessBackend&) = delete;
  virtual ~ProcessBackend() = default;

  // The error is the wire's text (section 7.1). `events` outlives the process returned.
  virtual Result<std::unique_ptr<BackendProcess>> Start(const LaunchPlan& plan,
                                                        BackendEvents* events) = 0;
};

}  // namespace paned
