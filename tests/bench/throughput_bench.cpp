// How much goes through: output pushed and polled, files, small calls.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/bench_client.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/text.h"

namespace paned::bench {
namespace {

constexpr double kMega = 1e6;
constexpr std::uint64_t kFlood = 256'000'000;

void Row(const char* what, double figure, const char* unit) {
  std::printf("%-34s %10.1f %s\n", what, figure, unit);
  std::fflush(stdout);
}

// Raw bytes of all chunks in a message, by the length of their base64.
std::uint64_t ChunkBytes(std::string_view message) {
  constexpr std::string_view kChunk = "\"chunk\":\"";
  std::uint64_t total = 0;
  for (std::size_t at = message.find(kChunk); at != std::string_view::npos;
       at = message.find(kChunk, at)) {
    at += kChunk.size();
    const std::size_t end = message.find('"', at);
    const std::string_view text = message.substr(at, end - at);
    total += text.size() / 4 * 3 -
             static_cast<std::uint64_t>(std::count(
                 text.end() - std::min<long>(2, static_cast<long>(text.size())), text.end(), '='));
    at = end;
  }
  return total;
}

std::vector<std::string> Flood() {
  return {"/usr/bin/head", "-c", std::to_string(kFlood), "/dev/zero"};
}

void Pushed(const std::string& url) {
  BenchClient client(url, "codex-environment");
  const auto began = BenchClock::now();
  client.Send("process/start", StartParams("pushed", Flood()));
  std::uint64_t bytes = 0;
  while (true) {
    const std::string_view message = client.Receive();
    bytes += ChunkBytes(message);
    if (message.substr(0, 64).find("\"process/closed\"") != std::string_view::npos) break;
  }
  Row("output pushed", static_cast<double>(bytes) / kMega / Seconds(BenchClock::now() - began),
      "MB/s");
  if (bytes != kFlood)
    std::printf("  lost: %.1f MB\n", static_cast<double>(kFlood - bytes) / kMega);
}

void Polled(const std::string& url) {
  BenchClient client(url, "codex-env-mcp");
  const auto began = BenchClock::now();
  client.Call("process/start", StartParams("polled", Flood()));
  std::uint64_t bytes = 0;
  std::uint64_t after = 0;
  while (true) {
    const std::string_view reply =
        client.Call("process/read", R"({"processId":"polled","afterSeq":)" + std::to_string(after) +
                                        R"(,"maxBytes":1048576,"waitMs":250})");
    const std::uint64_t got = ChunkBytes(reply);
    bytes += got;
    if (got == 0 && reply.find("\"closed\":true") != std::string_view::npos) break;
    after = LastNumber(reply, "seq").value_or(after);
  }
  Row("output polled, 1 MiB a read",
      static_cast<double>(bytes) / kMega / Seconds(BenchClock::now() - began), "MB/s");
  if (bytes != kFlood)
    std::printf("  lost: %.1f MB\n", static_cast<double>(kFlood - bytes) / kMega);
}

void ReadFiles(const std::string& url, std::size_t mebibytes, int times) {
  const testing::TempDir dir;
  const std::string path = dir / "file";
  testing::WriteWholeFile(path, std::string(mebibytes << 20, 'x'));
  BenchClient client(url, "bench");
  const std::string params = "{\"path\":\"file://" + path + "\"}";
  client.Call("fs/readFile", params);
  const auto began = BenchClock::now();
  for (int i = 0; i < times; ++i) client.Call("fs/readFile", params);
  const double each = Seconds(BenchClock::now() - began) / times;
  const std::string name = "fs/readFile " + std::to_string(mebibytes) + " MiB";
  Row(name.c_str(), static_cast<double>(mebibytes << 20) / kMega / each, "MB/s");
  Row("", each * 1e3, "ms each");
}

void RoundTrips(const std::string& url) {
  BenchClient client(url, "bench");
  std::vector<double> times;
  for (int i = 0; i < 5000; ++i) {
    const auto began = BenchClock::now();
    client.Call("environment/status", "{}");
    if (i >= 500) times.push_back(Seconds(BenchClock::now() - began) * 1e6);
  }
  Row("round trip, median", Quantile(times, 0.5), "us");
  Row("round trip, p99", Quantile(times, 0.99), "us");
}

void Pipelined(const std::string& url) {
  constexpr int kCalls = 50'000;
  constexpr int kWindow = 100;
  BenchClient client(url, "bench");
  std::string window;
  for (int i = 0; i < kWindow; ++i) {
    window += BenchClient::Frame(BenchClient::Request(1'000'000, "environment/status", "{}"));
  }
  const auto began = BenchClock::now();
  for (int done = 0; done < kCalls; done += kWindow) {
    client.SendRaw(window);
    for (int i = 0; i < kWindow; ++i) client.Receive();
  }
  Row("calls, 100 at a time", kCalls / Seconds(BenchClock::now() - began) / 1e3, "thousand/s");
}

int Run(const BenchOptions& options) {
  std::unique_ptr<testing::ServerProcess> server;
  std::string url = options.peer;
  if (url.empty()) {
    testing::ServerOptions server_options;
    server_options.flags = {"--log-level=error"};
    server = std::make_unique<testing::ServerProcess>(server_options);
    url = server->url();
  }
  std::printf("%s\n", options.peer.empty() ? "paned" : options.peer.c_str());
  Pushed(url);
  Polled(url);
  ReadFiles(url, 1, 200);
  ReadFiles(url, 64, 10);
  RoundTrips(url);
  Pipelined(url);
  if (server) Row("peak resident", static_cast<double>(server->PeakResidentBytes()) / kMega, "MB");
  return 0;
}

}  // namespace
}  // namespace paned::bench

int main(int argc, char** argv) {
  return paned::bench::Run(paned::bench::ParseBenchOptions(argc, argv));
}
