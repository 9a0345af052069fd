// The real server as a child of the test, and what the system knows about it.
// Threading: one thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/base/unique_fd.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_dir.h"

namespace paned::testing {

using Millis = std::chrono::milliseconds;

inline const bool kSanitized = ServerIsSanitized();
// Nothing of ours takes that long: running into it is a failure.
inline const Millis kPatience = std::chrono::seconds(kSanitized ? 90 : 30);

// Calls `done` every few milliseconds until it is true. False after `patience`.
bool Eventually(const std::function<bool()>& done, Millis patience = kPatience);

std::string ReadWholeFile(const std::string& path);
void WriteWholeFile(const std::string& path, const std::string& text);
// What a shell command prints on stdout.
std::string Output(const std::string& command);
// Whether the process is there and no zombie.
bool IsAlive(pid_t pid);
std::vector<pid_t> ChildrenOf(pid_t pid);
// Whose command line contains `text`.
std::vector<pid_t> ProcessesNaming(const std::string& text);

// Ends what servers with this --runtime-dir have left running: tmux, holders, and what those run.
void EndLeftovers(const std::string& runtime_dir);

// Without --runtime-dir among its flags a server gets one of its own, which goes away with it and
// all that still runs there.
struct ServerOptions {
  std::vector<std::string> flags;
  std::vector<std::string> env;    // "NAME=value", beside the test's own or instead of them
  std::vector<std::string> unset;  // names of the test's own that it does not get
  std::vector<std::string> wrap;   // a program, with its arguments, that runs the server
  std::function<void()> in_child;  // runs before the server does: what a parent may leave behind
  int log = -1;                    // where its log goes; -1: to Log()
  std::string listen = "ws://127.0.0.1:0";
  bool announces = true;  // false: it is to fail, or speaks on stdout
};

class ServerProcess {
 public:
  explicit ServerProcess(const ServerOptions& options = {});
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  // What it announced; "" when it did not.
  const std::string& url() const { return url_; }
  pid_t pid() const { return pid_; }
  // The base of its runtime directory.
  const std::string& runtime_dir() const { return runtime_dir_; }
  void Signal(int signal_number) const;
  // Its exit code, 128+n for a death by signal n. Nothing when it still runs after `patience`.
  std::optional<int> Wait(Millis patience = kPatience);
  // SIGTERM; whether it ended with 0 and had nothing to regret.
  bool StopCleanly();
  // Its stderr up to now.
  std::string Log() const;

  std::size_t ResidentBytes() const;
  std::size_t PeakResidentBytes() const;
  // Makes PeakResidentBytes() begin anew. False when the system does not allow it.
  bool ForgetPeak() const;
  std::size_t OpenDescriptors() const;
  std::vector<pid_t> Children() const;

  // With announces=false: its ends of stdin and stdout.
  UniqueFd& input() { return input_; }
  UniqueFd& output() { return output_; }

 private:
  std::size_t StatusBytes(const std::string& field) const;

  std::optional<TempDir> own_runtime_dir_;
  std::string runtime_dir_;
  pid_t pid_ = -1;
  UniqueFd input_;
  UniqueFd output_;
  UniqueFd log_;
  std::string url_;
  std::optional<int> exit_code_;
};

// A server that is expected not to serve, run to its end: its exit code and its stderr.
struct FailedStart {
  std::optional<int> code;
  std::string log;
};
FailedStart RunToItsEnd(std::vector<std::string> flags,
                        const std::string& listen = "ws://127.0.0.1:0");

}  // namespace paned::testing
