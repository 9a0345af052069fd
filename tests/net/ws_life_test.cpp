// How connections end, and how the server knows that a peer is there.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/net/net_harness.h"
#include "tests/support/ws_client.h"

namespace paned::testing {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMiB = std::size_t{1} << 20;

WsOptions Impatient() {
  WsOptions options;
  options.ping_interval = milliseconds(40);
  options.pong_patience = milliseconds(250);
  return options;
}

TEST(WsLife, PeerCloseIsEchoed) {
  NetHarness net;
  for (const int code : {1000, 1001, 3000, 4999}) {
    const auto client = WsClient::Connect(net.url());
    ASSERT_TRUE(client);
    ASSERT_TRUE(client->SendClose(static_cast<std::uint16_t>(code), "bye"));
    EXPECT_TRUE(client->ReadToEnd());
    EXPECT_EQ(client->close_code(), code);
  }
  EXPECT_TRUE(net.Eventually([&] {
    return std::all_of(net.peers.begin(), net.peers.end(),
                       [](const auto& peer) { return peer->closed == 1; });
  }));
}

TEST(WsLife, ServerCloseSendsWhatIsQueuedFirst) {
  NetHarness net;
  std::size_t number = 0;
  for (const CloseCode code :
       {CloseCode::kNormal, CloseCode::kGoingAway, CloseCode::kPolicyViolation,
        CloseCode::kMessageTooBig, CloseCode::kInternalError}) {
    const auto client = WsClient::Connect(net.url());
    ASSERT_TRUE(client);
    Peer& peer = net.At(number++);
    net.Run([&] {
      for (int i = 0; i < 20; ++i) peer.connection->Send(std::string(kMiB, 'x'));
      peer.connection->SendStreamed(std::make_unique<TestSource>(TestSource::Plan{10, kMiB}));
      peer.connection->Close(code, std::string(200, 'r'));
      peer.connection->Close(CloseCode::kNormal, "no effect");
      peer.connection->Send("no effect");
    });
    for (int i = 0; i < 21; ++i) ASSERT_TRUE(client->ReadMessage()) << i;
    EXPECT_FALSE(client->ReadMessage());
    EXPECT_EQ(client->close_code(), static_cast<int>(code));
    EXPECT_EQ(client->close_reason(), std::string(123, 'r'));
    EXPECT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
    EXPECT_TRUE(client->ReadToEnd());
  }
}

TEST(WsLife, CloseFrameReachesAPeerThatIsStillSending) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  net.Run([&] { peer.connection->Close(CloseCode::kPolicyViolation, "enough"); });
  for (int i = 0; i < 20; ++i) client->SendText(std::string(kMiB, 'x'));
  EXPECT_TRUE(client->ReadToEnd());
  EXPECT_EQ(client->close_code(), 1008);
  EXPECT_EQ(client->close_reason(), "enough");
}

TEST(WsLife, VanishedPeersAreNoticed) {
  NetHarness net;
  auto gone = WsClient::Connect(net.url());
  auto reset = WsClient::Connect(net.url());
  auto half = WsClient::Connect(net.url());
  ASSERT_TRUE(gone && reset && half);
  ASSERT_TRUE(half->SendFrame(false, 1, "unfinished"));
  net.At(2);
  gone.reset();
  reset->Reset();
  half->ShutdownWrite();
  EXPECT_TRUE(net.Eventually([&] {
    return net.peers[0]->closed == 1 && net.peers[1]->closed == 1 && net.peers[2]->closed == 1;
  }));
  // Not waited for, yet ended in order where it can be.
  EXPECT_FALSE(half->ReadMessage());
}

TEST(WsLife, PingsKeepAnAnsweringPeer) {
  NetHarness net(Impatient());
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  EXPECT_FALSE(client->ReadMessage(milliseconds(1000)));
  EXPECT_FALSE(client->at_eof());
  EXPECT_GE(client->pings(), 4);
  EXPECT_EQ(net.Run([&] { return net.peers[0]->closed; }), 0);
}

TEST(WsLife, SilentPeerIsDropped) {
  NetHarness net(Impatient());
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(200));
  EXPECT_EQ(net.Run([&] { return net.log.size(); }), 1u);
}

TEST(WsLife, PeerThatReadsSlowlyBehindAClosedGateIsKept) {
  NetHarness net(Impatient());
  WsClient::Options options;
  options.receive_buffer_bytes = 65536;
  const auto client = WsClient::Connect(net.url(), options);
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  net.Run([&] {
    for (int i = 0; i < 64; ++i) peer.connection->Send(std::string(kMiB, 'x'));
  });
  client->set_answer_pings(false);
  // 20 messages in a second: the gate stays closed, and progress is all that shows life.
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    ASSERT_TRUE(client->ReadMessage()) << i;
  }
  EXPECT_EQ(net.Run([&] { return peer.closed; }), 0);
  // No progress either: gone.
  EXPECT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
}

