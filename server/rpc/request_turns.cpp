#include "server/rpc/request_turns.h"

#include <optional>
#include <string>
#include <utility>

#include "protocol/envelope.h"
#include "protocol/method.h"

namespace paned {
namespace {

using protocol::Method;

// What is over at once, and what ends that for which others wait.
bool IsPrompt(Method method) {
  switch (method) {
    case Method::kEnvironmentInfo:
    case Method::kEnvironmentStatus:
    case Method::kProcessSignal:
    case Method::kProcessTerminate:
    case Method::kFsClose:
      return true;
    default:
      return false;
  }
}

// The method for which a turn is needed; nothing for what is answered at once: malformed messages,
// notifications, unknown methods, a second initialize. Reads a copy: the parser works in place.
std::optional<Method> MethodOf(const InboundFrame& frame) {
  std::string copy(frame.data, frame.size);
  protocol::JsonDocument document;
  const protocol::Envelope envelope = protocol::ParseEnvelope(copy.data(), copy.size(), &document);
  if (envelope.kind != protocol::EnvelopeKind::kRequest) return std::nullopt;
  const std::optional<Method> method = protocol::FindMethod(envelope.method);
  return method == Method::kInitialize ? std::nullopt : method;
}

}  // namespace

RequestTurns::RequestTurns(const ConcurrencyLimit& limit, Run run)
    : limit_(limit), run_(std::move(run)), lines_(std::make_shared<Lines>()) {
  lines_->owner = this;
}

RequestTurns::~RequestTurns() {
  lines_->owner = nullptr;
  for (Line& line : lines_->lines) line.waiting.clear();
}

void RequestTurns::Take(InboundFrame frame) {
  if (limit_.requests == 1) {
    Enter(kOrdinary, std::move(frame));
    return;
  }
  const std::optional<Method> method = limit_.requests == 0 ? std::nullopt : MethodOf(frame);
  if (!method) {
    run_(std::move(frame), nullptr);
  } else {
    Enter(IsPrompt(*method) ? kPrompt : kOrdinary, std::move(frame));
  }
}

void RequestTurns::Enter(Lane lane, InboundFrame frame) {
  lines_->lines[lane].waiting.push_back(std::move(frame));
  Serve(lane);
}

void RequestTurns::Serve(Lane lane) {
  Line& line = lines_->lines[lane];
  serving_ = lane;
  while (!line.waiting.empty() && line.running < limit_.requests) {
    InboundFrame frame = std::move(line.waiting.front());
    line.waiting.pop_front();
    run_(std::move(frame), Begin(lane));
  }
  serving_.reset();
}

Turn RequestTurns::Begin(Lane lane) {
  ++lines_->lines[lane].running;
  return {lines_.get(), [lines = lines_, lane](void*) {
            --lines->lines[lane].running;
            if (lines->owner != nullptr) lines->owner->OnEnded(lane);
          }};
}

// The one who has ended is on the call stack: the next starts behind it. The loop that serves this
// lane goes on by itself.
void RequestTurns::OnEnded(Lane lane) {
  if (serving_ == lane || next_ || lines_->lines[lane].waiting.empty()) return;
  next_ = limit_.clock->After(Duration::zero(), [this] {
    next_.reset();
    Serve(kOrdinary);
    Serve(kPrompt);
  });
}

}  // namespace paned
