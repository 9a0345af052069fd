#include "server/session/session.h"

#include <utility>

namespace paned {
namespace {

// Events one process may send before the next has its turn.
constexpr std::size_t kEventsPerTurn = 4;

}  // namespace

Session::Session(std::string id, const SessionContext* context)
    : id_(std::move(id)),
      context_(context),
      shell_snapshots_(context->clock),
      processes_(context->clock, context->closed_retention),
      deliveries_(context->clock, [this](const std::string& process_id, const SentOutput& sent) {
        if (Process* process = processes_.Find(process_id)) process->OnTaken(sent);
      }) {}

void Session::Attach(SessionClient* client, const ClientProfile* profile, bool resumed) {
  client_ = client;
  profile_ = profile;
  deliveries_.Open([client](std::function<void()> taken) { client->Confirm(std::move(taken)); });
  processes_.ForEach([&](Process* process) { process->AttachClient(profile, resumed); });
}

void Session::Detach() {
  client_ = nullptr;
  profile_ = nullptr;
  deliveries_.Close();
  blocked_.clear();
  in_blocked_.clear();
  processes_.ForEach([](Process* process) { process->DetachClient(); });
}

void Session::OnClientWritable() {
  while (WantsEvents() && !blocked_.empty()) {
    const std::string id = std::move(blocked_.front());
    blocked_.pop_front();
    in_blocked_.erase(id);
    if (Process* process = processes_.Find(id)) process->PumpEvents(kEventsPerTurn);
  }
}

void Session::StartProcess(const std::string& id, ProcessBackend* backend, const LaunchPlan& plan,
                           Process::StartDone done) {
  if (processes_.Find(id) != nullptr) {
    done(Error{ErrorKind::kInvalidRequest,
               "process " + id + " already exists",
               {},
               {},
               "an ended process keeps its id until it is no longer readable"});
    return;
  }
  Process* process = processes_.Add(
      std::make_unique<Process>(id, context_->clock, context_->limits, context_->budget, this));
  if (client_ != nullptr) process->AttachClient(profile_, /*resumed=*/false);
  process->Start(backend, plan, [this, id, done = std::move(done)](Status status) {
    if (!status.ok()) processes_.Remove(id);
    done(std::move(status));
  });
}

void Session::PushOutput(const std::string& process_id, const protocol::OutputChunk& chunk) {
  client_->SendOutput(process_id, chunk);
}

void Session::PushExited(const std::string& process_id, std::uint64_t seq, int exit_code) {
  client_->SendExited(process_id, seq, exit_code);
}

void Session::PushClosed(const std::string& process_id, std::uint64_t seq) {
  client_->SendClosed(process_id, seq);
}

void Session::OnOutputSent(const std::string& process_id, const SentOutput& sent) {
  deliveries_.Note(process_id, sent);
  // What is kept for a process that has ended can go as soon as its client knows.
  if (sent.end) deliveries_.ConfirmNow();
}

void Session::OnHeld(const std::string& /*process_id*/) { deliveries_.ConfirmNow(); }

void Session::OnEventsBlocked(const std::string& process_id) {
  if (in_blocked_.insert(process_id).second) blocked_.push_back(process_id);
}

void Session::OnClosed(const std::string& process_id) { processes_.RetireLater(process_id); }

}  // namespace paned
