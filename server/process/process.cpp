#include "server/process/process.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace paned {
namespace {

// How long pushes wait for the recovery read after a resume.
constexpr Duration kRecoveryPatience = std::chrono::seconds(1);

}  // namespace

// Two spare chunks above what must stay readable: one to read into, and one because only whole
// chunks are evicted.
Process::Process(std::string id, Clock* clock, const ProcessLimits& limits, OutputBudget* budget,
                 ProcessObserver* observer)
    : id_(std::move(id)),
      clock_(clock),
      limits_(limits),
      budget_(budget),
      observer_(observer),
      log_(limits.retain_bytes + 2 * limits.max_chunk),
      rule_(limits.when_full) {
  budget_->Add(this);
}

Process::~Process() {
  backend_.reset();
  budget_->Remove(this);
  budget_->Release(log_.retained_bytes());
}

void Process::Start(ProcessBackend* backend, const LaunchPlan& plan, StartDone done) {
  program_ = plan.arg0 ? *plan.arg0 : plan.argv.front();
  started_at_ = clock_->Now();
  tty_ = plan.tty;
  has_input_ = plan.pipe_stdin || plan.tty;
  Result<std::unique_ptr<BackendProcess>> started = backend->Start(plan, this);
  if (!started.ok()) {
    done(std::move(started.error()));
    return;
  }
  backend_ = std::move(started.value());
  outlives_server_ = backend_->OutlivesServer();
  if (backend_->Starting()) {
    start_done_ = std::move(done);
  } else {
    done(Done{});
  }
}

// The last thing it does is to call `done`, which may destroy this process.
void Process::OnStarted(Status status) {
  const StartDone done = std::exchange(start_done_, nullptr);
  if (!status.ok()) {
    FailWaitingWrites("the process did not start");
    AnswerReadsNow();
  } else {
    outlives_server_ = backend_->OutlivesServer();
    if (size_wanted_) backend_->Resize(*size_wanted_);
  }
  done(std::move(status));
}

std::string_view Process::state() const {
  if (starting()) return "starting";
  if (closed()) return "closed";
  return exited() ? "exited" : "running";
}

void Process::AttachClient(const ClientProfile* profile, bool resumed) {
  profile_ = profile;
  push_cursor_ = log_.next_seq() - 1;
  rule_.OnAttach(log_.next_seq(), resumed);
  if (resumed && !closed()) {
    recovery_timer_ = clock_->After(kRecoveryPatience, [this] {
      EndRecovery(0);
      TellNews();
    });
  }
  if (!facts_.held) return;
  held_since_ = clock_->Now();  // for this client it begins now
  WatchForAbandonment();
}

// Pushes go on behind what the recovery read has returned.
void Process::EndRecovery(std::uint64_t read_to) {
  recovery_timer_.reset();
  push_cursor_ = std::max(push_cursor_, read_to);
}

void Process::DetachClient() {
  recovery_timer_.reset();
  waiting_reads_.clear();
  abandon_timer_.reset();
  rule_.OnDetach();
  profile_ = nullptr;
}

// --- reading -------------------------------------------------------------------------------------

void Process::Read(const protocol::ReadParams& params, ReadDone done) {
  WaitingRead& waiting = waiting_reads_.emplace_back();
  waiting.read.params = params;
  waiting.read.arrived = clock_->Now();
  waiting.done = std::move(done);
  if (TryAnswer(&waiting)) waiting_reads_.pop_back();
}

bool Process::TryAnswer(WaitingRead* waiting) {
  const TimePoint now = clock_->Now();
  ReadVerdict verdict = EvaluateRead(log_, facts_, *profile_, now, &waiting->read);
  if (!verdict.answer) {
    if (!waiting->timer || verdict.look_again != waiting->look_again) {
      waiting->look_again = verdict.look_again;
      waiting->timer = clock_->After(verdict.look_again - now, [this, waiting] {
        waiting->look_again = {};
        AnswerReads();
      });
    }
    return false;
  }
  const protocol::ReadResult& answer = *verdict.answer;
  const std::uint64_t after = std::min(waiting->read.params.after_seq, log_.next_seq() - 1);
  const std::uint64_t last = answer.chunks.empty() ? 0 : answer.chunks.back().seq;
  const bool tells_end = TellsEnd(answer);
  waiting->done(answer);
  rule_.OnRead(after, now);
  log_.NoteCursor(std::max(after, last));
  TellDelivered();
  if (last > 0 || tells_end) {
    std::size_t bytes = 0;
    for (const protocol::OutputChunk& chunk : answer.chunks) bytes += chunk.bytes.size();
    observer_->OnOutputSent(id_, {SentOutput::By::kReply, std::max(after, last), bytes, tells_end});
  }
  if (recovery_timer_) {
    EndRecovery(last);
    PumpEvents(std::numeric_limits<std::size_t>::max());
  }
  ShareRoom();
  ResumeIfHeld();
  return true;
}

