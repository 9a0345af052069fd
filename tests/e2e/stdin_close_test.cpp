// --exit-on-stdin-close: the server goes when whoever started it has gone.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

// With its stdin in the test's hands. The URL comes from the log then.
class StdinClose : public ::testing::Test {
 protected:
  ServerProcess& Serve(std::vector<std::string> flags, std::vector<std::string> env = {}) {
    ServerOptions options;
    options.flags = std::move(flags);
    options.env = std::move(env);
    options.announces = false;
    server_ = std::make_unique<ServerProcess>(options);
    return *server_;
  }
  // What the server announces on its stdout.
  std::string Url() {
    std::string url;
    char c = 0;
    while (::read(server_->output().get(), &c, 1) == 1 && c != '\n') url += c;
    return url;
  }
  bool Serving() {
    const std::string url = Url();
    return !url.empty() && HttpGet(url, "/readyz").status == 200;
  }

  std::unique_ptr<ServerProcess> server_;
};

TEST_F(StdinClose, EndsTheServerGently) {
  Serve({"--exit-on-stdin-close"});
  const std::string url = Url();
  const auto client = RpcClient::Open(url);
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->Call("process/start", StartParams("p", {"sleep", "1000"})).ok());
  const std::int64_t read = client->Send("process/read", ReadParams("p", 0, 600'000));
  ASSERT_EQ(::write(server_->input().get(), "ignored\n", 8), 8);
  EXPECT_TRUE(client->Call("environment/status").ok());
  server_->input().Reset();
  EXPECT_TRUE(client->Await(read).ok());
  while (client->Receive()) {
  }
  EXPECT_EQ(client->ws().close_code(), 1001);
  EXPECT_EQ(server_->Wait(), 0);
  EXPECT_NE(server_->Log().find("standard input has ended"), std::string::npos) << server_->Log();
}

TEST_F(StdinClose, WithoutTheFlagNothingHappens) {
  Serve({});
  server_->input().Reset();
  EXPECT_TRUE(Serving());
  EXPECT_TRUE(server_->StopCleanly());
}

TEST_F(StdinClose, TheEnvironmentCanAskForIt) {
  Serve({}, {"CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE=true"});
  EXPECT_TRUE(Serving());
  server_->input().Reset();
  EXPECT_EQ(server_->Wait(), 0);

  Serve({}, {"CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE=false"});
  server_->input().Reset();
  EXPECT_TRUE(Serving());
  EXPECT_TRUE(server_->StopCleanly());

  // The flag goes first, whatever the variable says.
  for (const char* word : {"false", "nonsense"}) {
    Serve({"--exit-on-stdin-close"},
          {std::string("CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE=") + word});
    server_->input().Reset();
    EXPECT_EQ(server_->Wait(), 0) << word;
  }
}

TEST_F(StdinClose, OtherWordsAreRefused) {
  for (const char* word : {"1", "TRUE", "yes", "", " true"}) {
    Serve({}, {std::string("CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE=") + word});
    EXPECT_EQ(server_->Wait(), 2) << word;
    EXPECT_NE(server_->Log().find("must be `true` or `false`, not `" + std::string(word) + "`"),
              std::string::npos)
        << server_->Log();
  }
}

TEST_F(StdinClose, AFloodOnStdinIsTakenAndForgotten) {
  Serve({"--exit-on-stdin-close"});
  const std::string url = Url();
  const std::string block(65536, 'x');
  for (int i = 0; i < 160; ++i) {
    ASSERT_EQ(::write(server_->input().get(), block.data(), block.size()),
              static_cast<ssize_t>(block.size()));
  }
  EXPECT_EQ(HttpGet(url, "/readyz").status, 200);
  server_->input().Reset();
  EXPECT_EQ(server_->Wait(), 0);
}

}  // namespace
}  // namespace paned::testing
