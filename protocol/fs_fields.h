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

}  // namespace paned::protocol
