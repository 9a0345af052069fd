#include "protocol/envelope.h"

#include <utility>

#include "protocol/fault_text.h"
#include "protocol/json_writer.h"

namespace paned::protocol {
namespace {

// A member that must be a string, or may also be null or absent. Returns what is wrong.
std::optional<std::string> CheckText(const std::optional<JsonValue>& member, bool nullable) {
  if (!member || (nullable && member->IsNull())) return std::nullopt;
  std::string_view text;
  if (member->Get(&text)) return std::nullopt;
  return TypeFault(*member, "a string");
}

std::optional<std::string> CheckTrace(const JsonValue& trace) {
  if (trace.IsNull()) return std::nullopt;
  if (!trace.IsObject()) return TypeFault(trace, "struct W3cTraceContext");
  for (const std::string_view name : {"traceparent", "tracestate"}) {
    if (auto fault = CheckText(trace.Find(name), true)) return fault;
  }
  return std::nullopt;
}

std::optional<std::string> CheckErrorObject(const JsonValue& error) {
  if (!error.IsObject()) return TypeFault(error, "struct JSONRPCErrorError");
  const std::optional<JsonValue> code = error.Find("code");
  if (!code) return MissingField("code");
  std::int64_t number = 0;
  if (!code->Get(&number)) return IntegerFault(*code, "i64");
  const std::optional<JsonValue> message = error.Find("message");
  if (!message) return MissingField("message");
  return CheckText(message, false);
}

bool ReadId(const JsonValue& value, RequestId* id) {
  std::int64_t number = 0;
  if (value.Get(&number)) {
    *id = number;
    return true;
  }
  std::string_view text;
  if (!value.Get(&text)) return false;
  *id = std::string(text);
  return true;
}

// The members of a message that mean something here.
struct Members {
  std::optional<JsonValue> id;
  std::optional<JsonValue> method;
  std::optional<JsonValue> params;
  std::optional<JsonValue> result;
  std::optional<JsonValue> error;
  std::optional<JsonValue> trace;
};

Members Sort(const JsonValue& object) {
  Members members;
  for (const JsonItem& item : object.Items()) {
    if (item.key == "id") members.id = item.value;
    if (item.key == "method") members.method = item.value;
    if (item.key == "params") members.params = item.value;
    if (item.key == "result") members.result = item.value;
    if (item.key == "error") members.error = item.value;
    if (item.key == "trace") members.trace = item.value;
  }
  return members;
}

// Fills `envelope`; returns why the message is none.
std::optional<std::string> Read(const Members& members, Envelope* envelope) {
  if (members.id && !ReadId(*members.id, &envelope->id)) {
    return "data did not match any variant of untagged enum RequestId";
  }
  if (members.method) {
    if (auto fault = CheckText(members.method, false)) return fault;
    if (members.trace) {
      if (auto fault = CheckTrace(*members.trace)) return fault;
    }
    members.method->Get(&envelope->method);
    envelope->params = members.params.value_or(JsonValue());
    envelope->kind = members.id ? EnvelopeKind::kRequest : EnvelopeKind::kNotification;
  } else {
    if (!members.result) {
      if (!members.error) return MissingField("error");
      if (auto fault = CheckErrorObject(*members.error)) return fault;
    }
    if (!members.id) return MissingField("id");
    envelope->kind = EnvelopeKind::kResponse;
  }
  return std::nullopt;
}

void AppendId(const RequestId& id, std::string* out) {
  if (const auto* number = std::get_if<std::int64_t>(&id)) {
    AppendJsonNumber(*number, out);
  } else {
    AppendJsonString(std::get<std::string>(id), out);
  }
}

void AppendErrorData(const RpcError& error, std::string* out) {
  if (error.path.empty() && !error.limit && error.hint.empty()) return;
  std::string_view separator = ",\"data\":{";
  const auto name = [&](std::string_view key) {
    out->append(separator).append(key);
    separator = ",";
  };
  if (!error.path.empty()) {
    name("\"path\":");
    AppendJsonString(error.path, out);
  }
  if (error.limit) {
    name("\"limit\":");
    AppendJsonNumber(*error.limit, out);
  }
  if (!error.hint.empty()) {
    name("\"hint\":");
    AppendJsonString(error.hint, out);
  }
  out->push_back('}');
}

}  // namespace

Envelope ParseEnvelope(char* data, std::size_t size, JsonDocument* document) {
  Envelope envelope;
  std::optional<std::string> fault = document->Parse(data, size);
  if (!fault) {
    const JsonValue root = document->root();
    fault = root.IsObject() ? Read(Sort(root), &envelope) : "expected a JSON-RPC object";
  }
  if (!fault) return envelope;
  Envelope malformed;
  malformed.detail = *std::move(fault);
  return malformed;
}

std::string BeginResult(const RequestId& id) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  AppendId(id, &out);
  out.append(R"(,"result":)");
  return out;
}

std::string EncodeError(const RequestId& id, const RpcError& error) {
  std::string out;
  out.reserve(96 + error.message.size() + error.path.size() + error.hint.size());
  out.append(R"({"jsonrpc":"2.0","error":{"code":)");
  AppendJsonNumber(static_cast<std::int64_t>(error.code), &out);
  out.append(R"(,"message":)");
  AppendJsonString(error.message, &out);
  AppendErrorData(error, &out);
  out.append(R"(},"id":)");
  AppendId(id, &out);
  out.push_back('}');
  return out;
}

std::string BeginNotification(std::string_view method) {
  std::string out = R"({"jsonrpc":"2.0","method":)";
  AppendJsonString(method, &out);
  out.append(R"(,"params":)");
  return out;
}

}  // namespace paned::protocol
