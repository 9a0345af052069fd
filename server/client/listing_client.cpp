#include "server/client/listing_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "protocol/json_reader.h"
#include "server/base/runtime_directory.h"
#include "server/base/unique_fd.h"

namespace paned {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxListing = std::size_t{64} << 20;

Error Fault(std::string message) {
  Error error;
  error.message = std::move(message);
  return error;
}

Error Fault(int number) { return Fault(std::system_category().message(number)); }

// Waits until `events` come. False when it is late.
bool Await(int fd, short events, steady_clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd polled = {fd, events, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Result<UniqueFd> Connect(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Fault(ENAMETOOLONG);
  std::memcpy(&address.sun_path[0], path.c_str(), path.size() + 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Fault(errno);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd.get(), generic, sizeof address) != 0) return Fault(errno);
  return fd;
}

Result<std::string> Fetch(const std::string& path, std::chrono::milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  Result<UniqueFd> connected = Connect(path);
  if (!connected.ok()) return std::move(connected.error());
  const int fd = connected.value().get();
  std::string text;
  std::array<char, 65536> buffer = {};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
      if (text.size() > kMaxListing) return Fault("it says too much");
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!Await(fd, POLLIN, deadline)) return Fault("it does not answer");
    } else if (errno != EINTR) {
      return Fault(errno);
    }
  }
}

void Take(const protocol::JsonValue& line, std::string_view name, std::string* out) {
  const std::optional<protocol::JsonValue> value = line.Find(name);
  std::string_view text;
  if (value && value->Get(&text)) *out = text;
}

template <class Number>
void Take(const protocol::JsonValue& line, std::string_view name, Number* out) {
  const std::optional<protocol::JsonValue> value = line.Find(name);
  if (value) value->Get(out);
}

void TakeHead(const protocol::JsonValue& line, ListedServer* server) {
  Take(line, "paned", &server->version);
  Take(line, "pid", &server->pid);
  Take(line, "url", &server->url);
  Take(line, "backend", &server->backend);
  Take(line, "tmuxSocket", &server->tmux_socket);
}

ListedProcess TakeProcess(const protocol::JsonValue& line) {
  ListedProcess process;
  Take(line, "id", &process.id);
  Take(line, "session", &process.session);
  Take(line, "backend", &process.backend);
  Take(line, "state", &process.state);
  Take(line, "ageMs", &process.age_ms);
  Take(line, "argv0", &process.argv0);
  Take(line, "pane", &process.pane);
  Take(line, "pid", &process.pid);
  return process;
}

void AskInstance(const std::string& path, std::chrono::milliseconds patience, Listings* listings) {
  Result<std::string> text = Fetch(path + "/listing.sock", patience);
  Result<ListedServer> server =
      text.ok() ? ParseListing(text.value()) : Result<ListedServer>(std::move(text.error()));
  if (server.ok()) {
    listings->servers.push_back(std::move(server.value()));
  } else {
    listings->faults.push_back("the server of " + path +
                               " cannot be asked: " + server.error().message);
  }
}

bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// A character that a terminal would act on: C0, DEL, and C1 in UTF-8, where it has two bytes.
bool DrivesTerminal(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first >= 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

Result<ListedServer> ParseListing(const std::string& text) {
  if (text.empty()) return Fault("it is busy, try again");
  if (text.back() != '\n') return Fault("its answer is cut short");
  ListedServer server;
  server.text = text;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    std::string line = text.substr(start, end - start);
    protocol::JsonDocument document;
    const std::optional<std::string> malformed = document.Parse(line.data(), line.size());
    if (malformed) return Fault("its answer is not understood: " + *malformed);
    if (!document.root().IsObject()) return Fault("its answer is not understood");
    if (start == 0) {
      TakeHead(document.root(), &server);
    } else {
      server.processes.push_back(TakeProcess(document.root()));
    }
    start = end + 1;
  }
  return server;
}

Listings ListServers(const std::string& runtime_dir, const char* xdg_runtime_dir,
                     std::chrono::milliseconds patience) {
  Listings listings;
  listings.searched = RuntimeBases(runtime_dir, xdg_runtime_dir);
  for (const std::string& base : listings.searched) {
    const Result<std::vector<Instance>> instances = ListInstances(base);
    if (!instances.ok()) {
      listings.faults.push_back(instances.error().message);
      continue;
    }
    for (const Instance& instance : instances.value()) {
      if (instance.live) {
        AskInstance(instance.path, patience, &listings);
      } else if (instance.tmux_runs) {
        listings.kept.push_back(instance.path + "/tmux.sock");
      }
    }
  }
  return listings;
}

std::string NothingFoundText(const Listings& listings) {
  std::string text = "no running paned found in ";
  for (std::size_t i = 0; i < listings.searched.size(); ++i) {
    text += (i == 0 ? "" : " or ") + Printable(listings.searched[i]);
  }
  return text;
}

std::string Printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kCut = "...";
  std::string shown;
  std::size_t count = 0;
  std::size_t cut_at = 0;  // where there is still room for kCut
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = 1;
    while (at + size < text.size() && size < 4 && Continues(text[at + size])) ++size;
    const std::string_view character = text.substr(at, size);
    at += size;
    const bool escaped = DrivesTerminal(character);
    count += escaped ? 4 * size : 1;
    if (count > limit) return shown.substr(0, cut_at).append(kCut);
    if (!escaped) shown += character;
    for (const char byte : escaped ? character : std::string_view()) {
      const auto bits = static_cast<unsigned char>(byte);
      shown.append("\\x") += kHex[bits >> 4U];
      shown += kHex[bits & 15U];
    }
    if (count + kCut.size() <= limit) cut_at = shown.size();
  }
  return shown;
}

std::size_t CharactersIn(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += Continues(byte) ? 0U : 1U;
  return count;
}

}  // namespace paned
