#include "tmux/channel.h"

#include <cstring>

namespace paned {
namespace {

// The next NUL-terminated text of `rest`; false when there is none.
bool TakeText(std::string_view* rest, std::string_view* text) {
  const void* end = rest->empty() ? nullptr : std::memchr(rest->data(), '\0', rest->size());
  if (end == nullptr) return false;
  const auto size = static_cast<std::size_t>(static_cast<const char*>(end) - rest->data());
  *text = {rest->data(), size};
  rest->remove_prefix(size + 1);
  return true;
}

bool PayloadFits(const FrameHeader& header) {
  switch (header.type) {
    case FrameType::kHello:
      return header.size <= kMaxHello;
    case FrameType::kOutput:
      return header.size > 0 && header.size <= kMaxOutputPayload;
    case FrameType::kPlan:
      return header.size <= kMaxPlan;
    case FrameType::kInput:
      return header.size > 0 && header.size <= kInputWindow;
    default:
      return header.size == 0;
  }
}

}  // namespace

bool ValidHeader(const FrameHeader& header, Direction direction) {
  const FrameType first = direction == Direction::kToServer ? FrameType::kHello : FrameType::kPlan;
  const FrameType last =
      direction == Direction::kToServer ? FrameType::kOutputEnd : FrameType::kRecycle;
  return header.type >= first && header.type <= last && PayloadFits(header);
}

bool ValidPlan(std::string_view payload) {
  PlanHead head;
  if (payload.size() < sizeof(head)) return false;
  std::memcpy(&head, payload.data(), sizeof(head));
  std::string_view rest = payload;
  rest.remove_prefix(sizeof(head));
  if (head.candidates == 0 || head.arguments == 0) return false;
  const std::uint64_t strings =
      std::uint64_t{kPlanLeadingStrings} + head.candidates + head.arguments + head.variables;
  std::string_view text;
  for (std::uint64_t n = 0; n < strings; ++n) {
    if (!TakeText(&rest, &text)) return false;
  }
  return rest.empty();
}

bool ParseHello(std::string_view payload, Hello* hello) {
  if (payload.size() < sizeof(hello->head)) return false;
  std::memcpy(&hello->head, payload.data(), sizeof(hello->head));
  if (hello->head.state > HelloHead::kEnded) return false;
  std::string_view rest = payload;
  rest.remove_prefix(sizeof(hello->head));
  return TakeText(&rest, &hello->pane) && TakeText(&rest, &hello->socket_path) &&
         TakeText(&rest, &hello->process_id) && rest.empty();
}

}  // namespace paned
