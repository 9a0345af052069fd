// Back-pressure: watermarks, gates, streamed messages.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "tests/net/net_harness.h"
#include "tests/support/ws_client.h"

namespace paned::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
// What the two sockets of a connection may hold beside our queue.
constexpr std::size_t kKernelBytes = 8 * kMiB;

std::unique_ptr<WsClient> SlowClient(const NetHarness& net) {
  WsClient::Options options;
  options.receive_buffer_bytes = 65536;
  return WsClient::Connect(net.url(), options);
}

TEST(WsFlow, SlowReaderGetsEverythingWithinTheWatermark) {
  NetHarness net;
  const auto client = SlowClient(net);
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  constexpr int kMessages = 1000;
  int sent = 0;
  std::size_t most_at_once = 0;
  const auto push = [&] {
    std::size_t bytes = 0;
    while (sent < kMessages && peer.connection->WantsOutput()) {
      std::string text(65536, static_cast<char>('a' + sent % 26));
      bytes += text.size();
      peer.connection->Send(std::move(text));
      ++sent;
    }
    most_at_once = std::max(most_at_once, bytes);
  };
  int seen = 0;
  net.Run(push);
  EXPECT_LT(sent, kMessages);
  for (int got = 0; got < kMessages; ++got) {
    const auto message = client->ReadMessage();
    ASSERT_TRUE(message) << got;
    ASSERT_EQ(message->payload, std::string(65536, static_cast<char>('a' + got % 26)));
    net.Run([&] {
      if (peer.writable == seen) return;
      seen = peer.writable;
      push();
    });
  }
  EXPECT_EQ(sent, kMessages);
  EXPECT_GT(seen, 10);
  EXPECT_LE(most_at_once, kMiB + 65536 + kKernelBytes);
}

TEST(WsFlow, WritableComesOnlyAfterTheHighWatermark) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client->SendText("x"));
    ASSERT_TRUE(client->ReadMessage());
  }
  Peer& peer = net.At(0);
  EXPECT_EQ(net.Run([&] { return peer.writable; }), 0);
}

TEST(WsFlow, UnreadRepliesCloseTheGate) {
  NetHarness net({}, [](Peer& peer, InboundFrame) {
    peer.messages.emplace_back();
    peer.connection->Send(std::string(kMiB, 'r'));
  });
  const auto client = SlowClient(net);
  ASSERT_TRUE(client);
  constexpr std::size_t kRequests = 200;
  std::string all;  // in one read
  for (std::size_t i = 0; i < kRequests; ++i) all += WsClient::Encode(true, 1, "request");
  ASSERT_TRUE(client->SendRaw(all));
  Peer& peer = net.At(0);
  ASSERT_TRUE(net.Eventually([&] { return peer.messages.size() >= 32; }));
  EXPECT_LE(net.Run([&] { return peer.messages.size(); }), 34 + kKernelBytes / kMiB);
  for (std::size_t i = 0; i < kRequests; ++i) {
    const auto reply = client->ReadMessage();
    ASSERT_TRUE(reply) << i;
    ASSERT_EQ(reply->payload.size(), kMiB);
  }
  // Open again.
  ASSERT_TRUE(client->SendText("one more"));
  EXPECT_TRUE(client->ReadMessage());
}

TEST(WsFlow, UnreadPongsCloseTheGate) {
  NetHarness net;
  const auto client = SlowClient(net);
  ASSERT_TRUE(client);
  // A peer that pings without ever reading is held up, sooner or later, by the socket itself.
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += WsClient::Encode(true, 9, std::string(125, 'p'));
  bool stuck = false;
  for (int i = 0; i < 1000 && !stuck; ++i) {
    const ssize_t sent =
        ::send(client->fd(), pings.data(), pings.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < static_cast<ssize_t>(pings.size())) {
      // Full for now; is it for good? The server may only be busy.
      pollfd state = {client->fd(), POLLOUT, 0};
      stuck = ::poll(&state, 1, 1000) == 0;
      if (!stuck && sent > 0) {
        ASSERT_TRUE(
            client->SendRaw(std::string_view(pings).substr(static_cast<std::size_t>(sent))));
      }
    }
  }
  EXPECT_TRUE(stuck);
}

TEST(WsFlow, UnfinishedMessagesCloseTheGate) {
  NetHarness net({}, [](Peer& peer, InboundFrame frame) {
    peer.messages.emplace_back();
    peer.kept.push_back(frame.keep_alive);
  });
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  constexpr std::size_t kRequests = 150;
  std::thread sender([&] {
    const std::string frame = WsClient::Encode(true, 2, std::string(kMiB, 'x'));
    for (std::size_t i = 0; i < kRequests; ++i) {
      if (!client->SendRaw(frame)) break;
    }
  });
  Peer& peer = net.At(0);
  EXPECT_TRUE(net.Eventually([&] { return peer.messages.size() == 64; }));
  // 64 messages and their cost are just above 64 MiB: no other is read now.
  pollfd state = {client->fd(), POLLOUT, 0};
  while (::poll(&state, 1, 200) > 0 && net.Run([&] { return peer.messages.size(); }) <= 64) {
  }
  EXPECT_EQ(net.Run([&] { return peer.messages.size(); }), 64u);
  // Some released on another thread, as a worker would.
  std::vector<std::shared_ptr<void>> half;
  net.Run([&] { std::swap(half, peer.kept); });
  half.resize(33);
  EXPECT_EQ(net.Run([&] { return peer.messages.size(); }), 64u);
  half.clear();
  EXPECT_TRUE(net.Eventually([&] {
    peer.kept.clear();
    return peer.messages.size() == kRequests;
  }));
  sender.join();
}

