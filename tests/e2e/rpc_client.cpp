#include "tests/e2e/rpc_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/e2e/text.h"

namespace paned::testing {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string Text(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

std::string Bytes(const rapidjson::Value& value) {
  return FromBase64({value.GetString(), value.GetStringLength()});
}

}  // namespace

const rapidjson::Value& Answer::result() const {
  static const rapidjson::Value nothing;
  return ok() ? (*document_)["result"] : nothing;
}

int Answer::code() const {
  return document_ && document_->HasMember("error") ? (*document_)["error"]["code"].GetInt() : 0;
}

std::string Answer::message() const {
  if (!document_) return "no answer";
  return document_->HasMember("error") ? Text((*document_)["error"]["message"]) : "";
}

std::unique_ptr<RpcClient> RpcClient::Connect(const std::string& url,
                                              const WsClient::Options& options) {
  std::unique_ptr<WsClient> ws = WsClient::Connect(url, options);
  if (!ws) return nullptr;
  return std::unique_ptr<RpcClient>(new RpcClient(std::move(ws)));
}

std::unique_ptr<RpcClient> RpcClient::Open(const std::string& url, const std::string& client_name,
                                           const std::string& resume) {
  std::unique_ptr<RpcClient> client = Connect(url);
  if (client && !client->Initialize(client_name, resume).ok()) client.reset();
  return client;
}

Answer RpcClient::Initialize(const std::string& client_name, const std::string& resume) {
  std::string params = "{\"clientName\":" + Quote(client_name);
  if (!resume.empty()) params += ",\"resumeSessionId\":" + Quote(resume);
  Answer answer = Call("initialize", params + "}");
  if (answer.ok()) {
    session_ = Text(answer.result()["sessionId"]);
    Notify("initialized");
  }
  return answer;
}

std::int64_t RpcClient::Send(const std::string& method, const std::string& params) {
  const std::int64_t id = next_id_++;
  alive_ = ws_->SendText("{\"id\":" + std::to_string(id) + ",\"method\":" + Quote(method) +
                         ",\"params\":" + params + "}") &&
           alive_;
  return id;
}

void RpcClient::Notify(const std::string& method, const std::string& params) {
  alive_ = ws_->SendText("{\"method\":" + Quote(method) + ",\"params\":" + params + "}") && alive_;
}

Answer RpcClient::Await(std::int64_t id, Millis patience) {
  if (!Until([&] { return HasAnswer(id); }, patience)) return {};
  Answer answer = std::move(answers_.at(id));
  answers_.erase(id);
  return answer;
}

Answer RpcClient::Call(const std::string& method, const std::string& params, Millis patience) {
  return Await(Send(method, params), patience);
}

Answer RpcClient::AwaitStray(Millis patience) {
  if (!Until([&] { return !strays_.empty(); }, patience)) return {};
  Answer answer = std::move(strays_.front());
  strays_.pop_front();
  return answer;
}

bool RpcClient::Receive(Millis patience) {
  std::optional<WsMessage> message = ws_->ReadMessage(patience);
  if (!message) {
    if (ws_->at_eof() || ws_->close_code()) alive_ = false;
    return false;
  }
  for (const std::size_t size : message->frame_sizes) {
    largest_frame_ = std::max(largest_frame_, size);
  }
  EXPECT_EQ(message->opcode, 1u) << "the server sends text";
  auto document = std::make_shared<rapidjson::Document>();
  document->Parse(message->payload.data(), message->payload.size());
  if (document->HasParseError() || !document->IsObject()) {
    ADD_FAILURE() << "no JSON object: " << message->payload.substr(0, 200);
    return true;
  }
  File(std::move(document));
  return true;
}

void RpcClient::File(std::shared_ptr<rapidjson::Document> document) {
  const rapidjson::Document& message = *document;
  const auto version = message.FindMember("jsonrpc");
  EXPECT_TRUE(version != message.MemberEnd() && version->value == "2.0");
  const auto id = message.FindMember("id");
  if (id == message.MemberEnd()) {
    FileNote(message);
    return;
  }
  EXPECT_NE(message.HasMember("result"), message.HasMember("error")) << "exactly one of them";
  if (id->value.IsInt64() && id->value.GetInt64() > 0 && id->value.GetInt64() < next_id_) {
    const std::int64_t number = id->value.GetInt64();
    EXPECT_TRUE(answers_.emplace(number, Answer(std::move(document))).second) << "answered twice";
  } else {
    strays_.emplace_back(std::move(document));
  }
}

void RpcClient::FileNote(const rapidjson::Document& document) {
  if (!document.HasMember("method") || !document.HasMember("params")) {
    ADD_FAILURE() << "neither a reply nor a notification";
    return;
  }
  const std::string method = Text(document["method"]);
  const rapidjson::Value& params = document["params"];
  if (on_other && on_other(method, params)) return;
  if (method == "fs/missingChanged") {
    missing_changed_.push_back(params["watchId"].GetUint64());
    return;
  }
  Note note;
  note.process_id = Text(params["processId"]);
  note.seq = params["seq"].GetUint64();
  Story& story = stories_[note.process_id];
  story.in_order = story.in_order && note.seq == story.last_seq + 1 && !story.closed;
  story.last_seq = note.seq;
  if (method == "process/output") {
    note.stream = Text(params["stream"]);
    note.bytes = Bytes(params["chunk"]);
    if (on_output) {
      on_output(note);
    } else {
      (note.stream == "stderr" ? story.err : story.out) += note.bytes;
    }
  } else if (method == "process/exited") {
    story.exit_code = params["exitCode"].GetInt();
    story.exited_seq = note.seq;
  } else if (method == "process/closed") {
    story.closed = true;
  } else {
    ADD_FAILURE() << "an unknown notification: " << method;
  }
}

bool RpcClient::Until(const std::function<bool()>& done, Millis patience) {
  const auto deadline = SteadyClock::now() + patience;
  while (!done()) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - SteadyClock::now());
    if (left.count() <= 0 || !alive_) return false;
    Receive(left);
  }
  return true;
}

bool RpcClient::UntilClosed(const std::string& process_id, Millis patience) {
  return Until([&] { return stories_[process_id].closed; }, patience);
}

Story RpcClient::Run(const std::string& process_id, const std::string& start_params) {
  stories_.erase(process_id);
  const Answer started = Call("process/start", start_params);
  EXPECT_TRUE(started.ok()) << started.message();
  if (started.ok()) {
    EXPECT_TRUE(UntilClosed(process_id)) << process_id << " did not end";
  }
  return stories_[process_id];
}

ReadStory RpcClient::ReadToClose(const std::string& process_id, std::uint64_t after,
                                 std::uint64_t wait_ms,
                                 const std::function<void(const std::string& bytes)>& take) {
  ReadStory story;
  while (!story.closed) {
    const Answer read = Call("process/read", ReadParams(process_id, after, wait_ms));
    if (!read.ok()) {
      ADD_FAILURE() << "process/read: " << read.message();
      break;
    }
    ++story.reads;
    for (const rapidjson::Value& chunk : read.result()["chunks"].GetArray()) {
      const std::string bytes = Bytes(chunk["chunk"]);
      if (take) {
        take(bytes);
      } else {
        story.out += bytes;
      }
    }
    if (read.result().HasMember("lostBytes")) story.lost += read.result()["lostBytes"].GetUint64();
    after = read.result()["nextSeq"].GetUint64() - 1;
    story.closed = read.result()["closed"].GetBool();
    if (read.result()["exitCode"].IsInt()) story.exit_code = read.result()["exitCode"].GetInt();
  }
  return story;
}

}  // namespace paned::testing
