#include "server/environment/config_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "protocol/utf8.h"
#include "server/environment/toml_parser.h"
#include "server/fs/file_service.h"

namespace paned {
namespace {

Error Unreadable(Error error, const std::string& path, const ConfigWords& words) {
  error.kind = ErrorKind::kInternal;
  if (!words.read.empty()) {
    error.message = std::string(words.read) + ' ' + path + ": " + error.message;
  }
  error.path = path;
  return error;
}

Error TooLarge(std::size_t limit, const char* of_what, const char* hint) {
  Error error{ErrorKind::kInternal,
              std::string(of_what) + " too large: limit is " + std::to_string(limit) + " bytes"};
  error.limit = limit;
  error.hint = hint;
  return error;
}

}  // namespace

std::optional<std::string> FindBrokenText(std::string_view text) {
  const std::size_t at = protocol::FindInvalidUtf8(text);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at);
  const std::size_t size = protocol::NextUtf8(rest).size;
  const auto lead = static_cast<unsigned char>(rest.front());
  if (size == rest.size() && lead >= 0xc2 && lead <= 0xf4) {
    return "incomplete utf-8 byte sequence from index " + std::to_string(at);
  }
  return "invalid utf-8 sequence of " + std::to_string(size) + " bytes from index " +
         std::to_string(at);
}

Result<std::optional<std::string>> ConfigReader::Read(const std::string& path,
                                                      const ConfigWords& words) {
  const Error too_large =
      TooLarge(kMaxConfigFile, "file is", "a configuration file of this size is a mistake");
  Result<OpenedFile> file = OpenForRead(path, kMaxReadableFile);
  if (!file.ok()) {
    if (file.error().kind == ErrorKind::kNotFound) return std::optional<std::string>{};
    return Unreadable(std::move(file.error()), path, words);
  }
  // One byte more than may be: a file without a size, or one that grows, shows itself.
  Result<std::string> text = ReadPiece(file.value(), kMaxConfigFile + 1);
  if (!text.ok()) return Unreadable(std::move(text.error()), path, words);
  if (text.value().size() > kMaxConfigFile) return Unreadable(too_large, path, words);
  read_ += text.value().size();
  if (read_ > kMaxConfigTotal) {
    return Unreadable(TooLarge(kMaxConfigTotal, "the configuration files together are",
                               "make the files of the project smaller"),
                      path, words);
  }
  if (auto broken = FindBrokenText(text.value())) {
    return Unreadable({ErrorKind::kInternal, *std::move(broken)}, path, words);
  }
  return std::optional<std::string>{std::move(text.value())};
}

Result<std::optional<TomlValue>> ConfigReader::Load(const std::string& path,
                                                    const ConfigWords& words) {
  Result<std::optional<std::string>> text = Read(path, words);
  if (!text.ok()) return std::move(text.error());
  if (!text.value()) return std::optional<TomlValue>{};
  Result<TomlValue> value = ParseConfig(*text.value(), path, words);
  if (!value.ok()) return std::move(value.error());
  return std::optional<TomlValue>{std::move(value.value())};
}

Result<TomlValue> ParseConfig(std::string_view text, const std::string& path,
                              const ConfigWords& words) {
  std::variant<TomlValue, TomlFault> parsed = ParseToml(text);
  if (auto* value = std::get_if<TomlValue>(&parsed)) return std::move(*value);
  const auto& fault = std::get<TomlFault>(parsed);
  const std::string line = std::to_string(fault.line);
  const std::string column = std::to_string(fault.column);
  std::string message;
  if (words.parse.empty()) {
    message = path + ':' + line + ':' + column + ": " + fault.why;
  } else {
    message = std::string(words.parse) + ' ' + path + ": TOML parse error at line " + line +
              ", column " + column + ": " + fault.why;
  }
  return Error{ErrorKind::kInternal, std::move(message), path};
}

}  // namespace paned
