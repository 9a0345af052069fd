// Frames as they go over the wire: sizes, masks, fragments, control frames, broken ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/net/net_harness.h"
#include "tests/support/ws_client.h"

namespace paned::testing {
namespace {

std::string Pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 12345;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

TEST(WsFrames, EchoesEverySize) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{125}, std::size_t{126},
                                 std::size_t{127}, std::size_t{65535}, std::size_t{65536},
                                 std::size_t{65537}, std::size_t{1} << 20, std::size_t{64} << 20}) {
    const std::string text = Pattern(size);
    ASSERT_TRUE(size % 2 == 0 ? client->SendText(text) : client->SendBinary(text)) << size;
    const auto reply = client->ReadMessage();
    ASSERT_TRUE(reply) << size;
    EXPECT_EQ(reply->opcode, 1u);
    EXPECT_TRUE(reply->payload == text) << size;
    const std::size_t largest =
        *std::max_element(reply->frame_sizes.begin(), reply->frame_sizes.end());
    if (size <= std::size_t{16} << 20) {
      EXPECT_EQ(reply->frame_sizes.size(), 1u) << size;
    } else {
      EXPECT_EQ(largest, std::size_t{1} << 20);
    }
  }
}

TEST(WsFrames, UnmasksAtEveryAlignment) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  // Sent byte by byte and in odd steps, so that the payload is cut at every phase of the key.
  for (std::size_t size = 0; size < 140; ++size) {
    const std::string text = Pattern(size);
    const std::string frame = WsClient::Encode(true, 1, text);
    const std::size_t step = size % 7 + 1;
    for (std::size_t at = 0; at < frame.size(); at += step) {
      ASSERT_TRUE(client->SendRaw(std::string_view(frame).substr(at, step)));
    }
    const auto reply = client->ReadMessage();
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->payload, text);
  }
}

TEST(WsFrames, JoinsFragmentsAroundControlFrames) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->SendFrame(false, 1, "one "));
  ASSERT_TRUE(client->Ping("between"));
  ASSERT_TRUE(client->SendFrame(false, 0, ""));
  ASSERT_TRUE(client->SendFrame(true, 0xA, "unasked"));
  ASSERT_TRUE(client->SendFrame(true, 0, "two"));
  const auto reply = client->ReadMessage();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->payload, "one two");
  EXPECT_EQ(client->pongs(), std::vector<std::string>{"between"});
}

TEST(WsFrames, TakesPipelinedMessagesInOrder) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  std::string all;
  for (int i = 0; i < 5000; ++i) all += WsClient::Encode(true, 1, std::to_string(i));
  ASSERT_TRUE(client->SendRaw(all));
  for (int i = 0; i < 5000; ++i) {
    const auto reply = client->ReadMessage();
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->payload, std::to_string(i));
  }
}

TEST(WsFrames, TextNeedNotBeUtf8) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->SendText("\xff\xfe"));
  const auto reply = client->ReadMessage();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->payload, "\xff\xfe");
}

TEST(WsFrames, FramesComeWithATerminatingNul) {
  NetHarness net({}, [](Peer& peer, InboundFrame frame) {
    peer.messages.push_back(frame.data[frame.size] == '\0' ? "nul" : "none");
  });
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client->SendText("abc"));
  ASSERT_TRUE(client->SendText(""));
  Peer& peer = net.At(0);
  ASSERT_TRUE(net.Eventually([&] { return peer.messages.size() == 2; }));
  EXPECT_EQ(peer.messages, (std::vector<std::string>{"nul", "nul"}));
}

TEST(WsFrames, LabelNamesThePeer) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  Peer& peer = net.At(0);
  const std::string label = net.Run([&] { return peer.connection->label(); });
  EXPECT_EQ(label.find("websocket JSON-RPC message from exec-server websocket 127.0.0.1:"), 0u)
      << label;
}

struct Broken {
  const char* name;
  std::string bytes;
  int code;
};

class WsBroken : public ::testing::TestWithParam<Broken> {};

