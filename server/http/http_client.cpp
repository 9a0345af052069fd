#include "server/http/http_client.h"

#include <utility>

#include "server/http/http_engine.h"

namespace paned {

class HttpClient::Transfer final : public HttpTransfer {
 public:
  Transfer(HttpEngine* engine, std::shared_ptr<HttpTransferState> state)
      : engine_(engine), state_(std::move(state)) {}
  ~Transfer() override {
    if (std::exchange(state_->events, nullptr) == nullptr) return;
    engine_->Give({HttpEngine::Command::Kind::kCancel, state_, nullptr});
  }

  void Consumed(std::size_t bytes) override {
    const std::size_t before = state_->unconsumed.fetch_sub(bytes);
    // The engine asks again when half of the window has become free, not for every piece.
    constexpr std::size_t kHalf = kWindow / 2;
    if (before < kHalf || before - bytes >= kHalf || state_->events == nullptr) return;
    engine_->Give({HttpEngine::Command::Kind::kResume, state_, nullptr});
  }

 private:
  HttpEngine* engine_;
  std::shared_ptr<HttpTransferState> state_;
};

HttpClient::HttpClient(asio::io_context* io, HttpSettings settings)
    : engine_(std::make_unique<HttpEngine>(io, std::move(settings))) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpTransfer> HttpClient::Start(OutboundRequest request, HttpEvents* events) {
  auto state = std::make_shared<HttpTransferState>();
  state->events = events;
  engine_->Give({HttpEngine::Command::Kind::kStart, state,
                 std::make_shared<OutboundRequest>(std::move(request))});
  return std::make_unique<Transfer>(engine_.get(), std::move(state));
}

}  // namespace paned
