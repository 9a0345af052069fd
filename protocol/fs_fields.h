// The wire's fields of fs_types.h; see fields.h. Pure, constant.
#pragma once

#include <string_view>
#include <tuple>

#include "protocol/fields.h"
#include "protocol/fs_types.h"

namespace paned::protocol {

struct PathFields {
  static constexpr auto kRows = std::tuple(Row("path", &PathParams::path),
                                           Row("sandbox", &PathParams::sandbox, Need::kOptional));
};
template <>
struct Fields<ReadFileParams> : PathFields {
  static constexpr std::string_view kName = "WireFsReadFileParams";
};
template <>
struct Fields<GetMetadataParams> : PathFields {
  static constexpr std::string_view kName = "WireFsGetMetadataParams";
};
template <>
struct Fields<CanonicalizeParams> : PathFields {
  static constexpr std::string_view kName = "WireFsCanonicalizeParams";
};
template <>
struct Fields<ReadDirectoryParams> : PathFields {
  static constexpr std::string_view kName = "WireFsReadDirectoryParams";
};

template <>
struct Fields<ReadFileResult> {
  static constexpr auto kRows = std::tuple(Row("dataBase64", &ReadFileResult::data));
};

template <>
struct Fields<WriteFileParams> {
  static constexpr std::string_view kName = "WireFsWriteFileParams";
  static constexpr auto kRows =
      std::tuple(Row("path", &WriteFileParams::path), Row("dataBase64", &WriteFileParams::data),
                 Row("createMissing", &WriteFileParams::create_missing, Need::kOptional),
                 Row("sandbox", &WriteFileParams::sandbox, Need::kOptional));
};

template <>
struct Fields<CreateDirectoryParams> {
  static constexpr std::string_view kName = "WireFsCreateDirectoryParams";
  static constexpr auto kRows =
      std::tuple(Row("path", &CreateDirectoryParams::path),
                 Row("recursive", &CreateDirectoryParams::recursive, Need::kOptional),
                 Row("sandbox", &CreateDirectoryParams::sandbox, Need::kOptional));
};

template <>
struct Fields<Metadata> {
  static constexpr auto kRows = std::tuple(
      Row("isDirectory", &Metadata::is_directory), Row("isFile", &Metadata::is_file),
      Row("isSymlink", &Metadata::is_symlink), Row("size", &Metadata::size),
      Row("createdAtMs", &Metadata::created_at_ms), Row("modifiedAtMs", &Metadata::modified_at_ms));
};

template <>
struct Fields<CanonicalizeResult> {
  static constexpr auto kRows = std::tuple(Row("path", &CanonicalizeResult::path));
};

template <>
struct Fields<DirectoryEntry> {
  static constexpr auto kRows = std::tuple(Row("fileName", &DirectoryEntry::file_name),
                                           Row("isDirectory", &DirectoryEntry::is_directory),
                                           Row("isFile", &DirectoryEntry::is_file));
};

template <>
struct Fields<ReadDirectoryResult> {
  static constexpr auto kRows = std::tuple(Row("entries", &ReadDirectoryResult::entries));
};

template <>
struct Fields<RemoveParams> {
  static constexpr std::string_view kName = "WireFsRemoveParams";
  static constexpr auto kRows = std::tuple(
      Row("path", &RemoveParams::path), Row("recursive", &RemoveParams::recursive, Need::kOptional),
      Row("force", &RemoveParams::force, Need::kOptional),
      Row("sandbox", &RemoveParams::sandbox, Need::kOptional));
};

template <>
struct Fields<CopyParams> {
  static constexpr std::string_view kName = "WireFsCopyParams";
  static constexpr auto kRows = std::tuple(
      Row("sourcePath", &CopyParams::source), Row("destinationPath", &CopyParams::destination),
      Row("recursive", &CopyParams::recursive, Need::kOptional),
      Row("sandbox", &CopyParams::sandbox, Need::kOptional));
};

template <>
struct Fields<OpenParams> {
  static constexpr std::string_view kName = "WireFsOpenParams";
  static constexpr auto kRows =
      std::tuple(Row("handleId", &OpenParams::handle_id), Row("path", &OpenParams::path),
                 Row("mode", &OpenParams::mode, Need::kDefaulted),
                 Row("sandbox", &OpenParams::sandbox, Need::kOptional));
};

template <>
struct Fields<OpenResult> {
  static constexpr auto kRows = std::tuple(Row("handleId", &OpenResult::handle_id));
};

template <>
struct Fields<ReadBlockParams> {
  static constexpr std::string_view kName = "FsReadBlockParams";
  static constexpr auto kRows = std::tuple(
      Row("handleId", &ReadBlockParams::handle_id), Row("offset", &ReadBlockParams::offset),
      Row("len", &ReadBlockParams::length, Need::kRequired, Form::kByType, "usize"));
};

template <>
struct Fields<ReadBlockResult> {
  static constexpr auto kRows =
      std::tuple(Row("chunk", &ReadBlockResult::chunk), Row("eof", &ReadBlockResult::eof));
};

template <>
struct Fields<WriteBlockParams> {
  static constexpr std::string_view kName = "FsWriteBlockParams";
  static constexpr auto kRows = std::tuple(
      Row("handleId", &WriteBlockParams::handle_id), Row("offset", &WriteBlockParams::offset),
      Row("chunk", &WriteBlockParams::chunk, Need::kRequired, Form::kBase64));
};

template <>
struct Fields<CloseParams> {
  static constexpr std::string_view kName = "FsCloseParams";
  static constexpr auto kRows = std::tuple(Row("handleId", &CloseParams::handle_id));
};

template <>
struct Fields<WalkOptions> {
  static constexpr std::string_view kName = "WalkOptions";
  static constexpr auto kRows = std::tuple(
      Row("maxDepth", &WalkOptions::max_depth, Need::kRequired, Form::kByType, "usize"),
      Row("maxDirectories", &WalkOptions::max_directories, Need::kRequired, Form::kByType, "usize"),
      Row("maxEntries", &WalkOptions::max_entries, Need::kRequired, Form::kByType, "usize"),
      Row("followDirectorySymlinks", &WalkOptions::follow_directory_symlinks),
      Row("pruneHiddenDirectories", &WalkOptions::prune_hidden_directories, Need::kDefaulted));
};

template <>
struct Fields<WalkParams> {
  static constexpr std::string_view kName = "WireFsWalkParams";
  static constexpr auto kRows =
      std::tuple(Row("path", &WalkParams::path), Row("options", &WalkParams::options),
                 Row("sandbox", &WalkParams::sandbox, Need::kOptional));
};

template <>
struct Fields<WalkEntry> {
  static constexpr auto kRows =
      std::tuple(Row("path", &WalkEntry::path), Row("kind", &WalkEntry::kind));
};

template <>
struct Fields<WalkError> {
  static constexpr auto kRows =
      std::tuple(Row("path", &WalkError::path), Row("message", &WalkError::message));
};

template <>
struct Fields<WalkResult> {
  static constexpr auto kRows =
      std::tuple(Row("entries", &WalkResult::entries), Row("errors", &WalkResult::errors),
                 Row("truncated", &WalkResult::truncated));
};

template <>
struct Fields<WatchMissingParams> {
  static constexpr std::string_view kName = "FsWatchMissingParams";
  static constexpr auto kRows = std::tuple(
      Row("watchId", &WatchMissingParams::watch_id), Row("missing", &WatchMissingParams::missing),
      Row("present", &WatchMissingParams::present, Need::kOptional));
};

template <>
struct Fields<WatchMissingResult> {
  static constexpr auto kRows = std::tuple(Row("watching", &WatchMissingResult::watching));
};

template <>
struct Fields<MissingChangedNotification> {
  static constexpr auto kRows = std::tuple(Row("watchId", &MissingChangedNotification::watch_id));
};

}  // namespace paned::protocol
