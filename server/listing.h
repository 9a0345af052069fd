// What `paned ps` and `paned attach` learn from a running server: whoever connects to the socket in
// its runtime directory is told who the server is and what runs there, one JSON object per line,
// and is disconnected. Nothing is read. Threading: io thread only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "server/base/clock.h"
#include "server/base/result.h"
#include "server/net/listener.h"

namespace paned {

// The server: the first line.
struct ListingHead {
  std::string version = PANED_VERSION;
  pid_t pid = 0;
  std::string url;
  std::string backend;      // of tty processes: "tmux", "pty"
  std::string tmux_socket;  // empty without tmux
};

// A process: a line each.
struct ListingRow {
  std::string id;
  std::string session;
  std::string backend;  // "pipes", "pty", "tmux"
  std::string state;    // "running", ...
  std::chrono::milliseconds age{0};
  std::string argv0;
  std::string pane;  // tmux's "%3"; empty without one
  pid_t pid = 0;
};

std::string ListingText(const ListingHead& head, const std::vector<ListingRow>& rows);

class Listing {
 public:
  using Rows = std::function<std::vector<ListingRow>()>;

  static constexpr std::size_t kMaxClients = 32;  // at once; further ones are turned away
  static constexpr Duration kPatience = std::chrono::seconds(2);

  // Listens on the Unix socket at `path` (0600) until it is destroyed, which removes the socket.
  // `rows` is called once per client.
  static Result<std::unique_ptr<Listing>> Open(asio::io_context* io, Clock* clock,
                                               const std::string& path, ListingHead head, Rows rows,
                                               LogSink log);
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;
  ~Listing();

 private:
  class Client;

  Listing(asio::io_context* io, Clock* clock, ListingHead head, Rows rows);
  void OnAccepted(UniqueFd fd);

  asio::io_context* io_;
  Clock* clock_;
  const ListingHead head_;
  const Rows rows_;
  std::list<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace paned
