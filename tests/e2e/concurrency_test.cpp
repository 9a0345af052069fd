// --concurrent-requests on the real binary: strict order, the two pools, and what is bounded.
#include "tests/e2e/fixture.h"

namespace paned::testing {
namespace {

class Concurrency : public E2e {
 protected:
  // A client with a process "p" that says nothing.
  RpcClient& OpenWithProcess(const std::string& limit) {
    ServeWith({"--concurrent-requests=" + limit});
    client_ = Open();
    EXPECT_TRUE(client_->Call("process/start", StartParams("p", {"sleep", "1000"})).ok());
    return *client_;
  }
  std::int64_t Park(std::uint64_t wait_ms = 600'000) {
    return client_->Send("process/read", ReadParams("p", 0, wait_ms));
  }
};

// The wait of the read passes, then everything is answered in the order in which it was asked.
TEST_F(Concurrency, OneIsTheOrderOfArrival) {
  RpcClient& client = OpenWithProcess("1");
  const std::int64_t read = Park(300);
  client.ws().SendText("nonsense");
  const std::int64_t unknown = client.Send("no/such");
  const std::int64_t bad = client.Send("process/read");
  const std::int64_t status = client.Send("environment/status");
  const std::int64_t file = client.Send("fs/getMetadata", PathParams("/"));
  const std::int64_t terminate = client.Send("process/terminate", IdParams("p"));
  std::vector<std::int64_t> order;
  bool malformed_seen = false;
  ASSERT_TRUE(client.Until([&] {
    for (const std::int64_t id : {read, unknown, bad, status, file, terminate}) {
      if (client.HasAnswer(id) && std::count(order.begin(), order.end(), id) == 0) {
        order.push_back(id);
      }
    }
    return order.size() == 6;
  }));
  malformed_seen = client.AwaitStray().code() == -32600;
  EXPECT_TRUE(malformed_seen);
  EXPECT_EQ(order, (std::vector<std::int64_t>{read, unknown, bad, status, file, terminate}));
  EXPECT_EQ(client.Await(unknown).code(), -32601);
  EXPECT_EQ(client.Await(bad).code(), -32602);
  EXPECT_TRUE(client.Await(terminate).ok());
}

// Nothing but the end of the read lets the terminate through, which would end it.
TEST_F(Concurrency, OneMeansThatAReadHoldsUpATerminate) {
  RpcClient& client = OpenWithProcess("1");
  const std::int64_t read = Park(500);
  const std::int64_t terminate = client.Send("process/terminate", IdParams("p"));
  ASSERT_TRUE(client.Until([&] { return client.HasAnswer(read) || client.HasAnswer(terminate); }));
  EXPECT_TRUE(client.HasAnswer(read));
  EXPECT_FALSE(client.HasAnswer(terminate));
  EXPECT_FALSE(client.Await(read).result()["exited"].GetBool());
  EXPECT_TRUE(client.Await(terminate).ok());
}

TEST_F(Concurrency, AStreamedReplyKeepsItsPlace) {
  RpcClient& client = OpenWithProcess("1");
  const TempDir dir;
  WriteWholeFile(dir / "big", std::string(20 * kMiB, 'x'));
  const std::int64_t big = client.Send("fs/readFile", PathParams(dir / "big"));
  const std::int64_t removed = client.Send("fs/remove", PathParams(dir / "big"));
  const std::int64_t status = client.Send("environment/status");
  ASSERT_TRUE(client.Until([&] { return client.HasAnswer(status); }));
  EXPECT_TRUE(client.HasAnswer(big));
  EXPECT_TRUE(client.HasAnswer(removed));
  EXPECT_TRUE(client.Await(big).ok()) << client.Await(big).message();
}

TEST_F(Concurrency, TwoOrdinaryRequestsAndTheShortOnesBesideThem) {
  RpcClient& client = OpenWithProcess("2");
  const std::int64_t first = Park();
  const std::int64_t second = Park();
  const std::int64_t third = client.Send("fs/getMetadata", PathParams("/"));
  // Behind the third and answered: neither pool nor order holds them up.
  EXPECT_TRUE(client.Call("environment/info").ok());
  EXPECT_TRUE(client.Call("environment/status").ok());
  EXPECT_EQ(client.Call("no/such").code(), -32601);
  client.ws().SendText("nonsense");
  EXPECT_EQ(client.AwaitStray().code(), -32600);
  EXPECT_TRUE(client.Call("process/signal", "{\"processId\":\"p\",\"signal\":\"interrupt\"}").ok());
  // The interrupt ends the process, that ends the reads, and that lets the third in.
  EXPECT_TRUE(client.Await(first).ok());
  EXPECT_TRUE(client.Await(second).ok());
  EXPECT_TRUE(client.Await(third).ok());
}

TEST_F(Concurrency, TheThirdWaits) {
  RpcClient& client = OpenWithProcess("2");
  Park();
  Park();
  const std::int64_t third = client.Send("fs/getMetadata", PathParams("/"));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.Call("environment/status").ok());
  EXPECT_FALSE(client.HasAnswer(third));
  EXPECT_TRUE(client.Call("process/terminate", IdParams("p")).ok());
  EXPECT_TRUE(client.Await(third).ok());
}

// What waits in line is bounded: the connection is read no further, and goes on afterwards.
TEST_F(Concurrency, ALongLineIsHeldBackNotKept) {
  RpcClient& client = OpenWithProcess("1");
  const std::size_t before = server().ResidentBytes();
  Park(Scaled<std::uint64_t>(3000, 10000));
  const std::string big =
      "{\"id\":\"big\",\"method\":\"no/such\",\"params\":\"" + std::string(kMiB, 'x') + "\"}";
  constexpr int kMany = 200;
  int sent = 0;
  // The kernel's buffers fill up while the server does not read; the read's end frees the way.
  for (; sent < kMany && client.ws().SendText(big); ++sent) {
  }
  EXPECT_EQ(sent, kMany);
  for (int i = 0; i < kMany; ++i) ASSERT_EQ(client.AwaitStray().code(), -32601) << i;
  if (!kSanitized) {
    EXPECT_LT(server().PeakResidentBytes(), before + 120 * kMiB);
  }
}

TEST_F(Concurrency, ConnectionsDoNotHoldUpEachOther) {
  RpcClient& client = OpenWithProcess("1");
  const std::int64_t read = Park();
  const auto other = Open();
  EXPECT_TRUE(other->Call("environment/status").ok());
  EXPECT_FALSE(client.HasAnswer(read));
  // And a line goes away with its connection: the server ends in time.
  client.Send("environment/status");
}

}  // namespace
}  // namespace paned::testing
