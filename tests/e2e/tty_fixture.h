// Processes on terminals, from outside: the server's runtime directory, its tmux and its holders,
// and a person who attaches to a pane.
// Threading: one thread.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/fixture.h"

namespace paned::testing {

// What the server's listing says of a process.
struct Listed {
  std::string backend;
  std::string state;
  std::string pane;
  pid_t pid = 0;
};

// Of one server: BASE/PID.
std::string InstanceOf(const ServerProcess& server);
// Its tmux server; 0: there is none.
pid_t TmuxOf(const ServerProcess& server);
std::vector<pid_t> HoldersOf(const ServerProcess& server);
std::map<std::string, Listed> ListedBy(const ServerProcess& server);
// What `tmux COMMAND` prints when it talks to the server's tmux.
std::string TmuxSays(const ServerProcess& server, const std::string& command);

pid_t ParentOf(pid_t pid);
std::size_t ResidentBytesOf(pid_t pid);
bool Exists(const std::string& path);
// The numbers of /proc/PID/io by their names.
std::uint64_t IoCount(pid_t pid, const std::string& name);

// `tmux attach` on a terminal of its own, which answers what terminals are asked.
class Person {
 public:
  // Attaches, and looks at the pane ("%3").
  Person(const ServerProcess& server, const std::string& pane);
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;
  ~Person();

  void Type(const std::string& text);
  // Whether `text` comes to be seen.
  bool Sees(const std::string& text);

 private:
  void Look();

  pid_t pid_ = -1;
  UniqueFd terminal_;
  std::string seen_;
  std::size_t answered_ = 0;  // of seen_: queries are answered up to here
};

class Tty : public E2e {
 protected:
  // The longest that the server waits for a tmux that does not answer, and much more.
  static inline const Millis kLongPatience = 2 * kPatience;

  void SetUp() override;
  static Answer Start(RpcClient* client, const std::string& id,
                      const std::vector<std::string>& argv, const std::string& more = {});
  // Starts, and waits for process/closed.
  static Story Run(RpcClient* client, const std::string& id, const std::vector<std::string>& argv,
                   const std::string& more = {});
  static bool AwaitText(RpcClient* client, const std::string& id, const std::string& text);
  static bool Write(RpcClient* client, const std::string& id, const std::string& bytes);
  // The screen as one text; "error: ..." when there is none.
  static std::string Screen(RpcClient* client, const std::string& id);
  Listed Find(const std::string& id) { return ListedBy(server())[id]; }
  // The holder of a process that runs.
  pid_t HolderOf(const std::string& id) { return ParentOf(Find(id).pid); }
};

// The same on tmux and on bare holders.
class TtyBoth : public Tty, public ::testing::WithParamInterface<const char*> {
 protected:
  bool on_tmux() const { return std::string(GetParam()) == "tmux"; }
  void SetUp() override;
  ServerProcess& ServeTty(ServerOptions options = {}) {
    options.flags.push_back(std::string("--tty-backend=") + GetParam());
    return Serve(options);
  }
};

inline std::string NameOfBackend(const ::testing::TestParamInfo<const char*>& info) {
  return info.param;
}
#define ON_BOTH_BACKENDS(Fixture) \
  INSTANTIATE_TEST_SUITE_P(On, Fixture, ::testing::Values("tmux", "pty"), NameOfBackend)

}  // namespace paned::testing