TEST(WsFlow, HeldGateDelaysNoOtherConnection) {
  NetHarness net({}, [](Peer& peer, InboundFrame frame) {
    if (frame.size > 10) {
      peer.kept.push_back(frame.keep_alive);
    } else {
      Echo(peer, frame);
    }
  });
  const auto greedy = WsClient::Connect(net.url());
  const auto other = WsClient::Connect(net.url());
  ASSERT_TRUE(greedy && other);
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(greedy->SendText(std::string(kMiB, 'x')));
  ASSERT_TRUE(other->SendText("hello"));
  EXPECT_TRUE(other->ReadMessage());
}

TEST(WsFlow, StreamedMessageLeavesInBoundedPieces) {
  for (const bool later : {false, true}) {
    std::size_t pulled = 0;
    NetHarness net;
    const auto client = SlowClient(net);
    ASSERT_TRUE(client);
    Peer& peer = net.At(0);
    net.Run([&] {
      TestSource::Plan plan;
      plan.pieces = 100;
      plan.piece_bytes = kMiB;
      plan.later = later;
      plan.pulled = &pulled;
      plan.io = &net.io();
      peer.connection->SendStreamed(std::make_unique<TestSource>(plan));
      peer.connection->Send("behind");
    });
    ASSERT_TRUE(client->Ping("in between"));
    ASSERT_TRUE(net.Eventually([&] { return pulled >= 2 * kMiB; }));
    EXPECT_LE(net.Run([&] { return pulled; }), 3 * kMiB + kKernelBytes);

    // Frame by frame: the pong comes between the fragments, long before their end.
    int pong_after = -1;
    int fragments = 0;
    for (bool fin = false; !fin;) {
      const auto frame = client->ReadFrame();
      ASSERT_TRUE(frame);
      if (frame->opcode == 0x9) continue;
      if (frame->opcode == 0xA) {
        EXPECT_EQ(frame->payload, "in between");
        pong_after = fragments;
        continue;
      }
      EXPECT_EQ(frame->opcode, fragments == 0 ? 1u : 0u);
      EXPECT_EQ(frame->payload.size(), kMiB);
      ASSERT_EQ(frame->payload[0], 'a' + fragments % 26);
      ++fragments;
      fin = frame->fin;
    }
    EXPECT_EQ(fragments, 100);
    EXPECT_GE(pong_after, 0);
    EXPECT_LE(pong_after, 20);
    const auto behind = client->ReadMessage();
    ASSERT_TRUE(behind);
    EXPECT_EQ(behind->payload, "behind");
  }
}

TEST(WsFlow, StreamedMessageOfOnePieceIsOneFrame) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  net.Run([&] {
    peer.connection->SendStreamed(std::make_unique<TestSource>(TestSource::Plan{1, 5}));
    peer.connection->SendStreamed(std::make_unique<TestSource>(TestSource::Plan{1, 0}));
  });
  auto message = client->ReadMessage();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->payload, "aaaaa");
  EXPECT_EQ(message->frame_sizes.size(), 1u);
  message = client->ReadMessage();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->payload, "");
}

TEST(WsFlow, FailingSourceClosesWithItsText) {
  for (const bool later : {false, true}) {
    for (const int fail_at : {0, 2}) {
      NetHarness net;
      const auto client = WsClient::Connect(net.url());
      ASSERT_TRUE(client);
      Peer& peer = net.At(0);
      net.Run([&] {
        TestSource::Plan plan;
        plan.pieces = 5;
        plan.fail_at = fail_at;
        plan.later = later;
        plan.io = &net.io();
        peer.connection->SendStreamed(std::make_unique<TestSource>(plan));
        peer.connection->Send("lost");
      });
      EXPECT_FALSE(client->ReadMessage());
      EXPECT_EQ(client->close_code(), 1011);
      EXPECT_EQ(client->close_reason(), "the file shrank");
      EXPECT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
    }
  }
}

// Never answers: its sink is called by the test.
class StuckSource : public MessageSource {
 public:
  explicit StuckSource(Sink* kept) : kept_(kept) {}
  void Pull(Sink sink) override { *kept_ = std::move(sink); }

 private:
  Sink* kept_;
};

TEST(WsFlow, SinkMayBeCalledAfterTheConnection) {
  NetHarness net;
  auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  MessageSource::Sink sink;
  net.Run([&] { peer.connection->SendStreamed(std::make_unique<StuckSource>(&sink)); });
  client.reset();
  ASSERT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
  net.Run([&] {
    sink(MessageSource::Piece{"late", true});
    peer.connection.reset();
    sink(MessageSource::Piece{"later", true});
  });
}

TEST(WsFlow, AbruptResetWithMuchQueued) {
  NetHarness net;
  const auto client = SlowClient(net);
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  net.Run([&] {
    for (int i = 0; i < 10; ++i) peer.connection->Send(std::string(kMiB, 'x'));
    peer.connection->SendStreamed(std::make_unique<TestSource>(TestSource::Plan{100, kMiB}));
  });
  client->Reset();
  EXPECT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
  net.Run([&] {
    EXPECT_FALSE(peer.connection->WantsOutput());
    peer.connection->Send("nobody is there");
    peer.connection->Close(CloseCode::kNormal, "");
  });
}

}  // namespace
}  // namespace paned::testing
