// One real server per test, stopped by SIGTERM at its end: every test also holds it to a clean
// exit. Threading: one thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/rpc_client.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/text.h"

namespace paned::testing {

class E2e : public ::testing::Test {
 protected:
  // The server; started at the first use, or by Serve with options of its own.
  ServerProcess& server() {
    if (!server_) Serve();
    return *server_;
  }
  ServerProcess& Serve(const ServerOptions& options = {}) {
    server_ = std::make_unique<ServerProcess>(options);
    EXPECT_NE(server_->url(), "") << server_->Log();
    return *server_;
  }
  ServerProcess& ServeWith(std::vector<std::string> flags) {
    ServerOptions options;
    options.flags = std::move(flags);
    return Serve(options);
  }
  // A client that is ready; a failure of the test, and an unusable client, when it cannot be.
  std::unique_ptr<RpcClient> Open(const std::string& client_name = "e2e",
                                  const std::string& resume = {}) {
    auto client = RpcClient::Open(server().url(), client_name, resume);
    EXPECT_NE(client, nullptr) << server().Log();
    if (!client) std::abort();
    return client;
  }
  std::unique_ptr<RpcClient> Connect(const WsClient::Options& options = {}) {
    auto client = RpcClient::Connect(server().url(), options);
    EXPECT_NE(client, nullptr) << server().Log();
    if (!client) std::abort();
    return client;
  }

  void TearDown() override {
    client_.reset();  // nobody reads for it any more, so it would keep the server waiting
    if (!server_ || gone_) return;
    EXPECT_TRUE(server_->StopCleanly()) << server_->Log();
  }
  // Whether the server's log comes to have this; it is written when it is, not before a reply goes
  // out.
  bool Says(const std::string& text) {
    return Eventually([&] { return server().Log().find(text) != std::string::npos; });
  }
  // The test has ended the server itself.
  void ServerIsGone() { gone_ = true; }

  std::unique_ptr<RpcClient> client_;  // for fixtures with one client

 private:
  std::unique_ptr<ServerProcess> server_;
  bool gone_ = false;
};

constexpr char kCodex[] = "codex-environment";
constexpr char kGoBridge[] = "codex-env-mcp";
constexpr std::size_t kMiB = 1 << 20;

// `full` for a server of a release build, `small` where every instruction costs.
template <class T>
T Scaled(T full, T small) {
  return kSanitized ? small : full;
}

}  // namespace paned::testing
