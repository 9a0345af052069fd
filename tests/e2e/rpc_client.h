// JSON-RPC over the tests' own WebSocket client: requests, replies in any order, notifications.
// Every message that comes is held to the envelope.
// Threading: blocking calls; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/json.h"
#include "tests/e2e/server_process.h"
#include "tests/support/ws_client.h"

namespace paned::testing {

// A reply. Without one (timeout, closed connection) neither ok() nor an error.
class Answer {
 public:
  Answer() = default;
  explicit Answer(std::shared_ptr<rapidjson::Document> document) : document_(std::move(document)) {}

  bool ok() const { return document_ && document_->HasMember("result"); }
  explicit operator bool() const { return document_ != nullptr; }
  // null when there is no result.
  const rapidjson::Value& result() const;
  // 0 when it is no error.
  int code() const;
  std::string message() const;
  const rapidjson::Document& document() const { return *document_; }

 private:
  std::shared_ptr<rapidjson::Document> document_;
};

struct Note {
  enum class Kind { kOutput, kExited, kClosed };
  Kind kind = Kind::kOutput;
  std::string process_id;
  std::uint64_t seq = 0;
  std::string stream;
  std::string bytes;
  int exit_code = 0;
};

// All that pushes told of one process.
struct Story {
  std::string out;
  std::string err;
  std::optional<int> exit_code;
  bool closed = false;
  bool in_order = true;  // every seq was one above the one before
  std::uint64_t last_seq = 0;
  std::uint64_t exited_seq = 0;
};

// What reads told of one process.
struct ReadStory {
  std::string out;
  std::uint64_t reads = 0;
  std::uint64_t lost = 0;
  std::optional<int> exit_code;
  bool closed = false;
};

class RpcClient {
 public:
  // Null when refused.
  static std::unique_ptr<RpcClient> Connect(const std::string& url,
                                            const WsClient::Options& options = {});
  // Connect, initialize, initialized. Null when one of them fails.
  static std::unique_ptr<RpcClient> Open(const std::string& url,
                                         const std::string& client_name = "e2e",
                                         const std::string& resume = {});

  // initialize (and initialized, when it went well).
  Answer Initialize(const std::string& client_name, const std::string& resume = {});
  const std::string& session() const { return session_; }

  // Sends a request; returns its id.
  std::int64_t Send(const std::string& method, const std::string& params = "{}");
  void Notify(const std::string& method, const std::string& params = "{}");
  Answer Await(std::int64_t id, Millis patience = kPatience);
  Answer Call(const std::string& method, const std::string& params = "{}",
              Millis patience = kPatience);
  // The next reply without an id of ours: to malformed messages (id -1), or raw requests.
  Answer AwaitStray(Millis patience = kPatience);
  bool HasAnswer(std::int64_t id) const { return answers_.count(id) > 0; }

  // Takes one message. False when none came.
  bool Receive(Millis patience = kPatience);
  // Takes messages until `done` is true.
  bool Until(const std::function<bool()>& done, Millis patience = kPatience);

  // Pushed output goes to `on_output` when it is set, else into the story.
  std::function<void(const Note& note)> on_output;
  // Takes what is no notification of a process; false when it does not know it either.
  std::function<bool(const std::string& method, const rapidjson::Value& params)> on_other;
  Story& story(const std::string& process_id) { return stories_[process_id]; }
  bool UntilClosed(const std::string& process_id, Millis patience = kPatience);
  // The watches of fs/watchMissing that fs/missingChanged has named.
  const std::vector<std::uint64_t>& missing_changed() const { return missing_changed_; }
  // Starts, and waits for process/closed.
  Story Run(const std::string& process_id, const std::string& start_params);
  // Polls from `after` to `closed`, as a client that continues with nextSeq - 1.
  ReadStory ReadToClose(const std::string& process_id, std::uint64_t after, std::uint64_t wait_ms,
                        const std::function<void(const std::string& bytes)>& take = {});

  WsClient& ws() { return *ws_; }
  // Bytes of the largest frame and of the largest message seen.
  std::size_t largest_frame() const { return largest_frame_; }
  bool alive() const { return alive_; }

 private:
  explicit RpcClient(std::unique_ptr<WsClient> ws) : ws_(std::move(ws)) {}
  void File(std::shared_ptr<rapidjson::Document> document);
  void FileNote(const rapidjson::Document& document);

  std::unique_ptr<WsClient> ws_;
  std::string session_;
  std::int64_t next_id_ = 1;
  std::map<std::int64_t, Answer> answers_;
  std::deque<Answer> strays_;
  std::map<std::string, Story> stories_;
  std::vector<std::uint64_t> missing_changed_;
  std::size_t largest_frame_ = 0;
  bool alive_ = true;
};

}  // namespace paned::testing
