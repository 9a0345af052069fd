#include "server/client/client_options.h"

#include <functional>
#include <string_view>
#include <utility>

namespace paned {
namespace {

Error Wrong(std::string what) {
  Error error;
  error.kind = ErrorKind::kInvalidParams;
  error.message = std::move(what);
  return error;
}

// What both have in common. `take` is given all that is not --runtime-dir; false: unknown.
Status ParseWords(const std::vector<std::string>& arguments, std::string* runtime_dir,
                  const std::function<bool(const std::string& word)>& take) {
  constexpr std::string_view kDir = "--runtime-dir";
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == kDir || word.rfind(std::string(kDir) + "=", 0) == 0) {
      const bool apart = word == kDir;
      if (apart && ++i == arguments.size()) return Wrong("--runtime-dir needs a value");
      *runtime_dir = apart ? arguments[i] : word.substr(kDir.size() + 1);
      if (runtime_dir->empty()) return Wrong("--runtime-dir wants a directory, got ``");
    } else if (!take(word)) {
      return Wrong("unknown " + std::string(word.rfind('-', 0) == 0 ? "option" : "argument") +
                   " `" + word + "`");
    }
  }
  return Done{};
}

}  // namespace

Result<PsOptions> ParsePs(const std::vector<std::string>& arguments) {
  PsOptions options;
  Status parsed = ParseWords(arguments, &options.runtime_dir, [&](const std::string& word) {
    options.json = options.json || word == "--json";
    return word == "--json";
  });
  if (!parsed.ok()) return std::move(parsed.error());
  return options;
}

Result<AttachOptions> ParseAttach(const std::vector<std::string>& arguments) {
  AttachOptions options;
  bool read_only = false;
  Status parsed = ParseWords(arguments, &options.runtime_dir, [&](const std::string& word) {
    if (word == "--write") return options.write = true;
    if (word == "--read-only") return read_only = true;
    if (word.empty() || word.front() == '-' || !options.process.empty()) return false;
    options.process = word;
    return true;
  });
  if (!parsed.ok()) return std::move(parsed.error());
  if (options.write && read_only) return Wrong("--write and --read-only exclude each other");
  return options;
}

}  // namespace paned
