#include "tests/net/net_harness.h"

#include <stdexcept>

namespace paned::testing {

void Echo(Peer& peer, InboundFrame frame) {
  peer.connection->Send(std::string(frame.data, frame.size));
}

void Record(Peer& peer, InboundFrame frame) { peer.messages.emplace_back(frame.data, frame.size); }

std::string WithoutPings(const std::string& frames) {
  std::string kept;
  for (std::size_t at = 0; at + 2 <= frames.size();) {
    const std::size_t size = 2 + static_cast<unsigned char>(frames[at + 1]);
    if (frames[at] != '\x89') kept += frames.substr(at, size);
    at += size;
  }
  return kept;
}

void TestSource::Pull(Sink sink) {
  auto answer = [this, sink = std::move(sink)] {
    if (next_ == plan_.fail_at) {
      sink(Error{ErrorKind::kInternal, "the file shrank"});
      return;
    }
    Piece piece;
    piece.bytes.assign(plan_.piece_bytes, static_cast<char>('a' + next_ % 26));
    piece.last = ++next_ == plan_.pieces;
    if (plan_.pulled != nullptr) *plan_.pulled += piece.bytes.size();
    sink(std::move(piece));
  };
  if (plan_.later) {
    asio::post(*plan_.io, std::move(answer));
  } else {
    answer();
  }
}

NetHarness::NetHarness(const WsOptions& options, Peer::MessageHook hook,
                       const std::string& unix_path)
    : hook_(std::move(hook)) {
  ListenAddress address;
  address.unix_path = unix_path;
  if (unix_path.empty()) address.ip = "127.0.0.1";
  auto made = WsEndpoint::Listen(&io_, &clock_, address, options, this,
                                 [this](std::string_view level, const std::string& line) {
                                   log.push_back(std::string(level) + " " + line);
                                 });
  if (!made.ok()) throw std::runtime_error(made.error().message);
  endpoint = std::move(made.value());
  url_ = endpoint->url();
  thread_ = std::thread([this] { io_.run(); });
}

NetHarness::~NetHarness() {
  Run([this] { endpoint.reset(); });
  work_.reset();
  thread_.join();  // ends only if nothing is left waiting in the loop
}

ConnectionEvents* NetHarness::OnConnected(std::shared_ptr<Connection> connection) {
  peers.push_back(std::make_unique<Peer>(std::move(connection), &hook_));
  return peers.back().get();
}

bool NetHarness::Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!Run(condition)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

Peer& NetHarness::At(std::size_t number) {
  if (!Eventually([&] { return peers.size() > number; })) throw std::runtime_error("no connection");
  return *Run([&] { return peers[number].get(); });
}

}  // namespace paned::testing
