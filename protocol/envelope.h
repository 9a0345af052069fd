// The JSON-RPC envelope: what a message is, whom it answers, and how replies and notifications
// begin. Every message out carries "jsonrpc":"2.0"; in messages in it is ignored. Source:
// exec-server protocol, section 2. Pure; one parser per call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/error.h"
#include "protocol/json_reader.h"

namespace paned::protocol {

// Echoed with its type. Malformed input is answered with id -1.
using RequestId = std::variant<std::int64_t, std::string>;

enum class EnvelopeKind { kRequest, kNotification, kResponse, kMalformed };

// One parsed message. Views and values point into the frame and the document it was parsed with.
struct Envelope {
  EnvelopeKind kind = EnvelopeKind::kMalformed;
  RequestId id = std::int64_t{-1};  // of a request or a response
  std::string_view method = {};
  JsonValue params = {};    // null when absent
  std::string detail = {};  // why it is malformed
};

// Parses one message in place: `data` is overwritten, data[size] must be '\0'.
// Checks, beyond JSON: UTF-8, no lone surrogate, no duplicate key, at most 127 nested containers
// and 262,144 values, id a string or a signed 64-bit integer, trace an object or null.
Envelope ParseEnvelope(char* data, std::size_t size, JsonDocument* document);

// {"jsonrpc":"2.0","id":ID,"result":  -- the caller appends the value and '}'.
std::string BeginResult(const RequestId& id);

// {"jsonrpc":"2.0","error":{"code","message","data"?},"id":ID}, complete.
std::string EncodeError(const RequestId& id, const RpcError& error);

// {"jsonrpc":"2.0","method":M,"params":  -- the caller appends the value and '}'.
std::string BeginNotification(std::string_view method);

}  // namespace paned::protocol
