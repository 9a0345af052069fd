#include "server/handlers/client_attachment.h"

#include <utility>

#include "protocol/codec.h"
#include "protocol/method.h"

namespace paned {
namespace {

constexpr char kTakenOver[] = "session has been resumed by another connection";

}  // namespace

ClientAttachment::ClientAttachment(std::shared_ptr<Connection> connection,
                                   SessionRegistry* sessions, Session* session,
                                   const ClientProfile* profile, bool resumed, WorkerPool* workers)
    : connection_(std::move(connection)),
      sessions_(sessions),
      session_(session),
      profile_(profile),
      files_(std::make_shared<FileHandles>(workers)),
      http_(connection_),
      missing_slot_(std::make_shared<MissingSlot>(connection_.get())) {
  session_->Attach(this, profile, resumed);
}

ClientAttachment::~ClientAttachment() {
  files_->CloseAll();
  if (session_ != nullptr) sessions_->Release(session_);
}

void ClientAttachment::OnWritable() {
  http_first_ = !http_first_;
  if (http_first_) http_.OnWritable();
  if (session_ != nullptr) session_->OnClientWritable();
  if (!http_first_) http_.OnWritable();
}

void ClientAttachment::SendOutput(const std::string& process_id,
                                  const protocol::OutputChunk& chunk) {
  connection_->Send(protocol::EncodeNotification(protocol::kProcessOutput,
                                                 protocol::OutputNotification{process_id, chunk}));
}

void ClientAttachment::SendExited(const std::string& process_id, std::uint64_t seq, int exit_code) {
  connection_->Send(protocol::EncodeNotification(
      protocol::kProcessExited, protocol::ExitedNotification{process_id, seq, exit_code}));
}

void ClientAttachment::SendClosed(const std::string& process_id, std::uint64_t seq) {
  connection_->Send(protocol::EncodeNotification(protocol::kProcessClosed,
                                                 protocol::ClosedNotification{process_id, seq}));
}

void ClientAttachment::Confirm(std::function<void()> taken) {
  connection_->Confirm(std::move(taken));
}

void ClientAttachment::Probe(Duration patience, std::function<void(bool alive)> done) {
  connection_->Probe(patience, std::move(done));
}

void ClientAttachment::OnTakenOver() {
  session_ = nullptr;
  connection_->Close(CloseCode::kPolicyViolation, kTakenOver);
}

ClientAttachment& AttachmentOf(const std::shared_ptr<Caller>& caller) {
  return static_cast<ClientAttachment&>(*caller->attachment);
}

Session* SessionOf(const std::shared_ptr<Caller>& caller, const Reply& reply) {
  Session* session = AttachmentOf(caller).session();
  if (session == nullptr) reply->Fail(Error{ErrorKind::kInvalidRequest, kTakenOver});
  return session;
}

Process* ProcessOf(const std::shared_ptr<Caller>& caller, const std::string& process_id,
                   const Reply& reply) {
  Session* session = SessionOf(caller, reply);
  if (session == nullptr) return nullptr;
  Process* process = session->processes().Find(process_id);
  if (process == nullptr) {
    reply->Fail(Error{ErrorKind::kInvalidRequest,
                      "unknown process id " + process_id,
                      {},
                      {},
                      "it was never started in this session, or ended too long ago"});
  }
  return process;
}

}  // namespace paned
