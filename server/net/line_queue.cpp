#include "server/net/line_queue.h"

#include <utility>

namespace paned {
namespace {

// What a streamed message counts: about what its pieces hold at any time.
constexpr std::size_t kStreamCost = std::size_t{1} << 20;
constexpr std::size_t kLineCost = 128;

}  // namespace

LineQueue::LineQueue(std::function<void()> on_piece, std::function<void()> on_failed)
    : on_piece_(std::move(on_piece)), on_failed_(std::move(on_failed)) {}
LineQueue::~LineQueue() = default;

void LineQueue::Send(std::string message) {
  auto item = std::make_shared<Item>();
  item->bytes = std::move(message);
  item->bytes.push_back('\n');
  item->cost = item->bytes.size() + kLineCost;
  waiting_ += item->cost;
  items_.push_back(std::move(item));
}

void LineQueue::SendStreamed(std::unique_ptr<MessageSource> source) {
  auto item = std::make_shared<Item>();
  item->source = std::move(source);
  item->cost = kStreamCost;
  waiting_ += item->cost;
  items_.push_back(std::move(item));
}

std::string_view LineQueue::front() {
  while (!items_.empty()) {
    const std::shared_ptr<Item> item = items_.front();
    if (item->at < item->bytes.size()) return std::string_view(item->bytes).substr(item->at);
    if (item->source) {
      if (!item->pulling) Pull(item);
      if (item->pulling || items_.empty()) return {};
      continue;
    }
    waiting_ -= item->cost;
    items_.pop_front();
  }
  return {};
}

void LineQueue::Advance(std::size_t size) {
  if (!items_.empty()) items_.front()->at += size;
}

void LineQueue::Abandon() {
  items_.clear();
  waiting_ = 0;
}

void LineQueue::Pull(const std::shared_ptr<Item>& item) {
  item->pulling = true;
  std::weak_ptr<Item> weak = item;
  auto within = std::make_shared<bool>(true);
  item->source->Pull([this, weak, within](Result<MessageSource::Piece> piece) {
    const std::shared_ptr<Item> now = weak.lock();
    if (!now || !now->pulling || items_.empty() || items_.front() != now) return;
    if (!piece.ok()) {
      on_failed_();  // `pulling` stays: nothing is asked of the source again
      return;
    }
    now->pulling = false;
    now->bytes = std::move(piece.value().bytes);
    now->at = 0;
    if (piece.value().last) {
      now->bytes.push_back('\n');
      retired_ = std::move(now->source);
    }
    if (!*within) on_piece_();
  });
  *within = false;
}

}  // namespace paned
