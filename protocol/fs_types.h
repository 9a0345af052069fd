// Parameters and results of the fs methods; rows in fs_fields.h.
// Source: exec-server protocol, section 8. Values; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/types.h"

namespace paned::protocol {

struct PathParams {  // what these four methods share
  Path path;
  Sandbox sandbox;
};
struct ReadFileParams : PathParams {};
struct GetMetadataParams : PathParams {};
struct CanonicalizeParams : PathParams {};
struct ReadDirectoryParams : PathParams {};
struct ReadFileResult {
  Bytes data;
};
struct WriteFileParams {
  Path path;
  Base64Text data;
  bool create_missing = false;  // the Go client's: make missing parents (0755)
  Sandbox sandbox;
};
struct CreateDirectoryParams {
  Path path;
  bool recursive = true;
  Sandbox sandbox;
};
struct Metadata {
  bool is_directory = false;
  bool is_file = false;
  bool is_symlink = false;
  std::uint64_t size = 0;
  std::uint64_t created_at_ms = 0;
  std::uint64_t modified_at_ms = 0;
};
struct CanonicalizeResult {
  std::string path;  // in the request's form
};
struct DirectoryEntry {
  std::string file_name;  // names that are not UTF-8 leave with U+FFFD
  bool is_directory = false;
  bool is_file = false;
};
struct ReadDirectoryResult {
  std::vector<DirectoryEntry> entries;
};
struct RemoveParams {
  Path path;
  bool recursive = true;
  bool force = true;
  Sandbox sandbox;
};
struct CopyParams {
  Path source;
  Path destination;
  bool recursive = false;
  Sandbox sandbox;
};
struct WatchMissingParams {
  std::uint64_t watch_id = 0;  // a number that grows: the newest watch of a connection is its only
  std::vector<Path> missing;
  std::optional<Path> present;
};
struct WatchMissingResult {
  bool watching = false;
};
struct MissingChangedNotification {
  std::uint64_t watch_id = 0;
};

enum class OpenMode { kRead, kReplace };
struct OpenParams {
  std::string handle_id;  // chosen by the client
  Path path;
  OpenMode mode = OpenMode::kRead;
  Sandbox sandbox;
};
struct OpenResult {
  std::string handle_id;
};
struct ReadBlockParams {
  std::string handle_id;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
struct ReadBlockResult {
  Bytes chunk;
  bool eof = false;  // fewer bytes than asked for
};
struct WriteBlockParams {
  std::string handle_id;
  std::uint64_t offset = 0;
  std::string chunk;  // raw bytes
};
struct CloseParams {
  std::string handle_id;
};

struct WalkOptions {
  std::uint64_t max_depth = 0;        // 0: the root's own entries
  std::uint64_t max_directories = 0;  // entered, the root being one
  std::uint64_t max_entries = 0;      // looked at, whether reported or not
  bool follow_directory_symlinks = false;
  bool prune_hidden_directories = false;  // report them, but do not enter them
};
struct WalkParams {
  Path path;
  WalkOptions options;
  Sandbox sandbox;
};
enum class WalkKind { kFile, kDirectory };
struct WalkEntry {
  std::string path;  // in the request's form
  WalkKind kind = WalkKind::kFile;
};
struct WalkError {
  std::string path;  // in the request's form
  std::string message;
};
struct WalkResult {
  std::vector<WalkEntry> entries;
  std::vector<WalkError> errors;  // what could not be looked at or entered
  bool truncated = false;         // a limit other than the depth cut it short
};

}  // namespace paned::protocol
