// The one way an operation below the handlers reports failure: a value or an Error, never an
// exception. Handlers alone turn an ErrorKind into a JSON-RPC code.
// Threading: pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace paned {

// What went wrong, in the wire's own classes (exec-server protocol, section 3).
enum class ErrorKind {
  kInvalidParams,    // a parameter value is rejected: -32602
  kInvalidRequest,   // the request does not fit the state or the input is invalid: -32600
  kNotFound,         // the thing named does not exist: -32004
  kSessionAttached,  // the session belongs to a live connection: -32010
  kInternal,         // the operating system or the server failed: -32603
};

// A failure. `message` is the exact text a client sees; path, limit and hint travel in error.data.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  std::string path = {};                    // the file concerned, when there is one
  std::optional<std::uint64_t> limit = {};  // the limit that was met, in the unit the message names
  std::string hint = {};                    // what a person can do about it
};

// A T or an Error. Check ok() before value().
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<T>(state_); }
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  Error& error() { return std::get<Error>(state_); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace paned
