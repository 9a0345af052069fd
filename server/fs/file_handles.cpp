#include "server/fs/file_handles.h"

#include <utility>

namespace paned {
namespace {

Error UnknownHandle(const std::string& id) {
  Error error{ErrorKind::kNotFound, "unknown file handle `" + id + "`"};
  error.hint = "it was never opened on this connection, was closed, or a failed read has closed it";
  return error;
}

}  // namespace

Status CheckHandleId(const std::string& id) {
  if (id.size() <= kMaxHandleId) return Done{};
  return Error{ErrorKind::kInvalidRequest,
               "file handle ID must not exceed " + std::to_string(kMaxHandleId) + " bytes",
               {},
               kMaxHandleId};
}

Status FileHandles::CheckOpen(const std::string& id) const {
  Status status = CheckHandleId(id);
  if (!status.ok()) return status;
  if (handles_.count(id) != 0) {
    return Error{ErrorKind::kInvalidRequest, "file handle `" + id + "` already exists"};
  }
  if (handles_.size() >= kMaxHandles) {
    Error error{
        ErrorKind::kInvalidRequest,
        "at most " + std::to_string(kMaxHandles) + " file handles may be open per connection",
        {},
        kMaxHandles};
    error.hint = "close those that are no longer needed with fs/close";
    return error;
  }
  return Done{};
}

void FileHandles::Open(const std::string& id, Opener open, std::function<void(Status)> done) {
  auto handle = std::make_shared<Handle>();
  handles_[id] = handle;
  workers_->Run<Result<OpenFile>>(
      std::move(open),
      [self = shared_from_this(), id, handle = std::move(handle), done = std::move(done)](
          Result<OpenFile> opened) { self->OnOpened(id, handle, std::move(opened), done); });
}

void FileHandles::OnOpened(const std::string& id, const std::shared_ptr<Handle>& handle,
                           Result<OpenFile> opened, const std::function<void(Status)>& done) {
  const auto at = handles_.find(id);
  const bool wanted = at != handles_.end() && at->second == handle;
  const auto waiting = std::move(handle->waiting);
  if (!opened.ok()) {
    if (wanted) handles_.erase(at);
    done(std::move(opened.error()));
    for (const auto& found : waiting) found(UnknownHandle(id));
    return;
  }
  FileRef file = std::make_shared<const OpenFile>(std::move(opened.value()));
  if (wanted) handle->file = file;
  done(Done{});
  // Those that came before a close of it are served as well.
  for (const auto& found : waiting) found(file);
  if (!wanted) Release(std::move(file));
}

void FileHandles::Find(const std::string& id, std::function<void(Result<FileRef>)> found) {
  const auto at = handles_.find(id);
  if (at == handles_.end()) {
    found(UnknownHandle(id));
  } else if (at->second->file) {
    found(at->second->file);
  } else {
    at->second->waiting.push_back(std::move(found));
  }
}

void FileHandles::Close(const std::string& id) {
  const auto at = handles_.find(id);
  if (at == handles_.end()) return;
  FileRef file = std::move(at->second->file);
  handles_.erase(at);
  Release(std::move(file));
}

void FileHandles::Drop(const std::string& id, const FileRef& file) {
  const auto at = handles_.find(id);
  if (at != handles_.end() && at->second->file == file) Close(id);
}

void FileHandles::CloseAll() {
  for (const auto& [id, handle] : std::exchange(handles_, {})) Release(std::move(handle->file));
}

// On a worker: the last close of a file on a network mount may wait for its server.
void FileHandles::Release(FileRef file) {
  if (!file) return;
  workers_->Run<Done>([file = std::move(file)] { return Done{}; }, [](Done) {});
}

}  // namespace paned
