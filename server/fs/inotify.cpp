#include "server/fs/inotify.h"

#include <sys/inotify.h>

namespace paned {

UniqueFd Inotify::Open() { return UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }

int Inotify::Add(int instance, const std::string& path, std::uint32_t mask) {
  return ::inotify_add_watch(instance, path.c_str(), mask | IN_MASK_ADD);
}

void Inotify::Remove(int instance, int wd) { ::inotify_rm_watch(instance, wd); }

}  // namespace paned
