// A connection that has initialized: ties it to its session, speaks for it on the wire, and gives
// the session back when the connection goes. Threading: io thread only.
#pragma once

#include <memory>
#include <string>

#include "server/fs/file_handles.h"
#include "server/handlers/http_exchanges.h"
#include "server/handlers/missing_slot.h"
#include "server/rpc/router.h"
#include "server/session/session_registry.h"

namespace paned {

class ClientAttachment final : public Attachment, public SessionClient {
 public:
  // Attaches to the detached `session`.
  ClientAttachment(std::shared_ptr<Connection> connection, SessionRegistry* sessions,
                   Session* session, const ClientProfile* profile, bool resumed,
                   WorkerPool* workers);
  ~ClientAttachment() override;

  // nullptr once another connection has taken the session over.
  Session* session() const { return session_; }
  const ClientProfile& profile() const { return *profile_; }
  // The files this connection has open: not the session's, another connection opens its own.
  FileHandles& files() const { return *files_; }
  HttpExchanges& http() { return http_; }
  const std::shared_ptr<MissingSlot>& missing_slot() const { return missing_slot_; }

  // Attachment
  void OnWritable() override;
  // SessionClient
  bool WantsOutput() const override { return connection_->WantsOutput(); }
  void SendOutput(const std::string& process_id, const protocol::OutputChunk& chunk) override;
  void SendExited(const std::string& process_id, std::uint64_t seq, int exit_code) override;
  void SendClosed(const std::string& process_id, std::uint64_t seq) override;
  void Confirm(std::function<void()> taken) override;
  void Probe(Duration patience, std::function<void(bool alive)> done) override;
  void OnTakenOver() override;

 private:
  std::shared_ptr<Connection> connection_;
  SessionRegistry* sessions_;
  Session* session_;
  const ClientProfile* profile_;
  std::shared_ptr<FileHandles> files_;
  HttpExchanges http_;
  bool http_first_ = false;  // whose turn it is when there is room again
  const std::shared_ptr<MissingSlot> missing_slot_;
};

// The attachment of a caller that has passed the handshake.
ClientAttachment& AttachmentOf(const std::shared_ptr<Caller>& caller);

// The caller's session; when it has been taken over, answers the reply and gives nullptr.
Session* SessionOf(const std::shared_ptr<Caller>& caller, const Reply& reply);

// A process of the caller's session; when there is none, answers the reply and gives nullptr.
Process* ProcessOf(const std::shared_ptr<Caller>& caller, const std::string& process_id,
                   const Reply& reply);

}  // namespace paned
