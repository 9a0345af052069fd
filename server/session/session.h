// One client's world: its processes, and the connection that looks at them when there is one. A
// session outlives its connection for a while, so that a client can come back to it.
// Source: exec-server protocol, section 4. Threading: io thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_set>

#include "server/process/process_table.h"
#include "server/process/shell_snapshots.h"
#include "server/session/deliveries.h"

namespace paned {

// The attached connection, as a session sees it. Implemented where the wire is known.
class SessionClient {
 public:
  SessionClient() = default;
  SessionClient(const SessionClient&) = delete;
  SessionClient& operator=(const SessionClient&) = delete;
  virtual ~SessionClient() = default;

  virtual bool WantsOutput() const = 0;
  virtual void SendOutput(const std::string& process_id, const protocol::OutputChunk& chunk) = 0;
  virtual void SendExited(const std::string& process_id, std::uint64_t seq, int exit_code) = 0;
  virtual void SendClosed(const std::string& process_id, std::uint64_t seq) = 0;
  // Calls `taken` once the client has taken all that was sent so far; see Connection::Confirm.
  virtual void Confirm(std::function<void()> taken) = 0;
  // Asks for a sign of life; `done` is called once.
  virtual void Probe(Duration patience, std::function<void(bool alive)> done) = 0;
  // Another connection has taken the session over: this one is of no use any more.
  virtual void OnTakenOver() = 0;
};

// What all sessions of a server share. Owned by the server; outlives them.
struct SessionContext {
  Clock* clock = nullptr;
  OutputBudget* budget = nullptr;
  ProcessLimits limits;
  Duration detach_ttl = std::chrono::seconds(80);
  Duration closed_retention = std::chrono::seconds(80);
};

class Session final : public ProcessObserver {
 public:
  Session(std::string id, const SessionContext* context);

  // The key of the session: whoever knows it may resume it. Never shown whole.
  const std::string& id() const { return id_; }
  // What logs and listings show: enough to tell sessions apart.
  std::string shown_id() const { return id_.substr(0, kShownDigits); }
  static constexpr std::size_t kShownDigits = 8;
  bool attached() const { return client_ != nullptr; }
  SessionClient* client() const { return client_; }

  // The session must be detached. `client` lives until Detach().
  void Attach(SessionClient* client, const ClientProfile* profile, bool resumed);
  void Detach();
  // The client has room for output again.
  void OnClientWritable();

  // The id is taken from the call on. `done` is called once, now or later: before any event of the
  // process, and not at all when the session ends first. The error is the wire's: the id is in use,
  // or the program does not start, and then the id is free again already.
  void StartProcess(const std::string& id, ProcessBackend* backend, const LaunchPlan& plan,
                    Process::StartDone done);
  ProcessTable& processes() { return processes_; }
  ShellSnapshots& shell_snapshots() { return shell_snapshots_; }

  // ProcessObserver
  bool WantsEvents() const override { return client_ != nullptr && client_->WantsOutput(); }
  void PushOutput(const std::string& process_id, const protocol::OutputChunk& chunk) override;
  void PushExited(const std::string& process_id, std::uint64_t seq, int exit_code) override;
  void PushClosed(const std::string& process_id, std::uint64_t seq) override;
  void OnOutputSent(const std::string& process_id, const SentOutput& sent) override;
  void OnHeld(const std::string& process_id) override;
  void OnEventsBlocked(const std::string& process_id) override;
  void OnClosed(const std::string& process_id) override;

 private:
  const std::string id_;
  const SessionContext* context_;
  SessionClient* client_ = nullptr;
  const ClientProfile* profile_ = nullptr;  // of the attached client
  ShellSnapshots shell_snapshots_;
  ProcessTable processes_;
  Deliveries deliveries_;
  // Processes with events to push, in the order of their turns.
  std::list<std::string> blocked_;
  std::unordered_set<std::string> in_blocked_;
};

}  // namespace paned
