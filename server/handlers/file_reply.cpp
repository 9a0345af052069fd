#include "server/handlers/file_reply.h"

#include <algorithm>
#include <utility>

#include "protocol/base64.h"

namespace paned {
namespace {

constexpr char kOpening[] = "{\"dataBase64\":\"";
constexpr char kClosing[] = "\"}}";

// Encodes the next piece; nothing past `limit` raw bytes in all.
Result<MessageSource::Piece> EncodePiece(const OpenedFile& file, std::uint64_t sent,
                                         std::uint64_t limit, std::string text) {
  const std::size_t wanted = std::min<std::uint64_t>(kFilePiece, limit - sent);
  Result<std::string> raw = ReadPiece(file, wanted);
  if (!raw.ok()) return std::move(raw.error());
  MessageSource::Piece piece;
  piece.last = raw.value().size() < kFilePiece;
  text.reserve(text.size() + protocol::Base64Length(raw.value().size()) + sizeof kClosing);
  protocol::AppendBase64(raw.value(), &text);
  if (piece.last) text += kClosing;
  piece.bytes = std::move(text);
  return piece;
}

// The file is shared with the worker that may still be reading it when the connection goes away.
class FileSource final : public MessageSource {
 public:
  FileSource(WorkerPool* workers, FileBeginning beginning, std::uint64_t limit)
      : workers_(workers),
        file_(std::make_shared<OpenedFile>(std::move(beginning.file))),
        first_(std::move(beginning.message)),
        sent_(beginning.size),
        limit_(limit) {}

  void Pull(Sink sink) override {
    if (!first_.empty()) {
      sink(Piece{std::exchange(first_, {}), false});
      return;
    }
    const std::uint64_t sent = std::exchange(sent_, sent_ + kFilePiece);
    workers_->Run<Result<Piece>>(
        [file = file_, sent, limit = limit_] { return EncodePiece(*file, sent, limit, {}); },
        std::move(sink));
  }

 private:
  WorkerPool* workers_;
  std::shared_ptr<OpenedFile> file_;
  std::string first_;
  std::uint64_t sent_;  // raw bytes asked for so far
  const std::uint64_t limit_;
};

}  // namespace

Result<FileBeginning> BeginFileReply(const std::string& path, std::uint64_t limit,
                                     std::string head) {
  Result<OpenedFile> file = OpenForRead(path, limit);
  if (!file.ok()) return std::move(file.error());
  Result<MessageSource::Piece> piece = EncodePiece(file.value(), 0, limit, head + kOpening);
  if (!piece.ok()) return std::move(piece.error());
  FileBeginning beginning;
  beginning.file = std::move(file.value());
  beginning.whole = piece.value().last;
  beginning.message = std::move(piece.value().bytes);
  beginning.size = kFilePiece;
  return beginning;
}

std::unique_ptr<MessageSource> ContinueFileReply(WorkerPool* workers, FileBeginning beginning,
                                                 std::uint64_t limit) {
  return std::make_unique<FileSource>(workers, std::move(beginning), limit);
}

}  // namespace paned
