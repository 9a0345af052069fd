// A SessionClient that records what it is sent as short lines ("output p 1 abc", "exited p 2 0",
// "closed p 3"), can be slow, and answers probes when told. Threading: one thread.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "server/session/session.h"

namespace paned {

class FakeSessionClient final : public SessionClient {
 public:
  bool WantsOutput() const override { return lines.size() < room; }
  void SendOutput(const std::string& process_id, const protocol::OutputChunk& chunk) override {
    lines.push_back("output " + process_id + ' ' + std::to_string(chunk.seq) + ' ' +
                    std::string(chunk.bytes));
  }
  void SendExited(const std::string& process_id, std::uint64_t seq, int exit_code) override {
    lines.push_back("exited " + process_id + ' ' + std::to_string(seq) + ' ' +
                    std::to_string(exit_code));
  }
  void SendClosed(const std::string& process_id, std::uint64_t seq) override {
    lines.push_back("closed " + process_id + ' ' + std::to_string(seq));
  }
  // Taken when the test says so: by calling and clearing `confirms`.
  void Confirm(std::function<void()> taken) override { confirms.push_back(std::move(taken)); }
  void Probe(Duration patience, std::function<void(bool alive)> done) override {
    probe_patience = patience;
    probe = std::move(done);
  }
  void OnTakenOver() override { ++taken_over; }

  std::vector<std::string> lines;
  // It wants output while fewer lines than this have come.
  std::size_t room = std::numeric_limits<std::size_t>::max();
  std::function<void(bool alive)> probe;
  Duration probe_patience{};
  std::vector<std::function<void()>> confirms;
  int taken_over = 0;
};

}  // namespace paned
