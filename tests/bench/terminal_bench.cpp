// What terminals cost: starts and output on tmux panes, on bare ptys and on pipes, turn by turn in
// the same run; what a person who is attached changes; what an unread flood does to tmux.
//   terminal_bench [--count N] [--peer URL]      --peer: the same figures of another server, too
#include <fcntl.h>
#include <pty.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/bench_client.h"
#include "tests/e2e/server_process.h"

namespace paned::bench {
namespace {

constexpr int kWarmUp = 30;
constexpr double kMega = 1e6;
// Lines of 60 characters.
const char kFlood[] =
    "yes 012345678901234567890123456789012345678901234567890123456789 | head -c 150000000";

using testing::ServerOptions;
using testing::ServerProcess;
using testing::TempDir;

// A server of ours with a runtime directory of its own.
struct Served {
  explicit Served(const std::string& backend) {
    ServerOptions options;
    options.flags = {"--log-level=error", "--tty-backend=" + backend,
                     "--runtime-dir=" + directory.path()};
    server = std::make_unique<ServerProcess>(options);
    tmux_socket = directory / (std::to_string(server->pid()) + "/tmux.sock");
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  // Asked to end, it ends its tmux and its holders; killed, it would leave them.
  ~Served() { server->StopCleanly(); }

  TempDir directory;
  std::unique_ptr<ServerProcess> server;
  std::string tmux_socket;
};

bool IsClosed(std::string_view message) {
  return message.substr(0, 64).find("\"process/closed\"") != std::string_view::npos;
}

double StartToClosed(BenchClient* client, const std::string& id, bool tty) {
  const std::string params = StartParams(id, {"/bin/true"}, tty);
  const auto began = BenchClock::now();
  client->Send("process/start", params);
  while (!IsClosed(client->Receive())) {
  }
  return Seconds(BenchClock::now() - began) * 1e3;
}

// A terminal opened, a program run in it and reaped, and nothing else.
double BareStart() {
  const auto began = BenchClock::now();
  int master = -1;
  const pid_t pid = ::forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) {
    ::execl("/bin/true", "/bin/true", nullptr);
    ::_exit(127);
  }
  std::array<char, 256> bytes;
  while (::read(master, bytes.data(), bytes.size()) > 0) {
  }
  ::waitpid(pid, nullptr, 0);
  ::close(master);
  return Seconds(BenchClock::now() - began) * 1e3;
}

// MB/s of a flood through a bare terminal that is only read.
double BareFlood() {
  int master = -1;
  const pid_t pid = ::forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) {
    ::execl("/bin/sh", "sh", "-c", kFlood, nullptr);
    ::_exit(127);
  }
  std::vector<char> bytes(65536);
  std::size_t total = 0;
  ssize_t got = 0;
  const auto began = BenchClock::now();
  while ((got = ::read(master, bytes.data(), bytes.size())) > 0)
    total += static_cast<std::size_t>(got);
  const double seconds = Seconds(BenchClock::now() - began);
  ::waitpid(pid, nullptr, 0);
  ::close(master);
  return static_cast<double>(total) / kMega / seconds;
}

double ServedFlood(BenchClient* client, const std::string& id) {
  std::size_t base64 = 0;
  const auto began = BenchClock::now();
  client->Send("process/start", StartParams(id, {"/bin/sh", "-c", kFlood}, true));
  while (true) {
    const std::string_view message = client->Receive();
    if (IsClosed(message)) break;
    const std::size_t chunk = message.find("\"chunk\":\"");
    if (chunk != std::string_view::npos) base64 += message.find('"', chunk + 9) - chunk - 9;
  }
  return static_cast<double>(base64) * 3 / 4 / kMega / Seconds(BenchClock::now() - began);
}

// A person at a terminal of 50 rows and 200 columns, attached with plain tmux.
class Person {
 public:
  explicit Person(const std::string& socket) {
    winsize size = {50, 200, 0, 0};
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      ::setenv("TERM", "xterm-256color", 1);
      ::unsetenv("TMUX");
      ::execlp("tmux", "tmux", "-u", "-S", socket.c_str(), "attach", nullptr);
      ::_exit(127);
    }
    reader_ = std::thread([this] {
      std::vector<char> bytes(65536);
      ssize_t got = 0;
      while ((got = ::read(terminal_, bytes.data(), bytes.size())) > 0) {
        seen_ += static_cast<std::size_t>(got);
      }
    });
  }
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;
  ~Person() {
    ::kill(pid_, SIGHUP);
    ::waitpid(pid_, nullptr, 0);
    reader_.join();
    ::close(terminal_);
  }
  void Type(const char* keys, std::size_t size) const {
    if (::write(terminal_, keys, size) < 0) std::perror("type");
  }
  void AwaitSight() const {
    testing::Eventually([this] { return seen_ > 100; });
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
  std::atomic<std::size_t> seen_{0};
  std::thread reader_;
};

// From the key to process/exited, in ms.
double InterruptByPerson(const std::string& url, const std::string& socket, int number) {
  BenchClient client(url, "codex-environment");
  client.Send("process/start", StartParams("flood" + std::to_string(number),
                                           {"/bin/sh", "-c", "exec yes 0123456789"}, true));
  // The pane has its name, and so is what a person sees who attaches, after a moment.
  const auto until = BenchClock::now() + std::chrono::milliseconds(200);
  while (BenchClock::now() < until) client.Receive();
  const Person person(socket);
  const auto watched = BenchClock::now() + std::chrono::milliseconds(300);
  while (BenchClock::now() < watched) client.Receive();
  const auto began = BenchClock::now();
  person.Type("\x03", 1);
  while (client.Receive().find("\"process/exited\"") == std::string_view::npos) {
  }
  return Seconds(BenchClock::now() - began) * 1e3;
}

pid_t TmuxServerPid(const std::string& socket) {
  const std::string command = "tmux -S " + socket + " display-message -p '#{pid}'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 64> text = {};
  const bool got = std::fgets(text.data(), text.size(), pipe) != nullptr;
  ::pclose(pipe);
  return got ? static_cast<pid_t>(std::atoi(text.data())) : 0;
}

double ResidentMegabytes(pid_t pid) {
  const std::string status = testing::ReadWholeFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::atof(status.c_str() + at + 6) / 1024;
}

void UnreadFlood(const Served& served) {
  // A client that is asked for nothing and reads nothing: the Go client takes no pushes.
  BenchClient client(served.server->url(), "codex-env-mcp");
  client.Call("process/start",
              StartParams("unread", {"/bin/sh", "-c", "yes | head -c 1000000000; echo end"}, true));
  const pid_t tmux = TmuxServerPid(served.tmux_socket);
  double peak = 0;
  for (int n = 0; n < 100; ++n) {
    peak = std::max(peak, ResidentMegabytes(tmux));
    ::usleep(50'000);
  }
  std::printf("unread flood of 1 GB, after 5 s: tmux %.1f MB at most, paned %.1f MB\n", peak,
              static_cast<double>(served.server->ResidentBytes()) / kMega);
  client.Call("process/terminate", R"({"processId":"unread"})");
}

int Run(const BenchOptions& options) {
  const int count = options.count > 0 ? options.count : 400;
  const Served tmux("tmux");
  const Served pty("pty");
  BenchClient on_tmux(tmux.server->url(), "codex-environment");
  BenchClient on_pty(pty.server->url(), "codex-environment");
  std::unique_ptr<BenchClient> on_peer;
  if (!options.peer.empty())
    on_peer = std::make_unique<BenchClient>(options.peer, "codex-environment");

  struct Row {
    const char* name;
    std::vector<double> ms;
  };
  std::array<Row, 5> rows = {{{"tmux pane", {}},
                              {"bare pty backend", {}},
                              {"pipes", {}},
                              {"peer, tty", {}},
                              {"forkpty and read", {}}}};
  for (int n = 0; n < kWarmUp + count; ++n) {
    const std::string id = "p" + std::to_string(n);
    const std::array<double, 5> turn = {
        StartToClosed(&on_tmux, id, true), StartToClosed(&on_pty, id, true),
        StartToClosed(&on_pty, "q" + id, false),
        on_peer ? StartToClosed(on_peer.get(), id, true) : 0, BareStart()};
    if (n < kWarmUp) continue;
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row].ms.push_back(turn[row]);
  }
  std::printf("/bin/true, request to process/closed, %d runs    median      p90\n", count);
  for (const Row& row : rows) {
    std::printf("  %-42s %8.3f %8.3f ms\n", row.name, Quantile(row.ms, 0.5), Quantile(row.ms, 0.9));
  }

  std::printf("output, MB/s\n  %12s %12s %12s %12s %12s\n", "read only", "pty backend", "tmux",
              "attached", "peer");
  for (int n = 0; n < 5; ++n) {
    const std::string id = "f" + std::to_string(n);
    const double bare = BareFlood();
    const double bare_backend = ServedFlood(&on_pty, id);
    const double unseen = ServedFlood(&on_tmux, id);
    double seen = 0;
    {
      const Person person(tmux.tmux_socket);
      person.AwaitSight();
      seen = ServedFlood(&on_tmux, "seen" + id);
    }
    const double peer = on_peer ? ServedFlood(on_peer.get(), id) : 0;
    std::printf("  %12.1f %12.1f %12.1f %12.1f %12.1f\n", bare, bare_backend, unseen, seen, peer);
    std::fflush(stdout);
  }

  std::vector<double> interrupts;
  for (int n = 0; n < 10; ++n) {
    interrupts.push_back(InterruptByPerson(tmux.server->url(), tmux.tmux_socket, n));
  }
  std::printf("^C typed by a person in a flood, to process/exited: median %.1f ms, worst %.1f ms\n",
              Quantile(interrupts, 0.5), Quantile(interrupts, 1.0));
  UnreadFlood(tmux);
  return 0;
}

}  // namespace
}  // namespace paned::bench

int main(int argc, char** argv) {
  return paned::bench::Run(paned::bench::ParseBenchOptions(argc, argv));
}
