// How long a process takes from its request to process/closed, beside what the system itself takes:
// the same program by posix_spawn and waitid, turn by turn in the same run.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/bench_client.h"
#include "tests/e2e/server_process.h"

namespace paned::bench {
namespace {

constexpr int kWarmUp = 50;

double BareStart() {
  std::array<char*, 2> argv = {const_cast<char*>("/bin/true"), nullptr};
  std::array<char*, 2> envp = {const_cast<char*>("PATH=/usr/bin:/bin"), nullptr};
  const auto began = BenchClock::now();
  pid_t pid = -1;
  siginfo_t info = {};
  if (::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), envp.data()) != 0) return 0;
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
  return Seconds(BenchClock::now() - began);
}

double ServedStart(BenchClient* client, const std::string& id) {
  const std::string params = StartParams(id, {"/bin/true"});
  const auto began = BenchClock::now();
  client->Send("process/start", params);
  while (client->Receive().find("\"process/closed\"") == std::string_view::npos) {
  }
  return Seconds(BenchClock::now() - began);
}

int Run(const BenchOptions& options) {
  const int count = options.count > 0 ? options.count : 1000;
  std::unique_ptr<testing::ServerProcess> server;
  std::string url = options.peer;
  if (url.empty()) {
    testing::ServerOptions server_options;
    server_options.flags = {"--log-level=error"};
    server = std::make_unique<testing::ServerProcess>(server_options);
    url = server->url();
  }
  BenchClient client(url, "codex-environment");
  std::vector<double> served;
  std::vector<double> bare;
  for (int i = 0; i < kWarmUp + count; ++i) {
    const double with = ServedStart(&client, "p" + std::to_string(i));
    const double without = BareStart();
    if (i < kWarmUp) continue;
    served.push_back(with);
    bare.push_back(without);
  }
  const double ours = Quantile(served, 0.5) * 1e6;
  const double theirs = Quantile(bare, 0.5) * 1e6;
  std::printf("/bin/true, %d runs          median      p90\n", count);
  std::printf("request to process/closed %7.0f us %7.0f us\n", ours, Quantile(served, 0.9) * 1e6);
  std::printf("posix_spawn and waitid    %7.0f us %7.0f us\n", theirs, Quantile(bare, 0.9) * 1e6);
  std::printf("ratio                     %7.2f\n", ours / theirs);
  return 0;
}

}  // namespace
}  // namespace paned::bench

int main(int argc, char** argv) {
  return paned::bench::Run(paned::bench::ParseBenchOptions(argc, argv));
}
