// The files that a client has open by name of a handle (fs/open): they belong to its connection and
// go with it. Source: exec-server protocol, section 8.9.
// Threading: io thread only; files are opened and closed on workers. An OpenFile is shared with the
// calls under way on it, so a close behind them takes nothing away from them.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "server/base/worker_pool.h"

namespace paned {

inline constexpr std::size_t kMaxHandleId = 32;  // bytes
inline constexpr std::size_t kMaxHandles = 128;

struct OpenFile {
  UniqueFd fd;
  std::string path;  // for error texts
};
using FileRef = std::shared_ptr<const OpenFile>;

// kInvalidRequest when `id` is too long for a handle.
Status CheckHandleId(const std::string& id);

class FileHandles : public std::enable_shared_from_this<FileHandles> {
 public:
  using Opener = std::function<Result<OpenFile>()>;

  // `workers` outlives it.
  explicit FileHandles(WorkerPool* workers) : workers_(workers) {}
  FileHandles(const FileHandles&) = delete;
  FileHandles& operator=(const FileHandles&) = delete;

  // Whether a handle called `id` may be opened: kInvalidRequest when the id is too long or taken,
  // or when there are kMaxHandles. A handle whose file is being opened counts.
  Status CheckOpen(const std::string& id) const;

  // Runs `open` on a worker and keeps its file as `id`, for which CheckOpen must have said yes.
  // `done` is told how it went.
  void Open(const std::string& id, Opener open, std::function<void(Status)> done);

  // Hands over the file of `id`, at once or when it has been opened: what a client sends behind an
  // fs/open it has no answer to finds the handle all the same. kNotFound when there is none.
  void Find(const std::string& id, std::function<void(Result<FileRef>)> found);

  // Forgets the handle; one that does not exist is fine.
  void Close(const std::string& id);
  // As Close, if `id` still means `file`.
  void Drop(const std::string& id, const FileRef& file);
  // The connection is gone.
  void CloseAll();

 private:
  struct Handle {
    FileRef file;  // empty while it is being opened
    std::vector<std::function<void(Result<FileRef>)>> waiting;
  };

  void OnOpened(const std::string& id, const std::shared_ptr<Handle>& handle,
                Result<OpenFile> opened, const std::function<void(Status)>& done);
  void Release(FileRef file);

  WorkerPool* workers_;
  std::map<std::string, std::shared_ptr<Handle>> handles_;
};

}  // namespace paned
