// The child of the end-to-end tests, where a shell is too slow or knows too little.
//   emit BYTES      writes that much of the pattern to stdout
//   fds             prints the numbers of its open descriptors
//   state           prints its session, group, signal mask and ignored signals
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "tests/e2e/pattern.h"

namespace {

int Emit(std::uint64_t size) {
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
  if (mode == "fds") return PrintDescriptors();
  if (mode == "state") return PrintState();
  return 64;
}
