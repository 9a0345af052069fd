#include "tests/e2e/server_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace paned::testing {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts->size() + 1);
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe MakePipe() {
  std::array<int, 2> fds = {-1, -1};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) std::abort();
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// The test's environment as the options change it.
std::vector<std::string> EnvironmentOf(const ServerOptions& options) {
  std::vector<std::string> environment = options.env;
  const auto is_left_out = [&](const std::string& entry) {
    const std::string name = entry.substr(0, entry.find('='));
    const auto sets = [&](const std::string& other) { return other.rfind(name + "=", 0) == 0; };
    return std::any_of(options.env.begin(), options.env.end(), sets) ||
           std::find(options.unset.begin(), options.unset.end(), name) != options.unset.end();
  };
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_left_out(*entry)) environment.emplace_back(*entry);
  }
  return environment;
}

// The value of --runtime-dir among the flags; "" when it is not there.
std::string RuntimeDirIn(const std::vector<std::string>& flags) {
  constexpr std::string_view kFlag = "--runtime-dir=";
  for (const std::string& flag : flags) {
    if (flag.rfind(kFlag, 0) == 0) return flag.substr(kFlag.size());
  }
  return "";
}

// The first line, without its end; "" when none comes.
std::string ReadLine(int fd, Millis patience) {
  const auto deadline = SteadyClock::now() + patience;
  std::string line;
  while (SteadyClock::now() < deadline) {
    pollfd state = {fd, POLLIN, 0};
    if (::poll(&state, 1, 100) <= 0) continue;
    char c = 0;
    if (::read(fd, &c, 1) != 1) return "";
    if (c == '\n') return line;
    line += c;
  }
  return "";
}

}  // namespace

bool Eventually(const std::function<bool()>& done, Millis patience) {
  const auto deadline = SteadyClock::now() + patience;
  while (!done()) {
    if (SteadyClock::now() > deadline) return false;
    std::this_thread::sleep_for(Millis(3));
  }
  return true;
}

std::string ReadWholeFile(const std::string& path) {
  // Not by a stream: files of processes that end meanwhile make it throw.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while (file.valid() && (got = ::read(file.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

void WriteWholeFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string Output(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "re");  // NOLINT(bugprone-command-processor,cert-env33-c)
  std::string said;
  std::array<char, 4096> buffer;
  std::size_t got = 0;
  while ((got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    said.append(buffer.data(), got);
  }
  ::pclose(pipe);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return said;
}

bool IsAlive(pid_t pid) {
  const std::string stat = ReadWholeFile("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.size() > name_end + 2 && stat[name_end + 2] != 'Z';
}

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code gone;
  const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid) + "/task", gone);
  if (gone) return children;
  for (const auto& task : tasks) {
    std::istringstream text(ReadWholeFile(task.path().string() + "/children"));
    children.insert(children.end(), std::istream_iterator<pid_t>(text),
                    std::istream_iterator<pid_t>());
  }
  return children;
}

std::vector<pid_t> ProcessesNaming(const std::string& text) {
  std::vector<pid_t> pids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0 || pid == ::getpid()) continue;
    if (ReadWholeFile(entry.path().string() + "/cmdline").find(text) != std::string::npos) {
      pids.push_back(pid);
    }
  }
  return pids;
}

// The children of holders first, while it can be told whose they are; and again, for what was just
// being started.
void EndLeftovers(const std::string& runtime_dir) {
  Eventually([&] {
    const std::vector<pid_t> pids = ProcessesNaming(runtime_dir + "/");
    for (const pid_t pid : pids) {
      for (const pid_t child : ChildrenOf(pid)) {
        if (::getsid(child) == child) ::kill(-child, SIGKILL);
      }
      ::kill(pid, SIGKILL);
    }
    return pids.empty();
  });
}

ServerProcess::ServerProcess(const ServerOptions& options)
    : runtime_dir_(RuntimeDirIn(options.flags)) {
  std::vector<std::string> arguments = options.wrap;
  for (const std::string& word :
       {ServerProgram(), std::string("serve"), std::string("--listen"), options.listen}) {
    arguments.push_back(word);
  }
  if (runtime_dir_.empty()) {
    own_runtime_dir_.emplace();
    runtime_dir_ = own_runtime_dir_->path();
    arguments.push_back("--runtime-dir=" + runtime_dir_);
  }
  // For a test that is killed itself.
  arguments.emplace_back("--holder-ttl=10m");
  arguments.insert(arguments.end(), options.flags.begin(), options.flags.end());
  std::vector<std::string> environment = EnvironmentOf(options);
  const std::vector<char*> argv = Pointers(&arguments);
  const std::vector<char*> envp = Pointers(&environment);

  log_ = UniqueFd(::memfd_create("log", MFD_CLOEXEC));
  Pipe in = MakePipe();
  Pipe out = MakePipe();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no server outlives its test
    ::dup2(in.read.get(), STDIN_FILENO);
    ::dup2(out.write.get(), STDOUT_FILENO);
    ::dup2(options.log >= 0 ? options.log : log_.get(), STDERR_FILENO);
    if (options.in_child) options.in_child();
    ::execvpe(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  out.write.Reset();
  if (options.announces) url_ = ReadLine(output_.get(), kPatience);
}

ServerProcess::~ServerProcess() {
  if (!exit_code_) {
    Signal(SIGKILL);
    Wait();
  }
  if (own_runtime_dir_) EndLeftovers(runtime_dir_);
}

void ServerProcess::Signal(int signal_number) const { ::kill(pid_, signal_number); }

std::optional<int> ServerProcess::Wait(Millis patience) {
  Eventually(
      [this] {
        int status = 0;
        if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
          exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
        return exit_code_.has_value();
      },
      patience);
  return exit_code_;
}

bool ServerProcess::StopCleanly() {
  Signal(SIGTERM);
  return Wait() == 0 && Log().find("without exactly one answer") == std::string::npos;
}

std::string ServerProcess::Log() const {
  std::string text;
  std::array<char, 65536> buffer;
  ssize_t got = 0;
  while ((got = ::pread(log_.get(), buffer.data(), buffer.size(),
                        static_cast<off_t>(text.size()))) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::size_t ServerProcess::StatusBytes(const std::string& field) const {
  std::istringstream lines(ReadWholeFile("/proc/" + std::to_string(pid_) + "/status"));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.rfind(field + ":", 0) == 0) {
      return std::strtoull(line.c_str() + field.size() + 1, nullptr, 10) * 1024;
    }
  }
  return 0;
}

std::size_t ServerProcess::ResidentBytes() const { return StatusBytes("VmRSS"); }
std::size_t ServerProcess::PeakResidentBytes() const { return StatusBytes("VmHWM"); }

bool ServerProcess::ForgetPeak() const {
  const UniqueFd fd(
      ::open(("/proc/" + std::to_string(pid_) + "/clear_refs").c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() && ::write(fd.get(), "5", 1) == 1;
}

std::size_t ServerProcess::OpenDescriptors() const {
  namespace fs = std::filesystem;
  const fs::directory_iterator begin("/proc/" + std::to_string(pid_) + "/fd");
  return static_cast<std::size_t>(std::distance(begin, fs::directory_iterator()));
}

std::vector<pid_t> ServerProcess::Children() const { return ChildrenOf(pid_); }

FailedStart RunToItsEnd(std::vector<std::string> flags, const std::string& listen) {
  ServerOptions options;
  options.flags = std::move(flags);
  options.listen = listen;
  options.announces = false;
  ServerProcess server(options);
  FailedStart failed;
  failed.code = server.Wait();
  failed.log = server.Log();
  return failed;
}

}  // namespace paned::testing
