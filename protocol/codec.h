// Turns parameters into structs and results into JSON, by the field tables of
// fields.h, fs_fields.h, http_fields.h and environment_fields.h.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/envelope.h"
#include "protocol/environment_types.h"
#include "protocol/error.h"
#include "protocol/fs_types.h"
#include "protocol/http_types.h"
#include "protocol/json_reader.h"
#include "protocol/types.h"

namespace paned::protocol {

// Fills `out` from `params`; the error is a -32602 with the reference's text and the JSON path of
// the member in `path`. Unknown members are ignored. Instantiated in codec.cpp for every *Params
// struct and for Empty (which takes absent, null or {}).
template <class Params>
std::optional<RpcError> Decode(const JsonValue& params, Params* out);

// Appends `value` as JSON. Instantiated for every result and notification struct.
template <class Value>
void AppendJson(const Value& value, std::string* out);

// A whole message from its beginning (BeginResult, BeginNotification): what is large is encoded
// where it was made, away from the io thread. Instantiated for the results of the fs methods.
template <class Value>
std::string Complete(std::string head, const Value& value);

// One whole reply or notification, in a string of about the right capacity from the start.
template <class Value>
std::string EncodeResult(const RequestId& id, const Value& value);
template <class Value>
std::string EncodeNotification(std::string_view method, const Value& value);

}  // namespace paned::protocol
