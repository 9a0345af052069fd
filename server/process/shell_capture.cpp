#include "server/process/shell_capture.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace paned {
namespace {

// What a pipe holds: one read takes it all.
constexpr std::size_t kRoom = std::size_t{64} << 10;

}  // namespace

ShellCapture::ShellCapture(Clock* clock, ProcessBackend* backend, const LaunchPlan& plan,
                           std::string end, Done done)
    : clock_(clock), end_(std::move(end)), done_(std::move(done)) {
  Result<std::unique_ptr<BackendProcess>> started = backend->Start(plan, this);
  if (!started.ok()) {
    FinishSoon(false);
    return;
  }
  process_ = std::move(started.value());
  patience_ = clock_->After(kPatience, [this] { FinishSoon(false); });
}

void ShellCapture::OnStarted(Status status) {
  if (!status.ok()) FinishSoon(false);
}

OutputSpace ShellCapture::PrepareOutput() {
  if (finishing_) return {};
  if (filled_ >= kMaxOutput) {
    FinishSoon(false);
    return {};
  }
  if (output_.size() < filled_ + kRoom) output_.resize(std::max(2 * filled_, filled_ + kRoom));
  return {output_.data() + filled_, kRoom};
}

void ShellCapture::CommitOutput(OutputStream stream, std::size_t size) {
  if (stream != OutputStream::kStdout) return;
  filled_ += size;
  if (exit_code_) FinishIfOver();
}

void ShellCapture::OnOutputEnd() {
  ended_ = true;
  FinishIfOver();
}

void ShellCapture::OnExited(ExitStatus status) {
  exit_code_ = status.code;
  FinishIfOver();
}

void ShellCapture::FinishIfOver() {
  if (!exit_code_) return;
  if (*exit_code_ != 0) {
    FinishSoon(false);
    return;
  }
  const std::string_view all(output_.data(), filled_);
  const std::string_view tail = all.substr(all.size() - std::min(all.size(), kRoom));
  if (ended_ || tail.find(end_) != std::string_view::npos) FinishSoon(true);
}

// Not from within an event: `done` may destroy the process the event comes from.
void ShellCapture::FinishSoon(bool good) {
  if (std::exchange(finishing_, true)) return;
  finish_ = clock_->After(Duration::zero(), [this, good] {
    output_.resize(filled_);
    const Done done = std::exchange(done_, nullptr);
    done(good ? std::optional<std::string>(std::move(output_)) : std::nullopt);
  });
}

}  // namespace paned
