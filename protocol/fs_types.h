// Parameters and results of the fs methods; rows in fs_fields.h.
// Source: exec-server protocol, section 8. Values; pure.
#pragma once

#include <cstdint>
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

}  // namespace paned::protocol
