// fs/readFile's reply, read and encoded piece by piece while it is sent: the memory of a reply does
// not grow with the file. Threading: io thread; files are touched on workers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "server/base/worker_pool.h"
#include "server/fs/file_service.h"
#include "server/net/connection.h"

namespace paned {

// Raw bytes per piece: a multiple of three, so that pieces of base64 join, and 1 MiB when encoded.
inline constexpr std::size_t kFilePiece = 786'432;

// A file that was opened, with its first piece already encoded.
struct FileBeginning {
  OpenedFile file;
  std::string message;   // the reply up to here; complete when `whole`
  std::size_t size = 0;  // raw bytes in it
  bool whole = false;
};

// Opens `path` and reads its first piece behind `head`. Blocking: on a worker.
Result<FileBeginning> BeginFileReply(const std::string& path, std::uint64_t limit,
                                     std::string head);

// The rest of a reply that BeginFileReply began. A file that has grown is sent as far as `limit`.
std::unique_ptr<MessageSource> ContinueFileReply(WorkerPool* workers, FileBeginning beginning,
                                                 std::uint64_t limit);

}  // namespace paned
