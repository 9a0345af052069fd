#include "tests/e2e/tty_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sstream>

namespace paned::testing {
namespace {

std::string CommOf(pid_t pid) {
  std::string name = ReadWholeFile("/proc/" + std::to_string(pid) + "/comm");
  return name.substr(0, name.find('\n'));
}

std::string ReadToEnd(const std::string& socket_path) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return "";
  std::string text;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while ((got = ::read(socket.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

// What a terminal is asked, and what it says.
constexpr std::array<std::array<const char*, 2>, 5> kAnswers = {{
    {"\x1b[c", "\x1b[?62;1;4c"},
    {"\x1b[>c", "\x1b[>41;354;0c"},
    {"\x1b[>q", "\x1bP>|XTerm(354)\x1b\\"},
    {"\x1b[6n", "\x1b[3;7R"},
    {"\x1b]11;?", "\x1b]11;rgb:1111/2222/3333\x1b\\"},
}};

}  // namespace

std::string InstanceOf(const ServerProcess& server) {
  return server.runtime_dir() + "/" + std::to_string(server.pid());
}

pid_t TmuxOf(const ServerProcess& server) {
  for (const pid_t pid : ProcessesNaming(InstanceOf(server) + "/tmux.sock")) {
    if (CommOf(pid) == "tmux: server" && IsAlive(pid)) return pid;
  }
  return 0;
}

std::vector<pid_t> HoldersOf(const ServerProcess& server) {
  std::vector<pid_t> holders;
  for (const pid_t pid : ProcessesNaming(InstanceOf(server))) {
    if (CommOf(pid) == "paned-holder" && IsAlive(pid)) holders.push_back(pid);
  }
  return holders;
}

std::map<std::string, Listed> ListedBy(const ServerProcess& server) {
  std::map<std::string, Listed> listed;
  std::istringstream lines(ReadToEnd(InstanceOf(server) + "/listing.sock"));
  std::string line;
  std::getline(lines, line);  // the server
  while (std::getline(lines, line)) {
    rapidjson::Document row;
    row.Parse(line.data(), line.size());
    listed[row["id"].GetString()] = {row["backend"].GetString(), row["state"].GetString(),
                                     row["pane"].GetString(), row["pid"].GetInt()};
  }
  return listed;
}

std::string TmuxSays(const ServerProcess& server, const std::string& command) {
  return Output("env -u TMUX tmux -u -S '" + InstanceOf(server) + "/tmux.sock' " + command +
                " 2>&1");
}

pid_t ParentOf(pid_t pid) {
  const std::string stat = ReadWholeFile("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end == std::string::npos ? 0 : std::atoi(stat.c_str() + name_end + 4);
}

std::size_t ResidentBytesOf(pid_t pid) {
  const std::string status = ReadWholeFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + 6, nullptr, 10) * 1024;
}

bool Exists(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::uint64_t IoCount(pid_t pid, const std::string& name) {
  const std::string text = ReadWholeFile("/proc/" + std::to_string(pid) + "/io");
  const std::size_t at = text.find(name + ": ");
  return at == std::string::npos ? 0
                                 : std::strtoull(text.c_str() + at + name.size() + 2, nullptr, 10);
}

// --- a person ------------------------------------------------------------------------------------

Person::Person(const ServerProcess& server, const std::string& pane) {
  const std::string window =
      TmuxSays(server, "display-message -p -t '" + pane + "' '#{window_id}'");
  const std::string socket = InstanceOf(server) + "/tmux.sock";
  const std::string target = "paned:" + window;
  winsize size = {};
  size.ws_row = 24;
  size.ws_col = 80;
  int terminal = -1;
  pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid_ == 0) {
    ::setenv("TERM", "xterm-256color", 1);
    ::unsetenv("TMUX");
    ::execlp("tmux", "tmux", "-u", "-S", socket.c_str(), "attach-session", "-t", target.c_str(),
             static_cast<char*>(nullptr));
    ::_exit(127);
  }
  terminal_ = UniqueFd(terminal);
  ::fcntl(terminal, F_SETFL, O_RDWR | O_NONBLOCK);
  const std::string own = std::to_string(pid_);
  EXPECT_TRUE(Eventually([&] {
    Look();
    const std::string clients = TmuxSays(server, "list-clients -F '#{client_pid} #{window_id}'");
    return ("\n" + clients + "\n").find("\n" + own + " " + window + "\n") != std::string::npos;
  })) << seen_;
}

Person::~Person() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Person::Look() {
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while ((got = ::read(terminal_.get(), buffer.data(), buffer.size())) > 0) {
    seen_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  for (; answered_ < seen_.size(); ++answered_) {
    for (const auto& [query, answer] : kAnswers) {
      if (seen_.compare(answered_, std::strlen(query), query) == 0) Type(answer);
    }
  }
}

void Person::Type(const std::string& text) {
  EXPECT_EQ(::write(terminal_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

bool Person::Sees(const std::string& text) {
  return Eventually([&] {
    Look();
    return seen_.find(text) != std::string::npos;
  });
}

// --- the fixtures --------------------------------------------------------------------------------

void Tty::SetUp() {
  if (Output("tmux -V").rfind("tmux ", 0) != 0) GTEST_SKIP() << "tmux is not installed";
}

void TtyBoth::SetUp() {
  if (on_tmux()) Tty::SetUp();
}

Answer Tty::Start(RpcClient* client, const std::string& id, const std::vector<std::string>& argv,
                  const std::string& more) {
  Answer answer = client->Call(
      "process/start", StartParams(id, argv, "\"tty\":true" + (more.empty() ? "" : "," + more)),
      kLongPatience);
  EXPECT_TRUE(answer.ok()) << id.substr(0, 80) << ": " << answer.message();
  return answer;
}

Story Tty::Run(RpcClient* client, const std::string& id, const std::vector<std::string>& argv,
               const std::string& more) {
  Start(client, id, argv, more);
  EXPECT_TRUE(client->UntilClosed(id)) << id.substr(0, 80) << " did not end";
  return client->story(id);
}

bool Tty::AwaitText(RpcClient* client, const std::string& id, const std::string& text) {
  const Story& story = client->story(id);
  return client->Until([&] { return story.out.find(text) != std::string::npos; });
}

bool Tty::Write(RpcClient* client, const std::string& id, const std::string& bytes) {
  const Answer answer = client->Call("process/write", WriteParams(id, bytes));
  return answer.ok() && std::string(answer.result()["status"].GetString()) == "accepted";
}

std::string Tty::Screen(RpcClient* client, const std::string& id) {
  const Answer answer = client->Call("paned/screen", IdParams(id));
  if (!answer.ok()) return "error: " + answer.message();
  std::string text;
  for (const auto& line : answer.result()["lines"].GetArray()) {
    text += std::string(line.GetString(), line.GetStringLength()) + "\n";
  }
  return text;
}

}  // namespace paned::testing
