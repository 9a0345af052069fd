// Makes the bound, listening descriptor for a ListenAddress, with an error text that a person can
// act on. Threading: pure system calls, no state.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>

#include "server/base/result.h"
#include "server/base/unique_fd.h"
#include "server/net/ws_endpoint.h"

namespace paned {

struct ListenSocket {
  UniqueFd fd;
  int family = AF_UNSPEC;
  std::string url;        // ws://IP:PORT or unix:///path, as bound
  std::string unix_path;  // empty for TCP
  dev_t device = 0;       // the socket file's identity
  ino_t inode = 0;
};

// Output buffers of accepted sockets are kept at `send_buffer_bytes` at most, never made larger.
Result<ListenSocket> OpenListenSocket(const ListenAddress& address, int send_buffer_bytes);

// IP:PORT, [IP6]:PORT, or "unix".
std::string EndpointText(const sockaddr_storage& address);

}  // namespace paned
