// The child of the end-to-end tests, where a shell is too slow or knows too little.
//   emit BYTES      writes that much of the pattern to stdout, also where that is a terminal
//   digest BYTES    on a raw terminal: says "ready", reads that much, prints its FNV-1a hash
//   hex TEXT        on a raw terminal: writes TEXT, then every byte it reads as hex, until a Q
//   strings         prints the hash of its further arguments and environment, one line each
//   fds             prints the numbers of its open descriptors
//   state           prints its session, group, signal mask and ignored signals
#include <dirent.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "tests/e2e/pattern.h"

namespace {

// What is written and read from now on passes the terminal as it is.
void MakeRaw(int fd) {
  termios raw = {};
  if (::tcgetattr(fd, &raw) != 0) return;
  ::cfmakeraw(&raw);
  ::tcsetattr(fd, TCSANOW, &raw);
}

int Emit(std::uint64_t size) {
  MakeRaw(STDOUT_FILENO);
  constexpr std::uint64_t kPiece = 65536;
  for (std::uint64_t offset = 0; offset < size;) {
    const std::string piece =
        paned::testing::Pattern(offset, std::min<std::uint64_t>(kPiece, size - offset));
    std::size_t written = 0;
    while (written < piece.size()) {
      const ssize_t put = ::write(STDOUT_FILENO, piece.data() + written, piece.size() - written);
      if (put < 0) return 1;
      written += static_cast<std::size_t>(put);
    }
    offset += piece.size();
  }
  return 0;
}

void PrintHash(std::uint64_t hash) {
  std::printf("%016llx\r\n", static_cast<unsigned long long>(hash));
  std::fflush(stdout);
}

int Digest(std::uint64_t size) {
  MakeRaw(STDIN_FILENO);
  std::printf("ready\r\n");
  std::fflush(stdout);
  std::uint64_t hash = paned::testing::kHashSeed;
  char buffer[65536];
  while (size > 0) {
    const ssize_t got = ::read(STDIN_FILENO, buffer, std::min<std::uint64_t>(sizeof buffer, size));
    if (got <= 0) return 1;
    hash = paned::testing::Hash({buffer, static_cast<std::size_t>(got)}, hash);
    size -= static_cast<std::uint64_t>(got);
  }
  PrintHash(hash);
  return 0;
}

int EchoHex(const char* text) {
  MakeRaw(STDIN_FILENO);
  std::printf("%s", text);
  std::fflush(stdout);
  char c = 0;
  while (c != 'Q' && ::read(STDIN_FILENO, &c, 1) == 1) {
    std::printf("%02x ", static_cast<unsigned char>(c));
    std::fflush(stdout);
  }
  return 0;
}

int PrintStrings(char** arguments) {
  for (; *arguments != nullptr; ++arguments) PrintHash(paned::testing::Hash(*arguments));
  std::set<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.insert(*entry);
  for (const std::string& entry : variables) PrintHash(paned::testing::Hash(entry));
  return 0;
}

int PrintDescriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  std::set<int> open;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    const int fd = std::atoi(entry->d_name);
    if (fd != ::dirfd(directory)) open.insert(fd);
  }
  ::closedir(directory);
  for (const int fd : open) std::printf("%d ", fd);
  return 0;
}

int PrintState() {
  const pid_t pid = ::getpid();
  std::printf("leader=%d group=%d", ::getsid(0) == pid, ::getpgrp() == pid);
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  int masked = 0;
  int ignored = 0;
  for (int number = 1; number < SIGRTMIN; ++number) {
    masked += ::sigismember(&blocked, number) == 1;
    struct sigaction action = {};
    ignored += ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  }
  std::printf(" masked=%d ignored=%d", masked, ignored);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "emit" && argc == 3) return Emit(std::strtoull(argv[2], nullptr, 10));
  if (mode == "digest" && argc == 3) return Digest(std::strtoull(argv[2], nullptr, 10));
  if (mode == "hex" && argc == 3) return EchoHex(argv[2]);
  if (mode == "strings") return PrintStrings(argv + 2);
  if (mode == "fds") return PrintDescriptors();
  if (mode == "state") return PrintState();
  return 64;
}
