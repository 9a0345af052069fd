#include "server/inherited.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

namespace paned {
namespace {

void OccupyStandardStreams() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

void PutSignalsRight() {
  // What is neither ignored nor default is not the parent's: a sanitizer's, or a profiler's.
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action = {};
    if (number == SIGHUP || ::sigaction(number, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_IGN) ::signal(number, SIG_DFL);
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

void PutInheritedRight() {
  OccupyStandardStreams();
  PutSignalsRight();
  ::umask(::umask(0) & (S_IRWXG | S_IRWXO));
}

}  // namespace paned
