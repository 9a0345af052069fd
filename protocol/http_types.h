// Parameters, result and notification of http/request; rows in http_fields.h.
// Source: exec-server protocol, section 9. Values; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/types.h"

namespace paned::protocol {

struct HttpHeaderParam {
  std::string name;
  std::string value;  // with `value_env_var`: what stands before the variable's value
  std::optional<std::string> value_env_var;  // a variable of the server's environment
};
enum class RedirectPolicy { kFollow, kStop };
struct HttpRequestParams {
  std::string method;
  std::string url;
  std::string request_id;
  std::vector<HttpHeaderParam> headers;
  std::string body;                         // decoded
  std::optional<std::uint64_t> timeout_ms;  // of the whole exchange; absent or null: none
  RedirectPolicy redirect_policy = RedirectPolicy::kFollow;
  bool stream_response = false;
};
struct HttpHeaderField {
  std::string name;  // lower case
  std::string value;
};
struct HttpResult {
  std::uint64_t status = 0;
  std::vector<HttpHeaderField> headers;
  Bytes body;  // empty when it is streamed
};
// One piece of a streamed body; the last one is empty and `done`.
struct HttpBodyDelta {
  std::string_view request_id;
  std::uint64_t seq = 1;
  Bytes delta;
  bool done = false;
  std::optional<std::string> error;  // only with `done`
};

}  // namespace paned::protocol
