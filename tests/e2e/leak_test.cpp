// Thousands of starts leave nothing behind: no descriptor, no zombie, no memory, no exit code lost.
#include <utility>

#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Leaks : public E2e {};

// Mostly the quickest programs there are; one in ten has an exit code of its own to deliver.
std::vector<std::string> Program(int i) {
  if (i % 10 == 9) return {"/bin/sh", "-c", "exit " + std::to_string(i % 251)};
  return {i % 2 == 0 ? "/bin/true" : "/bin/false"};
}
int CodeOf(int i) { return i % 10 == 9 ? i % 251 : i % 2; }

// Several in flight.
void StartMany(RpcClient* client, int first, int count) {
  constexpr int kInFlight = 32;
  const auto id_of = [](int i) { return "p" + std::to_string(i); };
  int oldest = first;
  for (int i = first; i < first + count; ++i) {
    client->Send("process/start", StartParams(id_of(i), Program(i), "\"env\":{}"));
    for (; i - oldest >= kInFlight || (i + 1 == first + count && oldest <= i); ++oldest) {
      ASSERT_TRUE(client->UntilClosed(id_of(oldest))) << id_of(oldest);
      ASSERT_EQ(client->story(id_of(oldest)).exit_code, CodeOf(oldest));
    }
  }
}

TEST_F(Leaks, TenThousandStarts) {
  ServeWith({"--detach-ttl=50ms"});
  Open();  // what is made once ...
  const std::size_t idle_memory = server().ResidentBytes();
  auto client = Open();
  StartMany(client.get(), 0, 200);  // ... is made now
  ASSERT_TRUE(Eventually([&] { return server().Children().empty(); }));
  const std::size_t descriptors = server().OpenDescriptors();
  const std::size_t memory = server().ResidentBytes();
  const int kStarts = Scaled(10'000, 300);
  StartMany(client.get(), 200, kStarts);
  EXPECT_TRUE(Eventually([&] { return server().Children().empty(); })) << "zombies";
  EXPECT_EQ(server().OpenDescriptors(), descriptors);
  if (!kSanitized) {
    // Ended processes stay readable for a while, and cost little.
    EXPECT_LT(server().ResidentBytes(), memory + static_cast<std::size_t>(kStarts) * 6144);
  }
  EXPECT_EQ(client->Run("fds", StartParams("fds", {HelperProgram(), "fds"})).out, "0 1 2 ");
  // Its session goes, all that with it, and the memory once things are quiet.
  client.reset();
  if (!kSanitized) {
    EXPECT_TRUE(Eventually([&] { return server().ResidentBytes() < idle_memory + 8 * kMiB; }))
        << server().ResidentBytes() << " was " << idle_memory;
  }
}

TEST_F(Leaks, FailedStartsAndConnections) {
  const auto client = Open();
  const auto provoke = [&](int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_NE(
          client->Call("process/start", StartParams("x", {"/nonexistent"}, "\"pipeStdin\":true"))
              .code(),
          0);
      const auto other = RpcClient::Connect(server().url());
      ASSERT_NE(other, nullptr);
      if (i % 3 == 0) other->ws().Reset();
      if (i % 3 == 1) other->ws().SendText("{");
    }
    EXPECT_TRUE(client->Call("environment/status").ok());
  };
  provoke(10);
  std::size_t settled = 0;
  const auto is_settled = [&] {
    const std::size_t before = std::exchange(settled, server().OpenDescriptors());
    return before == settled;
  };
  ASSERT_TRUE(Eventually(is_settled));
  const std::size_t descriptors = settled;
  provoke(Scaled(1000, 100));
  EXPECT_TRUE(Eventually([&] { return server().OpenDescriptors() <= descriptors; }))
      << server().OpenDescriptors() << " were " << descriptors;
}

// A child that closes everything and lingers, and one whose descendants keep the pipes.
TEST_F(Leaks, ProcessesEndedWithTheirSession) {
  ServeWith({"--detach-ttl=50ms"});
  const auto observer = Open();
  // At first the server asks tmux for its version, too.
  ASSERT_TRUE(Eventually([&] { return server().Children().empty(); }));
  const std::size_t descriptors = server().OpenDescriptors();
  for (int i = 0; i < 50; ++i) {
    const auto client = Open();
    ASSERT_TRUE(
        client->Call("process/start", StartParams("a", Sh("sleep 1000 & sleep 1000"))).ok());
    ASSERT_TRUE(
        client->Call("process/start", StartParams("b", {"/bin/cat"}, "\"pipeStdin\":true")).ok());
  }
  EXPECT_TRUE(Eventually([&] { return server().Children().empty(); }));
  EXPECT_TRUE(Eventually([&] { return server().OpenDescriptors() <= descriptors; }))
      << server().OpenDescriptors() << " were " << descriptors;
}

}  // namespace
}  // namespace paned::testing
