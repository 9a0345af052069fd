// A WebSocket client that costs next to nothing beside what it measures: no parsing, one buffer.
// Works against any codex-compatible server: paths are URIs, every member is written.
// Threading: blocking calls; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/unique_fd.h"

namespace paned::bench {

using BenchClock = std::chrono::steady_clock;

double Seconds(BenchClock::duration duration);
// The middle one of the values, and the one below which the given part lies.
double Quantile(std::vector<double> values, double part);

class BenchClient {
 public:
  // Connected to ws://IPv4:PORT and initialized. The program ends when that fails.
  BenchClient(const std::string& url, const std::string& client_name);

  // Sends a request; returns its id.
  std::uint64_t Send(std::string_view method, const std::string& params);
  // Sends bytes that are frames already.
  void SendRaw(std::string_view bytes);
  // The next message; it holds until the next call. Pings are answered.
  std::string_view Receive();
  // The reply to `id`; other messages are passed over.
  std::string_view Await(std::uint64_t id);
  std::string_view Call(std::string_view method, const std::string& params);

  static std::string Frame(std::string_view payload);
  static std::string Request(std::uint64_t id, std::string_view method, const std::string& params);

 private:
  void Need(std::size_t size);

  UniqueFd fd_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string joined_;
  std::uint64_t next_id_ = 1;
};

// process/start's parameters with every member the reference wants.
std::string StartParams(const std::string& id, const std::vector<std::string>& argv,
                        bool tty = false);

// The number behind the last `"name":` of a message.
std::optional<std::uint64_t> LastNumber(std::string_view message, std::string_view name);

// Command line: --peer URL, --count N.
struct BenchOptions {
  std::string peer;
  int count = 0;
};
BenchOptions ParseBenchOptions(int argc, char** argv);

}  // namespace paned::bench
