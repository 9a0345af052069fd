#include "protocol/codec.h"

#include "protocol/environment_fields.h"
#include "protocol/field_decoder.h"
#include "protocol/field_encoder.h"
#include "protocol/fs_fields.h"
#include "protocol/http_fields.h"

namespace paned::protocol {
namespace {

// About how long a value's JSON will be: only what can be large is looked at.
template <class Value>
std::size_t SizeHint(const Value&) {
  return 256;
}

std::size_t SizeHint(const OutputChunk& chunk) { return 64 + Base64Length(chunk.bytes.size()); }

std::size_t SizeHint(const OutputNotification& value) {
  return 64 + value.process_id.size() + SizeHint(value.chunk);
}

std::size_t SizeHint(const ReadResult& value) {
  std::size_t size = 192;
  for (const OutputChunk& chunk : value.chunks) size += SizeHint(chunk);
  return size;
}

std::size_t SizeHint(const ReadFileResult& value) {
  return 64 + Base64Length(value.data.raw.size());
}

std::size_t SizeHint(const ReadDirectoryResult& value) {
  std::size_t size = 64;
  for (const DirectoryEntry& entry : value.entries) size += 64 + entry.file_name.size();
  return size;
}

std::size_t SizeHint(const ReadBlockResult& value) {
  return 64 + Base64Length(value.chunk.raw.size());
}

std::size_t SizeHint(const WalkResult& value) {
  std::size_t size = 64;
  for (const WalkEntry& entry : value.entries) size += 36 + entry.path.size();
  for (const WalkError& error : value.errors) {
    size += 28 + error.path.size() + error.message.size();
  }
  return size;
}

std::size_t SizeHint(const HttpResult& value) {
  std::size_t size = 128 + Base64Length(value.body.raw.size());
  for (const HttpHeaderField& header : value.headers) {
    size += 32 + header.name.size() + header.value.size();
  }
  return size;
}

std::size_t SizeHint(const HttpBodyDelta& value) {
  return 128 + value.request_id.size() + Base64Length(value.delta.raw.size());
}

std::size_t SizeHint(const ScreenResult& value) {
  std::size_t size = 128;
  for (const std::string& line : value.lines) size += 4 + line.size();
  return size;
}

std::size_t SizeHint(const InitializeResult& value) { return 96 + value.environment_info.size(); }

}  // namespace

std::string_view NameOf(OutputStream stream) {
  switch (stream) {
    case OutputStream::kStdout:
      return "stdout";
    case OutputStream::kStderr:
      return "stderr";
    case OutputStream::kPty:
      return "pty";
  }
  return {};
}

template <class Params>
std::optional<RpcError> Decode(const JsonValue& params, Params* out) {
  RpcError error;
  if (DecodeStruct(params, out, &error)) return std::nullopt;
  error.code = ErrorCode::kInvalidParams;
  return error;
}

template <class Value>
void AppendJson(const Value& value, std::string* out) {
  AppendStruct(value, out);
}

template <class Value>
std::string Complete(std::string head, const Value& value) {
  head.reserve(head.size() + SizeHint(value));
  AppendStruct(value, &head);
  head.push_back('}');
  return head;
}

template <class Value>
std::string EncodeResult(const RequestId& id, const Value& value) {
  return Complete(BeginResult(id), value);
}

template <class Value>
std::string EncodeNotification(std::string_view method, const Value& value) {
  return Complete(BeginNotification(method), value);
}

template std::optional<RpcError> Decode(const JsonValue&, Empty*);
template std::optional<RpcError> Decode(const JsonValue&, InitializeParams*);
template std::optional<RpcError> Decode(const JsonValue&, StartParams*);
template std::optional<RpcError> Decode(const JsonValue&, ReadParams*);
template std::optional<RpcError> Decode(const JsonValue&, WriteParams*);
template std::optional<RpcError> Decode(const JsonValue&, SignalParams*);
template std::optional<RpcError> Decode(const JsonValue&, TerminateParams*);
template std::optional<RpcError> Decode(const JsonValue&, ResizeParams*);
template std::optional<RpcError> Decode(const JsonValue&, ScreenParams*);
template std::optional<RpcError> Decode(const JsonValue&, ReadFileParams*);
template std::optional<RpcError> Decode(const JsonValue&, GetMetadataParams*);
template std::optional<RpcError> Decode(const JsonValue&, CanonicalizeParams*);
template std::optional<RpcError> Decode(const JsonValue&, ReadDirectoryParams*);
template std::optional<RpcError> Decode(const JsonValue&, WriteFileParams*);
template std::optional<RpcError> Decode(const JsonValue&, CreateDirectoryParams*);
template std::optional<RpcError> Decode(const JsonValue&, RemoveParams*);
template std::optional<RpcError> Decode(const JsonValue&, CopyParams*);
template std::optional<RpcError> Decode(const JsonValue&, OpenParams*);
template std::optional<RpcError> Decode(const JsonValue&, ReadBlockParams*);
template std::optional<RpcError> Decode(const JsonValue&, WriteBlockParams*);
template std::optional<RpcError> Decode(const JsonValue&, CloseParams*);
template std::optional<RpcError> Decode(const JsonValue&, WalkParams*);
template std::optional<RpcError> Decode(const JsonValue&, HttpRequestParams*);
template std::optional<RpcError> Decode(const JsonValue&, WatchMissingParams*);
template std::optional<RpcError> Decode(const JsonValue&, EnvironmentConfigReadParams*);

template void AppendJson(const Empty&, std::string*);
template void AppendJson(const InitializeResult&, std::string*);
template void AppendJson(const StartResult&, std::string*);
template void AppendJson(const ReadResult&, std::string*);
template void AppendJson(const WriteResult&, std::string*);
template void AppendJson(const TerminateResult&, std::string*);
template void AppendJson(const ScreenResult&, std::string*);
template void AppendJson(const ReadFileResult&, std::string*);
template void AppendJson(const Metadata&, std::string*);
template void AppendJson(const CanonicalizeResult&, std::string*);
template void AppendJson(const ReadDirectoryResult&, std::string*);
template void AppendJson(const OpenResult&, std::string*);
template void AppendJson(const ReadBlockResult&, std::string*);
template void AppendJson(const WalkResult&, std::string*);
template void AppendJson(const HttpResult&, std::string*);
template void AppendJson(const WatchMissingResult&, std::string*);
template void AppendJson(const MissingChangedNotification&, std::string*);
template void AppendJson(const EnvironmentInfo&, std::string*);
template void AppendJson(const EnvironmentStatus&, std::string*);
template void AppendJson(const EnvironmentConfigReadResult&, std::string*);
template void AppendJson(const OutputNotification&, std::string*);
template void AppendJson(const ExitedNotification&, std::string*);
template void AppendJson(const ClosedNotification&, std::string*);
template void AppendJson(const HttpBodyDelta&, std::string*);

template std::string Complete(std::string, const Empty&);
template std::string Complete(std::string, const Metadata&);
template std::string Complete(std::string, const CanonicalizeResult&);
template std::string Complete(std::string, const ReadDirectoryResult&);
template std::string Complete(std::string, const OpenResult&);
template std::string Complete(std::string, const ReadBlockResult&);
template std::string Complete(std::string, const WalkResult&);

template std::string EncodeResult(const RequestId&, const Empty&);
template std::string EncodeResult(const RequestId&, const InitializeResult&);
template std::string EncodeResult(const RequestId&, const StartResult&);
template std::string EncodeResult(const RequestId&, const ReadResult&);
template std::string EncodeResult(const RequestId&, const WriteResult&);
template std::string EncodeResult(const RequestId&, const TerminateResult&);
template std::string EncodeResult(const RequestId&, const ScreenResult&);
template std::string EncodeResult(const RequestId&, const ReadFileResult&);
template std::string EncodeResult(const RequestId&, const Metadata&);
template std::string EncodeResult(const RequestId&, const CanonicalizeResult&);
template std::string EncodeResult(const RequestId&, const ReadDirectoryResult&);
template std::string EncodeResult(const RequestId&, const OpenResult&);
template std::string EncodeResult(const RequestId&, const HttpResult&);
template std::string EncodeResult(const RequestId&, const WatchMissingResult&);
template std::string EncodeResult(const RequestId&, const EnvironmentInfo&);
template std::string EncodeResult(const RequestId&, const EnvironmentStatus&);
template std::string EncodeResult(const RequestId&, const EnvironmentConfigReadResult&);

template std::string EncodeNotification(std::string_view, const OutputNotification&);
template std::string EncodeNotification(std::string_view, const ExitedNotification&);
template std::string EncodeNotification(std::string_view, const ClosedNotification&);
template std::string EncodeNotification(std::string_view, const HttpBodyDelta&);
template std::string EncodeNotification(std::string_view, const MissingChangedNotification&);

}  // namespace paned::protocol
