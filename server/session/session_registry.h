// All sessions of a server: making, resuming, detaching, and ending those nobody came back to.
// Source: exec-server protocol, section 4. Threading: io thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "server/session/session.h"

namespace paned {

class SessionRegistry {
 public:
  using ClaimDone = std::function<void(Result<Session*>)>;

  // How long the owner of a session may take to show that it lives, when another connection wants
  // it.
  static constexpr Duration kProbePatience = std::chrono::seconds(2);

  // `on_expired` is called after a session has ended with all it held.
  explicit SessionRegistry(
      const SessionContext* context, std::function<void()> on_expired = [] {})
      : context_(context), on_expired_(std::move(on_expired)) {}
  SessionRegistry(const SessionRegistry&) = delete;
  SessionRegistry& operator=(const SessionRegistry&) = delete;

  Session* Create();

  // Hands out the detached session `id`. When it is attached, its owner is probed first: alive, the
  // claim fails with kSessionAttached; silent, the owner loses it. `done` is called once, now or
  // later; the caller attaches at once or calls Release().
  void Claim(const std::string& id, ClaimDone done);

  // The session's connection is gone: it waits for a resume, then ends with all its processes.
  void Release(Session* session);

  Session* Find(const std::string& id) const;
  void ForEach(const std::function<void(Session*)>& visit) const;
  std::size_t size() const { return rows_.size(); }
  // Processes of all sessions that have not exited.
  std::size_t running() const;

 private:
  struct Row {
    std::unique_ptr<Session> session;
    std::unique_ptr<Timer> expiry;  // set while detached
    bool contested = false;         // a claim waits for the owner's sign of life
    std::uint64_t releases = 0;     // tells one owner from the next at the same address
  };

  // `releases`: the row's when the owner was probed.
  void SettleClaim(const std::string& id, std::uint64_t releases, bool alive,
                   const ClaimDone& done);

  const SessionContext* context_;
  const std::function<void()> on_expired_;
  std::map<std::string, Row> rows_;
};

}  // namespace paned
