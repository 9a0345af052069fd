#include "tmux/control_parser.h"

#include <algorithm>
#include <utility>

namespace paned {
namespace {

constexpr std::string_view kBegin = "%begin ";
constexpr std::string_view kEnd = "%end ";
constexpr std::string_view kError = "%error ";

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// "time number flags": three decimal numbers.
bool ValidMark(std::string_view mark) {
  int numbers = 0;
  while (true) {
    const std::size_t space = mark.find(' ');
    const std::string_view number = mark.substr(0, space);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (number.empty() || !std::all_of(number.begin(), number.end(), is_digit)) return false;
    ++numbers;
    if (space == std::string_view::npos) return numbers == 3;
    mark.remove_prefix(space + 1);
  }
}

// For an error text: short, and without bytes that would disturb a log.
std::string Excerpt(std::string_view line) {
  std::string text(line.substr(0, 60));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  }
  return text;
}

}  // namespace

void ControlParser::Feed(std::string_view bytes) {
  if (!error_.empty()) return;
  if (at_ > 0) {
    bytes_.erase(0, at_);
    scanned_ -= at_;
    at_ = 0;
  }
  bytes_.append(bytes);
}

ControlParser::Event ControlParser::Next() {
  while (error_.empty()) {
    std::string_view line;
    if (!TakeLine(&line)) {
      if (bytes_.size() - at_ > kMaxLine) return Fail("a line longer than 1 MiB");
      return Event::kNone;
    }
    if (line.size() > kMaxLine) return Fail("a line longer than 1 MiB");
    const Event event = inside_ ? Inside(line) : Outside(line);
    if (event != Event::kNone) return event;
  }
  return Event::kError;
}

// A whole line without its end, be that LF or CR LF.
bool ControlParser::TakeLine(std::string_view* line) {
  const std::size_t end = bytes_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = bytes_.size();
    return false;
  }
  *line = std::string_view(bytes_).substr(at_, end - at_);
  if (!line->empty() && line->back() == '\r') line->remove_suffix(1);
  at_ = end + 1;
  scanned_ = at_;
  return true;
}

ControlParser::Event ControlParser::Outside(std::string_view line) {
  if (StartsWith(line, kBegin)) {
    line.remove_prefix(kBegin.size());
    if (!ValidMark(line)) return Fail("an odd %begin: " + Excerpt(line));
    mark_ = line;
    reply_ = {};
    reply_.ours = line.substr(line.rfind(' ') + 1) == "1";
    raw_lines_ = reply_.ours ? std::exchange(expected_, 0) : 0;
    reply_size_ = 0;
    inside_ = true;
    return Event::kNone;
  }
  if (line.size() < 2 || line.front() != '%' || StartsWith(line, kEnd) ||
      StartsWith(line, kError)) {
    return Fail("a line out of place: " + Excerpt(line));
  }
  line.remove_prefix(1);
  const std::size_t space = line.find(' ');
  notification_.name = line.substr(0, space);
  notification_.arguments =
      space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  return Event::kNotification;
}

ControlParser::Event ControlParser::Inside(std::string_view line) {
  if (reply_.lines.size() >= raw_lines_) {
    const bool ok = StartsWith(line, kEnd) && line.substr(kEnd.size()) == mark_;
    if (ok || (StartsWith(line, kError) && line.substr(kError.size()) == mark_)) {
      inside_ = false;
      reply_.ok = ok;
      return Event::kReply;
    }
  }
  reply_size_ += line.size() + 1;
  if (reply_size_ > kMaxReply) return Fail("a reply longer than 16 MiB");
  reply_.lines.emplace_back(line);
  return Event::kNone;
}

ControlParser::Event ControlParser::Fail(std::string reason) {
  error_ = std::move(reason);
  bytes_.clear();
  at_ = 0;
  scanned_ = 0;
  reply_ = {};
  return Event::kError;
}

}  // namespace paned
