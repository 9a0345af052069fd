#include "server/handlers/fs_handlers.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "protocol/base64.h"
#include "protocol/path_uri.h"
#include "server/fs/file_service.h"
#include "server/fs/walk.h"
#include "server/handlers/client_attachment.h"
#include "server/handlers/file_refusal.h"
#include "server/handlers/file_reply.h"

namespace paned {
namespace {

using protocol::Method;
using CallerRef = const std::shared_ptr<Caller>&;

// {"jsonrpc":"2.0","id":...,"result":{"dataBase64":""}} with room for a long id.
constexpr std::uint64_t kEnvelopeRoom = 4096;

// Runs `work` on a worker and answers with what it returns, which is encoded there.
template <class R>
void RunOnWorker(const Services* services, std::function<Result<R>()> work, const Reply& reply) {
  services->workers->Run<Result<std::string>>(
      [work = std::move(work), head = reply->Head()]() -> Result<std::string> {
        Result<R> result = work();
        if (!result.ok()) return std::move(result.error());
        if constexpr (std::is_same_v<R, Done>) {
          return protocol::Complete(head, protocol::Empty{});
        } else {
          return protocol::Complete(head, result.value());
        }
      },
      [reply](Result<std::string> message) {
        if (message.ok()) {
          reply->SendText(std::move(message.value()));
        } else {
          reply->Fail(message.error());
        }
      });
}

void ReadFile(const Services* services, CallerRef caller, const protocol::PathParams& params,
              const Reply& reply) {
  const std::uint64_t largest = AttachmentOf(caller).profile().largest_reply;
  const std::uint64_t limit = std::min(kMaxReadableFile, (largest - kEnvelopeRoom) / 4 * 3);
  services->workers->Run<Result<FileBeginning>>(
      [path = params.path.native, limit, head = reply->Head()] {
        return BeginFileReply(path, limit, head);
      },
      [services, limit, reply](Result<FileBeginning> beginning) {
        if (!beginning.ok()) {
          reply->Fail(beginning.error());
        } else if (beginning.value().whole) {
          reply->SendText(std::move(beginning.value().message));
        } else {
          reply->Stream(ContinueFileReply(services->workers, std::move(beginning.value()), limit));
        }
      });
}

// The data stays in the request's frame, which the reply keeps, until it is decoded. Bad base64 is
// told before a path that is refused.
Status DecodeAndWrite(const protocol::WriteFileParams& params,
                      const std::optional<Error>& refusal) {
  std::string bytes;
  if (const auto fault = protocol::DecodeBase64(params.data.text, &bytes)) {
    return Error{ErrorKind::kInvalidRequest,
                 "fs/writeFile requires valid base64 dataBase64: " + *fault};
  }
  if (refusal) return *refusal;
  return WriteFile(params.path.native, bytes, params.create_missing);
}

Result<protocol::CanonicalizeResult> CanonicalizeInForm(const protocol::Path& path) {
  Result<std::string> real = Canonicalize(path.native);
  if (!real.ok()) return std::move(real.error());
  return protocol::CanonicalizeResult{protocol::FormatPath(real.value(), path.form)};
}

// Binds a method whose whole work is one blocking call on one path.
template <class Params, class R>
void BindPathCall(const Services* services, Router* router, Method method,
                  Result<R> (*call)(const protocol::Path& path)) {
  router->Bind<Params>(method, [services, call](CallerRef, Params params, const Reply& reply) {
    if (const auto refusal = RefuseFileCall(params.path, params.sandbox)) {
      reply->Fail(*refusal);
      return;
    }
    RunOnWorker<R>(
        services, [call, path = std::move(params.path)] { return call(path); }, reply);
  });
}

}  // namespace

void BindFs(const Services* services, Router* router) {
  router->Bind<protocol::ReadFileParams>(
      Method::kFsReadFile,
      [services](CallerRef caller, const protocol::ReadFileParams& params, const Reply& reply) {
        if (const auto refusal = RefuseFileCall(params.path, params.sandbox)) {
          reply->Fail(*refusal);
        } else {
          ReadFile(services, caller, params, reply);
        }
      });
  BindPathCall<protocol::GetMetadataParams, protocol::Metadata>(
      services, router, Method::kFsGetMetadata,
      [](const protocol::Path& path) { return GetMetadata(path.native); });
  BindPathCall<protocol::ReadDirectoryParams, protocol::ReadDirectoryResult>(
      services, router, Method::kFsReadDirectory,
      [](const protocol::Path& path) { return ReadDirectory(path.native); });
  BindPathCall<protocol::CanonicalizeParams, protocol::CanonicalizeResult>(
      services, router, Method::kFsCanonicalize, CanonicalizeInForm);
  router->Bind<protocol::WriteFileParams>(
      Method::kFsWriteFile,
      [services](CallerRef, protocol::WriteFileParams params, const Reply& reply) {
        std::optional<Error> refusal = RefuseFileCall(params.path, params.sandbox);
        RunOnWorker<Done>(
            services,
            [params = std::move(params), refusal = std::move(refusal), reply] {
              return DecodeAndWrite(params, refusal);
            },
            reply);
      });
  router->Bind<protocol::WalkParams>(
      Method::kFsWalk, [services](CallerRef, protocol::WalkParams params, const Reply& reply) {
        const Status limits = CheckWalkLimits(params.options);
        if (!limits.ok()) {
          reply->Fail(limits.error());
        } else if (const auto refusal = RefuseFileCall(params.path, params.sandbox)) {
          reply->Fail(*refusal);
        } else {
          RunOnWorker<protocol::WalkResult>(
              services,
              [params = std::move(params)] {
                return Walk(params.path.native, params.options,
                            [form = params.path.form](const std::string& native) {
                              return protocol::FormatPath(native, form);
                            });
              },
              reply);
        }
      });
  router->Bind<protocol::CreateDirectoryParams>(
      Method::kFsCreateDirectory,
      [services](CallerRef, protocol::CreateDirectoryParams params, const Reply& reply) {
        if (const auto refusal = RefuseFileCall(params.path, params.sandbox)) {
          reply->Fail(*refusal);
          return;
        }
        RunOnWorker<Done>(
            services,
            [path = std::move(params.path.native), recursive = params.recursive] {
              return CreateDirectory(path, recursive);
            },
            reply);
      });
  router->Bind<protocol::RemoveParams>(
      Method::kFsRemove, [services](CallerRef, protocol::RemoveParams params, const Reply& reply) {
        if (const auto refusal = RefuseFileCall(params.path, params.sandbox)) {
          reply->Fail(*refusal);
          return;
        }
        RunOnWorker<Done>(
            services,
            [params = std::move(params)] {
              return Remove(params.path.native, params.recursive, params.force);
            },
            reply);
      });
  router->Bind<protocol::CopyParams>(
      Method::kFsCopy, [services](CallerRef, protocol::CopyParams params, const Reply& reply) {
        auto refusal = RefuseFileCall(params.source, params.sandbox);
        if (!refusal) refusal = RefuseFileCall(params.destination, params.sandbox);
        if (refusal) {
          reply->Fail(*refusal);
          return;
        }
        RunOnWorker<Done>(
            services,
            [params = std::move(params)] {
              return Copy(params.source.native, params.destination.native, params.recursive);
            },
            reply);
      });
}

}  // namespace paned
