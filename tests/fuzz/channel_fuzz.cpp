// Any bytes as what a holder and its server say: a plan or a hello that passes is whole, and its
// texts lie within it.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "tmux/channel.h"

namespace {

using paned::Direction;

void Require(bool condition) {
  if (!condition) std::abort();
}

void RequireWithin(std::string_view text, std::string_view payload) {
  Require(text.data() >= payload.data());
  Require(text.data() + text.size() < payload.data() + payload.size());
  Require(text.data()[text.size()] == '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  paned::FrameHeader header;
  if (size >= sizeof(header)) {
    std::memcpy(&header, data, sizeof(header));
    const bool to_server = ValidHeader(header, Direction::kToServer);
    const bool to_holder = ValidHeader(header, Direction::kToHolder);
    Require(!to_server || !to_holder);
    if (to_server || to_holder) Require(header.size <= paned::kMaxPlan);
  }
  if (paned::ValidPlan(payload)) {
    paned::PlanHead head;
    std::memcpy(&head, data, sizeof(head));
    std::uint64_t texts = 0;
    for (const char c : payload.substr(sizeof(head))) texts += c == '\0' ? 1 : 0;
    Require(texts == std::uint64_t{paned::kPlanLeadingStrings} + head.candidates + head.arguments +
                         head.variables);
    Require(payload.back() == '\0');
  }
  paned::Hello hello;
  if (paned::ParseHello(payload, &hello)) {
    RequireWithin(hello.pane, payload);
    RequireWithin(hello.socket_path, payload);
    RequireWithin(hello.process_id, payload);
  }
  return 0;
}