TEST(WsLife, ProbeTellsWhetherThePeerAnswers) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  std::optional<bool> answer;
  const auto probe = [&](milliseconds patience) {
    net.Run([&, patience] {
      answer.reset();
      peer.connection->Probe(patience, [&](bool alive) { answer = alive; });
      EXPECT_FALSE(answer);
    });
  };
  const auto answered = [&] { return answer.has_value(); };

  probe(milliseconds(50));
  ASSERT_TRUE(net.Eventually(answered));
  EXPECT_EQ(answer, false);

  probe(std::chrono::seconds(15));
  EXPECT_FALSE(client->ReadMessage(milliseconds(200)));  // answers the pings
  EXPECT_GE(client->pings(), 2);
  ASSERT_TRUE(net.Eventually(answered));
  EXPECT_EQ(answer, true);

  probe(std::chrono::seconds(15));
  client->Reset();
  ASSERT_TRUE(net.Eventually(answered));
  EXPECT_EQ(answer, false);

  ASSERT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
  probe(std::chrono::seconds(15));
  ASSERT_TRUE(net.Eventually(answered));
  EXPECT_EQ(answer, false);
}

TEST(WsLife, ConfirmWaitsForThePeerToTakeEverything) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  // The first ping of the connection is answered: the peer can be asked.
  ASSERT_TRUE(client->SendText("hello"));
  ASSERT_TRUE(client->ReadMessage());
  ASSERT_TRUE(client->SendText("the pong is in"));
  ASSERT_TRUE(client->ReadMessage());
  bool taken = false;
  net.Run([&] {
    peer.connection->Send(std::string(40 * kMiB, 'x'));
    peer.connection->Confirm([&] { taken = true; });
    peer.connection->Send("behind");
  });
  ASSERT_TRUE(client->ReadMessage());
  EXPECT_FALSE(net.Run([&] { return taken; }));  // its ping lies between the two messages
  ASSERT_TRUE(client->ReadMessage());
  EXPECT_TRUE(net.Eventually([&] { return taken; }));
}

TEST(WsLife, ConfirmDoesNotWaitForAPeerThatAnswersNoPings) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  bool taken = false;
  net.Run([&] {
    peer.connection->Confirm([&] { taken = true; });
    EXPECT_FALSE(taken);
  });
  EXPECT_TRUE(net.Eventually([&] { return taken; }));
}

TEST(WsLife, DrainingRefusesNewPeersOnly) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  net.Run([&] { net.endpoint->StartDraining(); });
  HttpResponse refusal;
  EXPECT_FALSE(WsClient::Connect(net.url(), {}, &refusal));
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(HttpGet(net.url(), "/readyz").status, 503);
  EXPECT_EQ(HttpGet(net.url(), "/healthz").status, 200);
  ASSERT_TRUE(client->SendText("still here"));
  EXPECT_TRUE(client->ReadMessage());
  net.Run([&] { net.endpoint->StopAccepting(); });
  EXPECT_FALSE(WsDial(net.url()).valid());
  ASSERT_TRUE(client->SendText("still here"));
  EXPECT_TRUE(client->ReadMessage());
}

TEST(WsLife, EndOfTheEndpointClosesEveryone) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  net.Run([&] {
    net.endpoint.reset();
    EXPECT_EQ(peer.closed, 1);
  });
  client->ReadToEnd();
}

TEST(WsLife, ConnectionMayBeClosedFromItsOwnEvents) {
  NetHarness net({}, [](Peer& peer, InboundFrame) {
    peer.connection->Send("last");
    peer.connection->Close(CloseCode::kNormal, "done");
  });
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client->SendRaw(WsClient::Encode(true, 1, "a") + WsClient::Encode(true, 1, "b")));
  ASSERT_TRUE(client->ReadMessage());
  EXPECT_FALSE(client->ReadMessage());  // "b" was not taken any more
  EXPECT_EQ(client->close_code(), 1000);
}

TEST(WsLife, ManyIdleConnections) {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit before = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2100) GTEST_SKIP() << "too few descriptors";
  {
    NetHarness net;
    std::vector<std::unique_ptr<WsClient>> clients;
    for (int i = 0; i < 1000; ++i) {
      clients.push_back(WsClient::Connect(net.url()));
      ASSERT_TRUE(clients.back()) << i;
    }
    for (const auto& client : clients) ASSERT_TRUE(client->SendText("x"));
    for (const auto& client : clients) ASSERT_TRUE(client->ReadMessage());
    clients.clear();
    EXPECT_TRUE(net.Eventually([&] {
      return std::all_of(net.peers.begin(), net.peers.end(),
                         [](const auto& peer) { return peer->closed == 1; });
    }));
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace paned::testing