TEST_P(WsBroken, IsClosedWithItsCode) {
  WsOptions options;
  options.max_message_bytes = 1000;
  NetHarness net(options);
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  // What came before is still answered.
  ASSERT_TRUE(client->SendRaw(WsClient::Encode(true, 1, "good") + GetParam().bytes));
  const auto reply = client->ReadMessage();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->payload, "good");
  EXPECT_TRUE(client->ReadToEnd());
  ASSERT_TRUE(client->close_code());
  EXPECT_EQ(*client->close_code(), GetParam().code);
  Peer& peer = net.At(0);
  EXPECT_TRUE(net.Eventually([&] { return peer.closed == 1; }));
}

INSTANTIATE_TEST_SUITE_P(
    All, WsBroken,
    ::testing::Values(
        Broken{"Unmasked", WsClient::Encode(true, 1, "bad", false), 1002},
        Broken{"ReservedOpcode", WsClient::Encode(true, 3, "bad"), 1002},
        Broken{"ReservedControl", WsClient::Encode(true, 0xB, "bad"), 1002},
        Broken{"ReservedBit", std::string("\xc1\x80mask", 6), 1002},
        Broken{"FragmentedPing", WsClient::Encode(false, 9, "bad"), 1002},
        Broken{"LongPing", WsClient::Encode(true, 9, std::string(126, 'x')), 1002},
        Broken{"LoneContinuation", WsClient::Encode(true, 0, "bad"), 1002},
        Broken{"InterleavedMessage",
               WsClient::Encode(false, 1, "a") + WsClient::Encode(true, 1, "b"), 1002},
        Broken{"LongLength", std::string("\x81\xfe\x00\x03mask", 8) + "bad", 1002},
        Broken{"CloseCode", WsClient::Encode(true, 8, std::string("\x00\x01", 2)), 1002},
        Broken{"CloseHalfCode", WsClient::Encode(true, 8, "x"), 1002},
        Broken{"TooBig", WsClient::Encode(true, 1, std::string(1001, 'x')), 1009},
        Broken{"TooBigInFragments",
               WsClient::Encode(false, 1, std::string(600, 'x')) +
                   WsClient::Encode(true, 0, std::string(401, 'x')),
               1009}),
    [](const auto& test) { return test.param.name; });

TEST(WsFrames, MessageOfExactlyTheLimitIsTaken) {
  WsOptions options;
  options.max_message_bytes = 1000;
  NetHarness net(options);
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client->SendText(std::string(1000, 'x')));
  ASSERT_TRUE(client->ReadMessage());
  ASSERT_TRUE(client->SendFrame(false, 1, std::string(600, 'x')));
  ASSERT_TRUE(client->SendFrame(true, 0, std::string(400, 'x')));
  ASSERT_TRUE(client->ReadMessage());
}

TEST(WsFrames, PeerInMidSendStillSeesTheCloseFrame) {
  NetHarness net;
  const auto client = WsClient::Connect(net.url());
  ASSERT_TRUE(client);
  // Writes all of its 80 MB before it reads anything.
  client->SendText(std::string(std::size_t{80} << 20, 'x'));
  EXPECT_TRUE(client->ReadToEnd());
  EXPECT_EQ(client->close_code(), 1009);
  EXPECT_EQ(client->close_reason(), "message exceeds the limit of 67108864 bytes");
}

TEST(WsFrames, BrokenFramesBehindTheHandshakeAreAnswered) {
  NetHarness net;
  const std::string request =
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const HttpResponse answer = HttpRaw(net.url(), request + WsClient::Encode(true, 1, "hello") +
                                                     WsClient::Encode(true, 1, "bad", false));
  EXPECT_EQ(answer.status, 101);
  const std::string frames = WithoutPings(answer.body);
  EXPECT_EQ(frames.substr(0, 7), "\x81\x05hello");
  EXPECT_EQ(frames.substr(7, 1), "\x88");
}

}  // namespace
}  // namespace paned::testing
