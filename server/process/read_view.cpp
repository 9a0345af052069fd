#include "server/process/read_view.h"

#include <algorithm>
#include <limits>

#include "protocol/base64.h"

namespace paned {
namespace {

// {"seq":18446744073709551615,"stream":"stdout","chunk":""}, around a chunk's base64.
constexpr std::uint64_t kChunkOverhead = 64;
constexpr std::uint64_t kReplyOverhead = 1024;
// Far enough to mean "not by time", near enough to add to a time point.
constexpr std::uint64_t kLongestWaitMs = 1'000ull * 3600 * 24 * 365;

// The chunks of an answer, and whether more were left behind.
struct Selection {
  std::vector<protocol::OutputChunk> chunks;
  bool cut = false;   // further chunks are kept that did not fit
  bool full = false;  // maxBytes is reached
};

// Adds chunks while they fit; the first one always does (section 7.5).
Selection Select(const OutputLog& log, const ClientProfile& profile,
                 const protocol::ReadParams& params) {
  Selection selection;
  const std::size_t available = log.CountAfter(params.after_seq);
  const std::uint64_t limit = params.max_bytes.value_or(std::numeric_limits<std::uint64_t>::max());
  std::uint64_t total = 0;
  std::uint64_t encoded = kReplyOverhead;
  for (std::size_t n = 0; n < available; ++n) {
    const protocol::OutputChunk chunk = log.ChunkAfter(params.after_seq, n);
    const std::uint64_t cost = protocol::Base64Length(chunk.bytes.size()) + kChunkOverhead;
    const bool fits = chunk.bytes.size() <= limit - std::min(limit, total) &&
                      encoded + cost <= profile.largest_reply;
    if (n > 0 && !fits) break;
    selection.chunks.push_back(chunk);
    total += chunk.bytes.size();
    encoded += cost;
    if (total >= limit) break;
  }
  selection.cut = selection.chunks.size() < available;
  selection.full = selection.cut || total >= limit;
  return selection;
}

// R2, R3: whether a reply that carries all retained output may say that the process has exited.
bool ExitIsSettled(const ProcessFacts& facts, const ClientProfile& profile, TimePoint now,
                   TimePoint* settled_at) {
  if (!facts.exit) return false;
  if (!profile.flags_with_last_output || facts.output_ended) return true;
  if (facts.held) return false;  // what stands in the pipe has had no chance to come
  *settled_at = std::max({facts.exited_at, facts.last_output_at, facts.resumed_at}) +
                profile.late_output_grace;
  return now >= *settled_at;
}

std::uint64_t NextSeq(const OutputLog& log, const ClientProfile& profile,
                      const protocol::ReadParams& params, const Selection& selection) {
  if (profile.cursor_is_last_seq) {
    return selection.chunks.empty() ? params.after_seq : selection.chunks.back().seq;
  }
  if ((params.max_bytes || selection.cut) && !selection.chunks.empty()) {
    return selection.chunks.back().seq + 1;
  }
  return log.next_seq();
}

}  // namespace

ReadVerdict EvaluateRead(const OutputLog& log, const ProcessFacts& facts,
                         const ClientProfile& profile, TimePoint now, PendingRead* read) {
  const protocol::ReadParams& params = read->params;
  const bool has_output = log.CountAfter(params.after_seq) > 0;
  if (has_output && !read->first_new_byte) read->first_new_byte = now;

  const TimePoint deadline =
      read->arrived + std::chrono::milliseconds(std::min(params.wait_ms, kLongestWaitMs));
  ReadVerdict verdict;
  verdict.look_again = deadline;

  TimePoint settled_at = TimePoint::max();
  const bool exit_settled = ExitIsSettled(facts, profile, now, &settled_at);
  const bool closed = log.closed_seq() != 0;
  const bool news_of_exit =
      exit_settled && (profile.flags_with_last_output || params.after_seq < log.next_seq() - 1);

  // Choosing the chunks costs; a batching read looks at them only when they may fill the reply.
  bool ready = now >= deadline || closed || news_of_exit || (has_output && facts.held);
  if (!ready && has_output) {
    const TimePoint batch_end = std::min(deadline, *read->first_new_byte + profile.batch_window);
    const bool filled = params.max_bytes && log.BytesAfter(params.after_seq) >= *params.max_bytes;
    ready = now >= batch_end || filled;
    verdict.look_again = batch_end;
  }
  if (!ready) {
    verdict.look_again = std::min(verdict.look_again, settled_at);
    return verdict;
  }

  Selection selection = Select(log, profile, params);
  protocol::ReadResult answer;
  answer.next_seq = NextSeq(log, profile, params, selection);
  const bool may_tell_end = !profile.flags_with_last_output || !selection.cut;
  answer.exited = exit_settled && may_tell_end;
  answer.closed = closed && may_tell_end;
  if (answer.exited) {
    answer.exit_code = facts.exit->code;
    if (!facts.exit->failure.empty()) answer.failure = facts.exit->failure;
  }
  if (const std::uint64_t lost = log.LostAfter(params.after_seq); lost > 0) {
    answer.first_seq = log.first_seq();
    answer.lost_bytes = lost;
  }
  answer.chunks = std::move(selection.chunks);
  verdict.answer = std::move(answer);
  return verdict;
}

}  // namespace paned
