// One connection on stdin and stdout: a JSON object per line, both ways, nothing else on stdout.
// Source: exec-server protocol, section 1.2. Threading: io thread only.
#pragma once

#include <cstddef>
#include <memory>

#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "server/net/connection.h"

namespace asio {
class io_context;
}

namespace paned {

class StdioEndpoint {
 public:
  // Serves one connection on the two descriptors. Empty and blank lines are skipped; a line above
  // `max_message_bytes` closes it; EOF on `input` is a disconnect. A pipe, file, tty or socket
  // works as either end. Streamed replies leave in pieces. label() is "JSON-RPC message from
  // exec-server stdio".
  static std::unique_ptr<StdioEndpoint> Serve(asio::io_context* io, Clock* clock, UniqueFd input,
                                              UniqueFd output, std::size_t max_message_bytes,
                                              ConnectionAcceptor* acceptor);
  StdioEndpoint() = default;
  StdioEndpoint(const StdioEndpoint&) = delete;
  StdioEndpoint& operator=(const StdioEndpoint&) = delete;
  virtual ~StdioEndpoint() = default;
};

}  // namespace paned
