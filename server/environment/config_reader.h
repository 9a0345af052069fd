// Configuration files as text and as values: only regular files, only of a sane size, and every
// fault in the words the reference has for that kind of file.
// Source: measured; protocol/README.md. Threading: one reader, one thread; blocking, for workers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/result.h"
#include "server/environment/toml_value.h"

namespace paned {

// One configuration file, and all that one request makes the server read, in bytes. People write
// these files: a few kilobytes are usual.
inline constexpr std::size_t kMaxConfigFile = std::size_t{1} << 20;
inline constexpr std::size_t kMaxConfigTotal = std::size_t{4} << 20;

// What stands before the path when a file cannot be read or is no TOML. Without words for reading
// the bare reason is told, without words for parsing "PATH:LINE:COLUMN: REASON".
struct ConfigWords {
  std::string_view read;
  std::string_view parse;
};

class ConfigReader {
 public:
  // The text of a file; nothing when there is none. It is UTF-8.
  Result<std::optional<std::string>> Read(const std::string& path, const ConfigWords& words);
  // The values of a file; nothing when there is none.
  Result<std::optional<TomlValue>> Load(const std::string& path, const ConfigWords& words);

 private:
  std::size_t read_ = 0;
};

// The values of a text from the file at `path`.
Result<TomlValue> ParseConfig(std::string_view text, const std::string& path,
                              const ConfigWords& words);

// Nothing when `text` is UTF-8, else where it is not, in the words of the reference's decoder.
std::optional<std::string> FindBrokenText(std::string_view text);

}  // namespace paned
