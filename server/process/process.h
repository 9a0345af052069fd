// One process of a session: its output log and who has seen what of it, its waiting reads, its
// queued input, and its end. The lifecycle is starting -> running -> exited -> closed (running
// covers output that ended early); exited and closed are told once each, in seq order behind all
// earlier output. While it starts it may be read, written to and signalled like a running one.
// Source: exec-server protocol, section 7. Threading: io thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "server/process/backend.h"
#include "server/process/client_profile.h"
#include "server/process/output_budget.h"
#include "server/process/output_log.h"
#include "server/process/output_rule.h"
#include "server/process/read_view.h"

namespace paned {

// Limits that hold for every process of a server.
struct ProcessLimits {
  std::size_t retain_bytes = std::size_t{8} << 20;
  std::size_t max_queued_input = std::size_t{8} << 20;
  std::size_t max_chunk = std::size_t{64} << 10;
  std::size_t remembered_write_ids = 4096;
  WhenFull when_full = WhenFull::kTimed;
};

// Output on its way to the client: chunks up to `seq`, by a push or in the reply to a read.
struct SentOutput {
  enum class By { kPush, kReply } by = By::kPush;
  std::uint64_t seq = 0;
  std::size_t bytes = 0;
  // It tells the client that all is over. Set only where somebody waits for that to be taken.
  bool end = false;
};

// Takes the events of a process while a connection is attached. Implemented by the session.
class ProcessObserver {
 public:
  ProcessObserver() = default;
  ProcessObserver(const ProcessObserver&) = delete;
  ProcessObserver& operator=(const ProcessObserver&) = delete;
  virtual ~ProcessObserver() = default;

  // False: the connection has enough for now; PumpEvents() is called when it has room again.
  virtual bool WantsEvents() const = 0;
  virtual void PushOutput(const std::string& process_id, const protocol::OutputChunk& chunk) = 0;
  virtual void PushExited(const std::string& process_id, std::uint64_t seq, int exit_code) = 0;
  virtual void PushClosed(const std::string& process_id, std::uint64_t seq) = 0;
  // The observer calls Process::OnTaken(sent) when the client has taken it; not from within.
  virtual void OnOutputSent(const std::string& process_id, const SentOutput& sent) = 0;
  // The process is held back until more of its output has been taken.
  virtual void OnHeld(const std::string& process_id) = 0;
  // Events wait because WantsEvents() was false.
  virtual void OnEventsBlocked(const std::string& process_id) = 0;
  // All is over: retention begins.
  virtual void OnClosed(const std::string& process_id) = 0;
};

class Process final : public BackendEvents, public BudgetMember {
 public:
  using ReadDone = std::function<void(const protocol::ReadResult&)>;
  using WriteDone = std::function<void(Result<protocol::WriteStatus>)>;
  using StartDone = std::function<void(Status)>;

  Process(std::string id, Clock* clock, const ProcessLimits& limits, OutputBudget* budget,
          ProcessObserver* observer);
  ~Process() override;

  // Starts the program. `done` is called once, now or when the backend knows; the error is the
  // wire's. After an error nothing is left to do but to destroy the process, which `done` may do.
  // Events flow once AttachClient() was called, and behind `done`.
  void Start(ProcessBackend* backend, const LaunchPlan& plan, StartDone done);

  // A connection looks at the session from now on. Its pushes begin with the next event.
  void AttachClient(const ClientProfile* profile, bool resumed);
  // The connection is gone: its waiting reads are dropped, unanswered.
  void DetachClient();

  // The client has taken what was sent, while still attached.
  void OnTaken(const SentOutput& sent);

  // Answers now or when the profile's rules say so; `done` is called at most once, with views that
  // hold during the call.
  void Read(const protocol::ReadParams& params, ReadDone done);
  // Answers all waiting reads with what there is.
  void AnswerReadsNow();
  // `done` is called once: when the input is queued within the limit, or has failed.
  void Write(std::string bytes, const std::optional<std::string>& write_id, WriteDone done);
  void Interrupt();
  // process/terminate as the client's profile has it. True when the process had not exited yet.
  bool Terminate();
  // TERM to the group (HUP as well on a tty), KILL after `patience`. For the server's shutdown and
  // a session's end. What has not even started is killed at once.
  void End(Duration patience);
  // Destroying it leaves the program running from now on, where the backend can do that.
  void LeaveRunning() { backend_->LeaveRunning(); }

