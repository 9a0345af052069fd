#include "server/handlers/block_handlers.h"

#include <cerrno>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "server/base/os_error.h"
#include "server/fs/block_io.h"
#include "server/fs/file_handles.h"
#include "server/fs/file_service.h"
#include "server/handlers/client_attachment.h"
#include "server/handlers/file_refusal.h"

namespace paned {
namespace {

using protocol::Method;
using CallerRef = const std::shared_ptr<Caller>&;

Result<OpenFile> OpenInMode(const std::string& path, protocol::OpenMode mode) {
  OpenFile file;
  file.path = path;
  if (mode == protocol::OpenMode::kReplace) {
    Result<UniqueFd> fd = OpenForReplace(path);
    if (!fd.ok()) return std::move(fd.error());
    file.fd = std::move(fd.value());
  } else {
    Result<OpenedFile> opened = OpenForRead(path, std::numeric_limits<std::uint64_t>::max());
    if (!opened.ok()) return std::move(opened.error());
    file.fd = std::move(opened.value().fd);
  }
  return file;
}

void Open(CallerRef caller, const protocol::OpenParams& params, const Reply& reply) {
  FileHandles& handles = AttachmentOf(caller).files();
  const Status free = handles.CheckOpen(params.handle_id);
  if (!free.ok()) {
    reply->Fail(free.error());
  } else if (const auto refusal = RefuseFileCall(params.path, params.sandbox)) {
    reply->Fail(*refusal);
  } else {
    handles.Open(
        params.handle_id,
        [path = params.path.native, mode = params.mode] { return OpenInMode(path, mode); },
        [id = params.handle_id, reply](Status opened) {
          if (opened.ok()) {
            reply->Send(protocol::OpenResult{id});
          } else {
            reply->Fail(opened.error());
          }
        });
  }
}

// One block as a whole reply that begins with `head`.
Result<std::string> ReadAndEncode(const OpenFile& file, std::uint64_t offset, std::uint64_t length,
                                  std::string head) {
  Result<std::string> block = ReadBlock(file, offset, length);
  if (!block.ok()) return std::move(block.error());
  try {
    return protocol::Complete(
        std::move(head), protocol::ReadBlockResult{{block.value()}, block.value().size() < length});
  } catch (const std::exception&) {  // bad_alloc
    return FileError(ENOMEM, file.path);
  }
}

// A block is read only when its turn to be sent has come: the memory of a client that asks for a
// thousand blocks at once, and reads none, stays small.
class BlockSource final : public MessageSource {
 public:
  BlockSource(WorkerPool* workers, std::shared_ptr<FileHandles> handles, FileRef file,
              protocol::ReadBlockParams params, Reply reply)
      : workers_(workers),
        handles_(std::move(handles)),
        file_(std::move(file)),
        params_(std::move(params)),
        reply_(std::move(reply)) {}

  void Pull(Sink sink) override {
    workers_->Run<Result<std::string>>(
        [file = file_, offset = params_.offset, length = params_.length, head = reply_->Head()] {
          return ReadAndEncode(*file, offset, length, head);
        },
        [handles = handles_, file = file_, id = params_.handle_id, reply = reply_,
         sink = std::move(sink)](Result<std::string> message) {
          if (message.ok()) {
            sink(Piece{std::move(message.value()), true});
            return;
          }
          handles->Drop(id, file);
          sink(Piece{reply->ErrorText(message.error()), true});
        });
  }

 private:
  WorkerPool* workers_;
  std::shared_ptr<FileHandles> handles_;
  FileRef file_;
  protocol::ReadBlockParams params_;
  Reply reply_;
};

void Read(const Services* services, CallerRef caller, protocol::ReadBlockParams params,
          const Reply& reply) {
  Status status = CheckHandleId(params.handle_id);
  if (status.ok()) status = CheckReadBlock(params.length);
  if (!status.ok()) {
    reply->Fail(status.error());
    return;
  }
  const std::shared_ptr<FileHandles> handles = AttachmentOf(caller).files().shared_from_this();
  const std::string id = params.handle_id;
  handles->Find(id, [services, handles, params = std::move(params), reply](Result<FileRef> file) {
    if (!file.ok()) {
      reply->Fail(file.error());
      return;
    }
    reply->Stream(std::make_unique<BlockSource>(services->workers, handles, std::move(file.value()),
                                                params, reply));
  });
}

void Write(const Services* services, CallerRef caller, protocol::WriteBlockParams params,
           const Reply& reply) {
  Status status = CheckHandleId(params.handle_id);
  if (status.ok()) status = CheckWriteBlock(params.offset, params.chunk.size());
  if (!status.ok()) {
    reply->Fail(status.error());
    return;
  }
  const auto block = std::make_shared<const protocol::WriteBlockParams>(std::move(params));
  AttachmentOf(caller).files().Find(block->handle_id,
                                    [services, block, reply](Result<FileRef> file) {
                                      if (!file.ok()) {
                                        reply->Fail(file.error());
                                        return;
                                      }
                                      services->workers->Run<Status>(
                                          [file = std::move(file.value()), block] {
                                            return WriteBlock(*file, block->offset, block->chunk);
                                          },
                                          [reply](Status written) {
                                            if (written.ok()) {
                                              reply->Send(protocol::Empty{});
                                            } else {
                                              reply->Fail(written.error());
                                            }
                                          });
                                    });
}

void Close(CallerRef caller, const protocol::CloseParams& params, const Reply& reply) {
  const Status status = CheckHandleId(params.handle_id);
  if (!status.ok()) {
    reply->Fail(status.error());
    return;
  }
  AttachmentOf(caller).files().Close(params.handle_id);
  reply->Send(protocol::Empty{});
}

}  // namespace

void BindBlocks(const Services* services, Router* router) {
  router->Bind<protocol::OpenParams>(Method::kFsOpen,
                                     [](CallerRef caller, const protocol::OpenParams& params,
                                        const Reply& reply) { Open(caller, params, reply); });
  router->Bind<protocol::ReadBlockParams>(
      Method::kFsReadBlock,
      [services](CallerRef caller, protocol::ReadBlockParams params, const Reply& reply) {
        Read(services, caller, std::move(params), reply);
      });
  router->Bind<protocol::WriteBlockParams>(
      Method::kFsWriteBlock,
      [services](CallerRef caller, protocol::WriteBlockParams params, const Reply& reply) {
        Write(services, caller, std::move(params), reply);
      });
  router->Bind<protocol::CloseParams>(Method::kFsClose,
                                      [](CallerRef caller, const protocol::CloseParams& params,
                                         const Reply& reply) { Close(caller, params, reply); });
}

}  // namespace paned