void Process::AnswerReadsNow() {
  for (WaitingRead& waiting : waiting_reads_) waiting.read.params.wait_ms = 0;
  AnswerReads();
}

void Process::AnswerReads() {
  for (auto it = waiting_reads_.begin(); it != waiting_reads_.end();) {
    it = TryAnswer(&*it) ? waiting_reads_.erase(it) : std::next(it);
  }
}

// --- output --------------------------------------------------------------------------------------

// Delivered, and pushed as well: a process that is read while its pushes lag behind keeps both
// whole.
bool Process::FrontIsDone() const {
  if (log_.empty() || !rule_.Delivered(log_.first_seq())) return false;
  return !profile_->pushes_output || log_.first_seq() <= push_cursor_;
}

bool Process::FrontMayGo() const {
  return FrontIsDone() || (!log_.empty() && rule_.MayEvictUndelivered());
}

void Process::EvictDelivered(std::size_t wanted) {
  std::size_t freed = 0;
  while (freed < wanted && FrontIsDone()) {
    freed += log_.EvictFront();
  }
  log_.ReleaseFreePages();
  budget_->Release(freed);
}

OutputSpace Process::PrepareOutput() {
  const std::size_t wanted = std::min(limits_.max_chunk, log_.capacity());
  while ((log_.capacity() - log_.retained_bytes() < wanted || log_.full()) && FrontMayGo()) {
    budget_->Release(log_.EvictFront());
  }
  // The budget first: making room may give this log's own pages back.
  OutputSpace space;
  if (!log_.full()) space = log_.Room(BudgetRoom(wanted));
  TellDelivered();  // undelivered output may have been given up
  if (space.size == 0) Hold();
  return space;
}

// When nobody has delivered output left to give, this process gives what it may of its own.
std::size_t Process::BudgetRoom(std::size_t wanted) {
  std::size_t room = budget_->Room(this, wanted);
  while (room == 0 && FrontMayGo()) {
    budget_->Release(log_.EvictFront());
    room = budget_->Room(this, wanted);
  }
  return room;
}

void Process::CommitOutput(OutputStream stream, std::size_t size) {
  budget_->Take(size);
  log_.Commit(stream, size);
  facts_.last_output_at = clock_->Now();
  TellNews();
}

void Process::TellNews() {
  if (!waiting_reads_.empty()) AnswerReads();
  PumpEvents(std::numeric_limits<std::size_t>::max());
}

// What a hold waits for: a reader, a push, or abandonment. Reads that still collect are answered,
// for nothing more will come.
void Process::Hold() {
  if (facts_.held) return;
  facts_.held = true;
  held_since_ = clock_->Now();
  observer_->OnHeld(id_);
  WatchForAbandonment();
  AnswerReads();
}

void Process::WatchForAbandonment() {
  if (!rule_.AbandonPossible()) return;
  const Duration patience = rule_.AbandonedAt(held_since_) - clock_->Now();
  abandon_timer_ = clock_->After(std::max(patience, Duration::zero()), [this] {
    rule_.OnAbandonTimer(held_since_, clock_->Now());
    ResumeIfHeld();
    if (facts_.held) WatchForAbandonment();
  });
}

void Process::ResumeIfHeld() {
  if (!facts_.held) return;
  const bool room = !log_.full() || FrontMayGo();
  if (!room) return;
  facts_.held = false;
  facts_.resumed_at = clock_->Now();
  abandon_timer_.reset();
  if (backend_) backend_->ResumeOutput();
}

void Process::OnBudgetRoom() { ResumeIfHeld(); }