  // Errors are the wire's: there is no terminal, or nobody on it any more. A size that comes while
  // the process starts is set once it runs.
  Status Resize(protocol::TerminalSize size);
  // `done` is called once, unless the process is destroyed first.
  void ReadScreen(BackendProcess::ScreenDone done);

  // Sends what waits, as long as the observer wants it and at most `max_events`.
  void PumpEvents(std::size_t max_events);

  const std::string& id() const { return id_; }
  // Facts for people, once Start() was called and as long as it has not failed.
  const std::string& program() const { return program_; }  // argv[0] as the child sees it
  TimePoint started_at() const { return started_at_; }
  std::string_view state() const;  // "starting", "running", "exited" or "closed"
  std::string_view backend_name() const { return backend_->backend_name(); }
  std::string pane() const { return backend_->pane(); }
  pid_t pid() const { return backend_->pid(); }
  bool tty() const { return tty_; }

  bool starting() const { return start_done_ != nullptr; }
  bool exited() const { return facts_.exit.has_value(); }
  bool closed() const { return log_.closed_seq() != 0; }
  bool held() const { return facts_.held; }
  // Whether the attached client has not been told everything yet.
  bool has_events() const { return NextEvent() != 0; }

  // BackendEvents
  void OnStarted(Status status) override;
  OutputSpace PrepareOutput() override;
  void CommitOutput(OutputStream stream, std::size_t size) override;
  void OnOutputEnd() override;
  void OnExited(ExitStatus status) override;
  void OnInputProgress() override;
  // BudgetMember
  void EvictDelivered(std::size_t wanted) override;
  void OnBudgetRoom() override;

 private:
  struct WaitingRead {
    PendingRead read;
    ReadDone done;
    TimePoint look_again{};
    std::unique_ptr<Timer> timer;
  };
  struct WaitingWrite {
    std::uint64_t end;  // position behind it in all input ever queued
    WriteDone done;
  };
  enum class Ending { kNone, kFlushing, kTerminated };

  bool TryAnswer(WaitingRead* waiting);
  void AnswerReads();
  void TellNews();
  void CloseIfOver();
  bool FrontIsDone() const;
  bool FrontMayGo() const;
  void Hold();
  void ResumeIfHeld();
  void ShareRoom();
  std::size_t BudgetRoom(std::size_t wanted);
  void WatchForAbandonment();
  void TellDelivered();
  bool TellsEnd(const protocol::ReadResult& answer) const;
  std::uint64_t TakenInput() const;
  void RememberWriteId(const std::string& write_id);
  void SettleWaitingWrites();
  void FailWaitingWrites(const char* why);
  void WatchFlush();
  std::optional<Error> NoTerminal() const;
  // The seq of the next event to push; 0 when there is none.
  std::uint64_t NextEvent() const;
  void PushEvent(std::uint64_t seq);
  void EndRecovery(std::uint64_t read_to);

  std::string id_;
  Clock* clock_;
  const ProcessLimits limits_;
  OutputBudget* budget_;
  ProcessObserver* observer_;
  const ClientProfile* profile_ = nullptr;  // of the attached client; set while attached

  OutputLog log_;
  OutputRule rule_;
  ProcessFacts facts_;
  TimePoint held_since_{};
  std::uint64_t push_cursor_ = 0;  // seq of the last event pushed or passed over
  // Set after a resume: pushes wait for the recovery read, which comes at once or not at all.
  // Codex's client can keep little of what arrives before the reply that fills its gap.
  std::unique_ptr<Timer> recovery_timer_;
  std::list<WaitingRead> waiting_reads_;
  std::unique_ptr<Timer> abandon_timer_;

  // What a backend that outlives the server has been told; see TellDelivered().
  bool outlives_server_ = false;
  std::uint64_t delivered_to_ = 0;  // seq up to which all was delivered once, or given up
  std::uint64_t delivered_bytes_ = 0;
  bool end_taken_ = false;  // the client has heard that all is over
  bool end_delivered_ = false;

  std::string program_;
  TimePoint started_at_{};
  bool tty_ = false;
  StartDone start_done_;  // set while starting
  std::optional<protocol::TerminalSize> size_wanted_;

  bool has_input_ = false;
  std::list<WaitingWrite> waiting_writes_;
  std::uint64_t input_queued_ = 0;  // all input ever queued
  std::unordered_set<std::string> write_ids_;
  std::list<std::string> write_id_order_;

  Ending ending_ = Ending::kNone;
  std::unique_ptr<Timer> ending_timer_;
  // Last: its destructor kills and reaps, and nothing may be called from it any more.
  std::unique_ptr<BackendProcess> backend_;
};

}  // namespace paned
