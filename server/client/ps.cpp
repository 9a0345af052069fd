#include "server/client/ps.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace paned {
namespace {

constexpr std::size_t kColumns = 8;
constexpr std::size_t kMaxId = 40;
constexpr std::size_t kMaxArgv0 = 60;
// Enough to tell sessions apart; who knows a whole id may resume the session.
constexpr std::size_t kSessionShown = 8;

using Line = std::array<std::string, kColumns>;

Line LineOf(const ListedProcess& process) {
  return {Printable(process.id, kMaxId),
          Printable(process.session.substr(0, kSessionShown)),
          Printable(process.backend),
          Printable(process.state),
          AgeText(process.age_ms),
          Printable(process.argv0, kMaxArgv0),
          process.pane.empty() ? "-" : Printable(process.pane),
          process.pid > 0 ? std::to_string(process.pid) : "-"};
}

// JSON as it came, fit for a terminal: what JSON lets stand although a terminal acts on it is
// written as \u00NN. Outside of strings there is no such byte.
std::string SafeJson(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string safe;
  safe.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const unsigned next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if (byte == 0x7F) {
      safe += "\\u007f";
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      safe.append("\\u00") += kHex[next >> 4U];
      safe += kHex[next & 15U];
      ++at;
    } else {
      safe += text[at];
    }
  }
  return safe;
}

void PrintKept(const std::vector<std::string>& sockets, std::ostream* out) {
  for (const std::string& socket : sockets) {
    *out << "a server is gone, but its terminals still run: tmux -S " << Printable(socket)
         << " attach\n";
  }
}

}  // namespace

std::string AgeText(std::uint64_t age_ms) {
  constexpr std::uint64_t kMinute = 60;
  constexpr std::uint64_t kHour = kMinute * 60;
  constexpr std::uint64_t kDay = kHour * 24;
  const std::uint64_t seconds = age_ms / 1000;
  if (seconds < kMinute) return std::to_string(seconds) + "s";
  if (seconds < kHour) return std::to_string(seconds / kMinute) + "m";
  if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + "h";
  return std::to_string(seconds / kDay) + "d";
}

std::string TableText(const ListedServer& server) {
  std::vector<Line> lines = {{"ID", "SESSION", "BACKEND", "STATE", "AGE", "ARGV0", "PANE", "PID"}};
  lines.reserve(server.processes.size() + 1);
  for (const ListedProcess& process : server.processes) lines.push_back(LineOf(process));
  std::array<std::size_t, kColumns> widths = {};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], CharactersIn(line[i]));
    }
  }
  std::string table;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      table.append(line[i]).append(widths[i] - CharactersIn(line[i]) + 2, ' ');
    }
    table.append(line.back()) += '\n';
  }
  return table;
}

int RunPs(const PsOptions& options, const char* xdg_runtime_dir, std::ostream* out,
          std::ostream* err) {
  const Listings listings = ListServers(options.runtime_dir, xdg_runtime_dir);
  const bool several = listings.servers.size() > 1;
  for (const ListedServer& server : listings.servers) {
    if (options.json) {
      *out << SafeJson(server.text);
      continue;
    }
    if (several) {
      *out << (&server == &listings.servers.front() ? "" : "\n") << Printable(server.url)
           << " (pid " << server.pid << ")\n";
    }
    *out << TableText(server);
  }
  PrintKept(listings.kept, options.json ? err : out);
  out->flush();
  for (const std::string& fault : listings.faults) *err << "Error: " << Printable(fault) << '\n';
  if (!listings.servers.empty()) return 0;
  if (listings.faults.empty()) *err << "Error: " << NothingFoundText(listings) << '\n';
  return 1;
}

}  // namespace paned