void Process::OnTaken(const SentOutput& sent) {
  if (sent.by == SentOutput::By::kPush) {
    rule_.OnPushTaken(sent.seq, clock_->Now());
  } else {
    rule_.OnReplyTaken(sent.seq, clock_->Now());
  }
  end_taken_ = end_taken_ || sent.end;
  TellDelivered();
  ShareRoom();
  ResumeIfHeld();
}

// A backend that outlives the server keeps output until it hears here that nobody will ask for it
// again: the unbroken run of delivered or evicted output from the beginning. What was delivered to
// one client stays so though the next one starts afresh.
void Process::TellDelivered() {
  if (!outlives_server_ || end_delivered_) return;
  const std::uint64_t gone_to = log_.first_seq() - 1;
  delivered_to_ = rule_.DeliveredThrough(std::max(delivered_to_, gone_to) + 1);
  if (delivered_to_ + 1 == log_.exited_seq()) {  // in between, and no output
    delivered_to_ = rule_.DeliveredThrough(delivered_to_ + 2);
  }
  const std::uint64_t bytes = log_.OffsetBehind(delivered_to_);
  if (bytes > delivered_bytes_) {
    delivered_bytes_ = bytes;
    backend_->OnDelivered(bytes);
  }
  if (!closed() || !end_taken_ || bytes < log_.end_offset()) return;
  end_delivered_ = true;
  backend_->OnEndDelivered();
}

// Whether a reply tells its client that all is over, as far as anybody waits for that. One whose
// profile has the flags with the last output asks no more after `exited`.
bool Process::TellsEnd(const protocol::ReadResult& answer) const {
  if (!outlives_server_ || end_taken_) return false;
  return answer.closed || (answer.exited && profile_->flags_with_last_output);
}

// Others wait for room: what has just been delivered may go at once.
void Process::ShareRoom() {
  if (budget_->wanted()) EvictDelivered(limits_.max_chunk);
}

void Process::OnOutputEnd() {
  facts_.output_ended = true;
  CloseIfOver();
  TellNews();
}

void Process::OnExited(ExitStatus status) {
  facts_.exit = std::move(status);
  facts_.exited_at = clock_->Now();
  log_.MarkExited();
  ending_timer_.reset();
  SettleWaitingWrites();
  CloseIfOver();
  TellNews();
}

void Process::CloseIfOver() {
  if (!exited() || !facts_.output_ended || closed()) return;
  log_.MarkClosed();
  log_.Compact();
  budget_->MarkClosed(this);
  TellDelivered();
  observer_->OnClosed(id_);
}

// --- pushing -------------------------------------------------------------------------------------

std::uint64_t Process::NextEvent() const {
  if (!rule_.attached() || recovery_timer_) return 0;
  std::uint64_t next = 0;
  if (profile_->pushes_output && log_.CountAfter(push_cursor_) > 0) {
    next = log_.ChunkAfter(push_cursor_, 0).seq;
  }
  for (const std::uint64_t mark : {log_.exited_seq(), log_.closed_seq()}) {
    if (mark > push_cursor_ && (next == 0 || mark < next)) next = mark;
  }
  return next;
}

void Process::PushEvent(std::uint64_t seq) {
  const std::uint64_t before = std::exchange(push_cursor_, seq);
  if (seq == log_.exited_seq()) {
    observer_->PushExited(id_, seq, facts_.exit->code);
  } else if (seq == log_.closed_seq()) {
    observer_->PushClosed(id_, seq);
    if (!outlives_server_) return;
    // A push delivers what was pushed before it: for some clients that is nothing.
    const std::uint64_t pushed_to = profile_->pushes_output ? seq : 0;
    observer_->OnOutputSent(id_, {SentOutput::By::kPush, pushed_to, 0, /*end=*/true});
  } else {
    const protocol::OutputChunk chunk = log_.ChunkAfter(before, 0);
    observer_->PushOutput(id_, chunk);
    observer_->OnOutputSent(id_, {SentOutput::By::kPush, seq, chunk.bytes.size()});
  }
}

void Process::PumpEvents(std::size_t max_events) {
  for (std::size_t n = 0;; ++n) {
    const std::uint64_t seq = NextEvent();
    if (seq == 0) break;
    if (n == max_events || !observer_->WantsEvents()) {
      observer_->OnEventsBlocked(id_);
      break;
    }
    PushEvent(seq);
  }
  ShareRoom();
  ResumeIfHeld();
}

}  // namespace paned
