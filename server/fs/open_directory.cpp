#include "server/fs/open_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paned {

int VisitNames(int fd,
               const std::function<void(std::string_view name, unsigned char type)>& visit) {
  // getdents64 and not readdir: fdopendir would take the descriptor away from its owner.
  alignas(dirent64) char buffer[std::size_t{32} * 1024];
  for (;;) {
    const ssize_t got = ::getdents64(fd, buffer, sizeof buffer);
    if (got == 0) return 0;
    // ENOENT: removed since it was opened, so it has no names any more.
    if (got < 0) return errno == ENOENT ? 0 : errno;
    for (std::size_t offset = 0; offset < static_cast<std::size_t>(got);) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + offset);
      offset += entry->d_reclen;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") visit(name, entry->d_type);
    }
  }
}

int ListNames(int fd, std::vector<ListedName>* names) {
  return VisitNames(fd, [names](std::string_view name, unsigned char type) {
    names->push_back({std::string(name), type});
  });
}

int OpenDirectory::Open(int parent, const std::string& name, int flags) {
  UniqueFd fd(::openat(parent, name.c_str(), flags | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return errno;
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return errno;
  fd_ = std::move(fd);
  id_ = IdOf(status);
  flags_ = flags;
  return 0;
}

int OpenDirectory::Resume(const OpenDirectory& child) {
  if (fd_.valid()) return 0;
  OpenDirectory parent;
  const int error = parent.Open(child.fd(), "..", flags_);
  if (error != 0) return error;
  if (!(parent.id_ == id_)) return EBUSY;
  fd_ = std::move(parent.fd_);
  return 0;
}

}  // namespace paned
