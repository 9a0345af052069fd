#include "server/session/session_registry.h"

#include <utility>

#include "server/base/random_id.h"

namespace paned {
namespace {

Error UnknownSession(const std::string& id) {
  return {ErrorKind::kInvalidRequest,
          "unknown session id " + id,
          {},
          {},
          "the session has expired or was never here; start a new one without resumeSessionId"};
}

Error AlreadyAttached(const std::string& id) {
  return {ErrorKind::kSessionAttached,
          "session " + id + " is already attached to another connection",
          {},
          {},
          "its owner is alive; try again when it has disconnected"};
}

}  // namespace

Session* SessionRegistry::Create() {
  std::string id = RandomUuid();
  Row& row = rows_[id];
  row.session = std::make_unique<Session>(std::move(id), context_);
  return row.session.get();
}

Session* SessionRegistry::Find(const std::string& id) const {
  const auto row = rows_.find(id);
  return row == rows_.end() ? nullptr : row->second.session.get();
}

void SessionRegistry::Claim(const std::string& id, ClaimDone done) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) {
    done(UnknownSession(id));
    return;
  }
  Row& row = found->second;
  if (!row.session->attached()) {
    row.expiry.reset();
    done(row.session.get());
    return;
  }
  if (row.contested) {
    done(AlreadyAttached(id));
    return;
  }
  row.contested = true;
  row.session->client()->Probe(
      kProbePatience, [this, id, releases = row.releases, done = std::move(done)](bool alive) {
        SettleClaim(id, releases, alive, done);
      });
}

void SessionRegistry::SettleClaim(const std::string& id, std::uint64_t releases, bool alive,
                                  const ClaimDone& done) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) {
    done(UnknownSession(id));
    return;
  }
  Row& row = found->second;
  row.contested = false;
  SessionClient* owner = row.session->client();
  if (owner != nullptr && (alive || row.releases != releases)) {
    done(AlreadyAttached(id));
    return;
  }
  if (owner != nullptr) {
    // Its waiting reads get what there is, should it wake up after all; nothing of it counts as
    // seen.
    row.session->processes().ForEach([](Process* process) { process->AnswerReadsNow(); });
    row.session->Detach();
    owner->OnTakenOver();
  }
  row.expiry.reset();
  done(row.session.get());
}

void SessionRegistry::Release(Session* session) {
  if (session->attached()) session->Detach();
  Row& row = rows_.at(session->id());
  ++row.releases;
  // Destroying the session kills what still runs in it.
  row.expiry = context_->clock->After(context_->detach_ttl, [this, id = session->id()] {
    rows_.erase(id);
    on_expired_();
  });
}

void SessionRegistry::ForEach(const std::function<void(Session*)>& visit) const {
  for (const auto& [id, row] : rows_) visit(row.session.get());
}

std::size_t SessionRegistry::running() const {
  std::size_t count = 0;
  for (const auto& [id, row] : rows_) count += row.session->processes().running();
  return count;
}

}  // namespace paned
