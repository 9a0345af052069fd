// The wire's fields of http_types.h; see fields.h. Pure, constant.
#pragma once

#include <string_view>
#include <tuple>

#include "protocol/fields.h"
#include "protocol/http_types.h"

namespace paned::protocol {

template <>
struct Fields<HttpHeaderParam> {
  static constexpr std::string_view kName = "HttpHeader";
  static constexpr auto kRows =
      std::tuple(Row("name", &HttpHeaderParam::name), Row("value", &HttpHeaderParam::value),
                 Row("valueEnvVar", &HttpHeaderParam::value_env_var, Need::kOptional));
};

template <>
struct Fields<HttpRequestParams> {
  static constexpr std::string_view kName = "HttpRequestParams";
  static constexpr auto kRows =
      std::tuple(Row("method", &HttpRequestParams::method), Row("url", &HttpRequestParams::url),
                 Row("headers", &HttpRequestParams::headers, Need::kOptional),
                 Row("bodyBase64", &HttpRequestParams::body, Need::kOptional, Form::kBase64),
                 Row("timeoutMs", &HttpRequestParams::timeout_ms, Need::kOptional),
                 Row("redirectPolicy", &HttpRequestParams::redirect_policy, Need::kOptional),
                 Row("requestId", &HttpRequestParams::request_id),
                 Row("streamResponse", &HttpRequestParams::stream_response, Need::kOptional));
};

template <>
struct Fields<HttpHeaderField> {
  static constexpr auto kRows =
      std::tuple(Row("name", &HttpHeaderField::name), Row("value", &HttpHeaderField::value));
};

template <>
struct Fields<HttpResult> {
  static constexpr auto kRows =
      std::tuple(Row("status", &HttpResult::status), Row("headers", &HttpResult::headers),
                 Row("bodyBase64", &HttpResult::body));
};

template <>
struct Fields<HttpBodyDelta> {
  static constexpr auto kRows =
      std::tuple(Row("requestId", &HttpBodyDelta::request_id), Row("seq", &HttpBodyDelta::seq),
                 Row("deltaBase64", &HttpBodyDelta::delta), Row("done", &HttpBodyDelta::done),
                 Row("error", &HttpBodyDelta::error, Need::kOptional));
};

}  // namespace paned::protocol
