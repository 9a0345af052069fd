// The end of the server: SIGTERM and SIGINT, gently; a second signal, at once.
#include <csignal>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Shutdown : public E2e {
 protected:
  void TearDown() override { ServerIsGone(); }
  // Starts `script`, which prints its pid as its first line.
  static pid_t Start(RpcClient* client, const std::string& id, const std::string& script) {
    EXPECT_TRUE(client->Call("process/start", StartParams(id, Sh(script))).ok());
    Story& story = client->story(id);
    EXPECT_TRUE(client->Until([&] { return story.out.find('\n') != std::string::npos; }));
    return std::atoi(story.out.c_str());
  }
};

constexpr char kStubborn[] = "trap '' TERM INT; echo $$; while :; do sleep 0.1; done";

TEST_F(Shutdown, IdleItEndsAtOnceWithZero) {
  for (const int number : {SIGTERM, SIGINT}) {
    Serve();
    server().Signal(number);
    EXPECT_EQ(server().Wait(), 0) << server().Log();
  }
}

TEST_F(Shutdown, ClientsAreAnsweredAndToldGoodbye) {
  const auto client = Open();
  Start(client.get(), "p", "echo $$; exec sleep 1000");
  const std::int64_t waiting = client->Send("process/read", ReadParams("p", 1, 600'000));
  EXPECT_TRUE(client->Call("environment/status").ok());
  server().Signal(SIGTERM);
  const Answer read = client->Await(waiting);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.result()["chunks"].Size(), 0u);
  EXPECT_FALSE(client->Until([] { return false; }));
  EXPECT_EQ(client->ws().close_code(), 1001);
  EXPECT_EQ(server().Wait(), 0);
}

TEST_F(Shutdown, ChildrenGetTermAndThenKill) {
  const TempDir dir;
  const auto client = Open();
  const pid_t polite = Start(
      client.get(), "polite",
      "trap 'echo bye >" + (dir / "bye") + "; exit' TERM; echo $$; while :; do sleep 0.01; done");
  const pid_t stubborn = Start(client.get(), "stubborn", kStubborn);
  auto detached = Open();
  const pid_t orphan = Start(detached.get(), "p", kStubborn);
  detached.reset();
  server().Signal(SIGTERM);
  EXPECT_FALSE(client->Until([] { return false; }));
  EXPECT_EQ(server().Wait(), 0) << server().Log();
  EXPECT_EQ(ReadWholeFile(dir / "bye"), "bye\n");
  for (const pid_t pid : {polite, stubborn, orphan}) EXPECT_FALSE(IsAlive(pid));
}

TEST_F(Shutdown, ASecondSignalEndsItAtOnce) {
  const auto client = Open();
  const pid_t stubborn = Start(client.get(), "p", kStubborn);
  server().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return server().Log().find("stopping") != std::string::npos; }));
  server().Signal(SIGINT);
  EXPECT_EQ(server().Wait(), 128 + SIGINT);
  EXPECT_TRUE(Eventually([&] { return !IsAlive(stubborn); }));
}

TEST_F(Shutdown, UnderLoad) {
  std::vector<std::unique_ptr<RpcClient>> clients;
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(Open(i % 2 == 0 ? kCodex : kGoBridge));
    RpcClient& client = *clients.back();
    for (int k = 0; k < 5; ++k) {
      client.Send("process/start",
                  StartParams(std::to_string(k), {HelperProgram(), "emit", "1000000000"}));
      client.Send("process/read", ReadParams(std::to_string(k), 0, 600'000));
    }
    client.Send("fs/readFile", PathParams(HelperProgram()));
    EXPECT_TRUE(client.Call("environment/status").ok());
  }
  EXPECT_TRUE(Eventually([&] { return server().Children().size() == 30; }));
  children = server().Children();
  server().Signal(SIGTERM);
  EXPECT_EQ(server().Wait(), 0) << server().Log();
  EXPECT_EQ(server().Log().find("without exactly one answer"), std::string::npos);
  for (const pid_t pid : children) {
    EXPECT_TRUE(Eventually([&] { return !IsAlive(pid); }));
  }
}

// One whose peer takes nothing and answers nothing must not keep it.
TEST_F(Shutdown, DeafPeersDoNotKeepIt) {
  const auto deaf = Open(kCodex);
  ASSERT_TRUE(
      deaf->Call("process/start", StartParams("p", {HelperProgram(), "emit", "1000000000"})).ok());
  std::vector<UniqueFd> silent;
  silent.reserve(10);
  for (int i = 0; i < 10; ++i) silent.push_back(WsDial(server().url()));
  EXPECT_TRUE(Open()->Call("environment/status").ok());
  server().Signal(SIGTERM);
  EXPECT_EQ(server().Wait(std::chrono::seconds(Scaled(8, 60))), 0) << server().Log();
}

}  // namespace
}  // namespace paned::testing
