// Directories by descriptor, for walks that must neither be led out of their tree by a name that is
// swapped underneath them nor use a descriptor for every level of a deep one.
// Threading: values; use from one thread at a time.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/unique_fd.h"

namespace paned {

// So many levels of a walk keep their descriptors; those above are suspended.
inline constexpr std::size_t kOpenLevels = 16;

// Which file it is, whatever its name.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
};
inline FileId IdOf(const struct stat& status) { return {status.st_dev, status.st_ino}; }
inline bool operator==(const FileId& a, const FileId& b) {
  return a.device == b.device && a.inode == b.inode;
}
inline bool operator<(const FileId& a, const FileId& b) {
  return a.device != b.device ? a.device < b.device : a.inode < b.inode;
}

struct ListedName {
  std::string name;
  unsigned char type = 0;  // DT_*; DT_UNKNOWN where the file system does not tell
};

// Calls `visit` with every name but "." and "..", raw bytes in the system's order, and its DT_*.
// Returns errno or 0.
int VisitNames(int fd, const std::function<void(std::string_view name, unsigned char type)>& visit);

// Appends what VisitNames gives.
int ListNames(int fd, std::vector<ListedName>* names);

// An open directory that can give its descriptor back and later find itself again.
class OpenDirectory {
 public:
  // Opens with `flags` besides O_DIRECTORY | O_CLOEXEC. Returns errno or 0.
  int Open(int parent, const std::string& name, int flags);

  // Only while not suspended.
  int fd() const { return fd_.get(); }
  const FileId& id() const { return id_; }

  void Suspend() { fd_.Reset(); }
  // Reopens through ".." of `child`, unless it is open. EBUSY: `child` was moved elsewhere.
  int Resume(const OpenDirectory& child);

 private:
  UniqueFd fd_;
  FileId id_;
  int flags_ = 0;
};

}  // namespace paned
