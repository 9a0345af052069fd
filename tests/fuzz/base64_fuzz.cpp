// Any bytes, encoded and decoded again; any text, decoded and, when good, encoded to itself.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "protocol/base64.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::string text;
  paned::protocol::AppendBase64(input, &text);
  Require(text.size() == paned::protocol::Base64Length(size));
  std::string raw;
  Require(!paned::protocol::DecodeBase64(text, &raw).has_value() && raw == input);
  if (!paned::protocol::DecodeBase64(input, &raw)) {
    text.clear();
    paned::protocol::AppendBase64(raw, &text);
    Require(text == input);
  }
  return 0;
}
