// Where a running server keeps its sockets and files: a directory of its own below a base that all
// servers of one user share, so that `paned ps` finds them, two servers never meet, and what a dead
// one left behind is told from what still runs.
//
//   BASE/.lock              held for a moment by whoever makes or removes an instance
//   BASE/PID/lock           held while the server lives
//   BASE/PID/listing.sock   for `paned ps`        BASE/PID/holders.sock  for new holders
//   BASE/PID/tmux.sock, tmux.conf                 BASE/PID/h/            holders' sockets
//
// Threading: one thread at a time; other processes may do the same things meanwhile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"
#include "server/base/unique_fd.h"

namespace paned {

// The bases to look in, the one to use first. `base_override` (--runtime-dir) alone when it is not
// empty, made absolute; else $XDG_RUNTIME_DIR/paned, when that is a directory of ours that we may
// write to; and /tmp/paned-UID. `xdg_runtime_dir` may be null.
std::vector<std::string> RuntimeBases(const std::string& base_override,
                                      const char* xdg_runtime_dir);

// Whether somebody answers at the Unix socket. Asks by connecting. No wait.
bool SocketAnswers(const std::string& path);

// One server's directory, as a client sees it.
struct Instance {
  std::string path;
  bool live = false;       // its server runs
  bool tmux_runs = false;  // of a dead server: its tmux server still runs
};

// The instances below `base`, by process id; none when there is no base. Fails when the base is not
// ours alone. Changes nothing.
Result<std::vector<Instance>> ListInstances(const std::string& base);

// The directory of this server. A resource: move-only.
class RuntimeDirectory {
 public:
  // Makes the base and an instance in it, and removes the instances of dead servers in which
  // nothing lives. Errors name path, cause and remedy.
  static Result<RuntimeDirectory> Open(const std::string& base_override,
                                       const char* xdg_runtime_dir);
  RuntimeDirectory(RuntimeDirectory&&) = default;
  RuntimeDirectory& operator=(RuntimeDirectory&& other) noexcept;
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;
  ~RuntimeDirectory() { Remove(); }

  const std::string& path() const { return path_; }
  // The path of a socket in it ("tmux.sock", "h/1.sock"), when a socket address can hold it.
  Result<std::string> Socket(std::string_view name) const;

  // Removes the directory, if it holds our own files alone and none of its sockets answers, and
  // lets go of the lock in any case. Whether it is gone; a second call changes nothing.
  bool Remove();
  // Leaves everything where it is, and lets go of the lock.
  void Keep();

 private:
  RuntimeDirectory() = default;

  UniqueFd base_;
  UniqueFd lock_;  // invalid: removed, kept or moved from
  std::string base_path_;
  std::string name_;
  std::string path_;
};

}  // namespace paned
