// What `tmux -C` writes, taken apart: replies to commands, and notifications in between. Bytes may
// be cut anywhere. No output of programs comes this way, but the text of a screen does, and it may
// look like anything: see ExpectLines().
// Threading: pure; one object, one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace paned {

// What stands between %begin and %end or %error.
struct ControlReply {
  bool ok = false;
  bool ours = false;  // it answers a command of this client; others come from elsewhere
  std::vector<std::string> lines;
};

// "%window-add @3" has the name "window-add" and the arguments "@3".
struct ControlNotification {
  std::string name;
  std::string arguments;
};

class ControlParser {
 public:
  static constexpr std::size_t kMaxLine = std::size_t{1} << 20;
  static constexpr std::size_t kMaxReply = std::size_t{16} << 20;

  enum class Event {
    kNone,          // more bytes are needed
    kReply,         // see reply()
    kNotification,  // see notification()
    kError,         // see error(); nothing else comes any more
  };

  void Feed(std::string_view bytes);
  // The next event of what was fed. What it left stands until the next call.
  Event Next();

  // The next reply of ours, which has not begun yet, has so many lines: they are taken as they are,
  // and its end is looked for only behind them.
  void ExpectLines(std::size_t lines) { expected_ = lines; }

  ControlReply& reply() { return reply_; }
  ControlNotification& notification() { return notification_; }
  const std::string& error() const { return error_; }

 private:
  bool TakeLine(std::string_view* line);
  Event Outside(std::string_view line);
  Event Inside(std::string_view line);
  Event Fail(std::string reason);

  std::string bytes_;
  std::size_t at_ = 0;       // of bytes_: where the next line begins
  std::size_t scanned_ = 0;  // of bytes_: no line ends before
  std::size_t expected_ = 0;
  std::size_t raw_lines_ = 0;   // lines of this reply that are taken as they are
  std::size_t reply_size_ = 0;  // bytes of this reply's lines
  bool inside_ = false;
  std::string mark_;  // of the reply: "time number flags", the same in its last line
  ControlReply reply_;
  ControlNotification notification_;
  std::string error_;
};

}  // namespace paned
