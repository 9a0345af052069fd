// Any text as a path: a good one is absolute and free of NUL, and survives being written and read.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "protocol/path_uri.h"

namespace {

using paned::protocol::ParsePath;
using paned::protocol::Path;
using paned::protocol::PathForm;

void Require(bool condition) {
  if (!condition) std::abort();
}

// ".." as a name is resolved by whoever reads a URI, so such paths come back shorter.
bool HasDots(const std::string& native) {
  const std::string padded = native + "/";
  return padded.find("/./") != std::string::npos || padded.find("/../") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Path path;
  if (const auto fault = ParsePath(text, &path)) {
    Require(!fault->empty());
    return 0;
  }
  if (!path.unusable.empty()) {
    Require(path.native.empty() && path.text == text);
    return 0;
  }
  Require(path.native.front() == '/' && path.native.find('\0') == std::string::npos);
  if (path.form != PathForm::kUri || HasDots(path.native)) return 0;
  Path again;
  Require(!ParsePath(paned::protocol::ToUri(path.native), &again).has_value());
  Require(again.unusable.empty() && again.native == path.native);
  return 0;
}
