// What the servers of this user say they run: finds them by their runtime directories and asks each
// for its listing (server/listing.h is the other side). Also how foreign text is shown.
// Threading: one thread; waits for the servers, each within a limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/result.h"

namespace paned {

struct ListedProcess {
  std::string id;
  std::string session;
  std::string backend;  // "pipes", "pty", "tmux"
  std::string state;
  std::uint64_t age_ms = 0;
  std::string argv0;
  std::string pane;  // tmux's "%3"; empty without one
  std::int64_t pid = 0;
};

struct ListedServer {
  std::string version;
  std::int64_t pid = 0;
  std::string url;
  std::string backend;
  std::string tmux_socket;
  std::vector<ListedProcess> processes;
  std::string text;  // as it came: JSON lines
};

struct Listings {
  std::vector<std::string> searched;  // the directories looked in
  std::vector<ListedServer> servers;
  std::vector<std::string> kept;    // tmux sockets of servers that are gone
  std::vector<std::string> faults;  // a directory or server that could not be asked, and why
};

// `runtime_dir` is --runtime-dir's value, or empty. Each server has `patience` to answer.
Listings ListServers(const std::string& runtime_dir, const char* xdg_runtime_dir,
                     std::chrono::milliseconds patience = std::chrono::seconds(5));

// A whole listing. Members that are not known are passed over.
Result<ListedServer> ParseListing(const std::string& text);

// "no running paned found in A or B"
std::string NothingFoundText(const Listings& listings);

// `text` with everything that could drive a terminal as \xNN; longer than `limit` characters: cut,
// ending in "...".
std::string Printable(std::string_view text, std::size_t limit = std::string_view::npos);
// Characters of UTF-8 text.
std::size_t CharactersIn(std::string_view text);

}  // namespace paned
