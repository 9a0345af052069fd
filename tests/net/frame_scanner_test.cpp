#include "server/net/frame_scanner.h"

#include <gtest/gtest.h>

#include <string>

#include "server/net/close_reason.h"
#include "tests/support/ws_client.h"

namespace paned {
namespace {

using testing::WsClient;
using Verdict = FrameScanner::Verdict;

// Every way to cut the stream in two must come to the same end.
void ExpectScan(const std::string& stream, std::size_t limit, Verdict verdict, std::size_t passed) {
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameScanner scanner(limit);
    const std::size_t first = scanner.Scan(stream.data(), cut);
    const std::size_t second = scanner.Scan(stream.data() + cut, stream.size() - cut);
    EXPECT_EQ(scanner.verdict(), verdict) << "cut at " << cut;
    // A cut within the bad header lets the header's first bytes through, nothing else.
    EXPECT_GE(first + second, passed) << "cut at " << cut;
    EXPECT_LE(first + second, verdict == Verdict::kFine ? passed : passed + 13) << cut;
    EXPECT_EQ(cut <= passed || cut == stream.size() ? first + second : passed, passed)
        << "cut at " << cut;
  }
}

TEST(FrameScanner, LetsMessagesUpToTheLimitPass) {
  const std::string payload(300, 'x');
  const std::string stream =
      WsClient::Encode(true, 1, "") + WsClient::Encode(true, 2, payload) +
      WsClient::Encode(false, 1, std::string(125, 'y')) + WsClient::Encode(true, 9, "ping") +
      WsClient::Encode(false, 0, std::string(126, 'z')) +
      WsClient::Encode(true, 0, std::string(49, 'z')) + WsClient::Encode(true, 1, payload);
  ExpectScan(stream, 300, Verdict::kFine, stream.size());
}

TEST(FrameScanner, StopsBeforeTheFrameThatExceedsTheLimit) {
  const std::string good = WsClient::Encode(true, 1, "good");
  ExpectScan(good + WsClient::Encode(true, 1, std::string(301, 'x')), 300, Verdict::kTooBig,
             good.size());
  const std::string begun = good + WsClient::Encode(false, 1, std::string(200, 'x'));
  ExpectScan(begun + WsClient::Encode(true, 0, std::string(101, 'x')), 300, Verdict::kTooBig,
             begun.size());
}

TEST(FrameScanner, SumsFragmentsWithoutOverflow) {
  const std::string begun = WsClient::Encode(false, 1, "x");
  // 2^63 - 1 more bytes.
  const std::string huge = std::string("\x80\xff\x7f", 3) + std::string(7, '\xff') + "mask";
  ExpectScan(begun + huge, 300, Verdict::kTooBig, begun.size());
}

TEST(FrameScanner, RefusesMalformedLengths) {
  const std::string good = WsClient::Encode(true, 1, "good");
  ExpectScan(good + std::string("\x81\xfe\x00\x7dmask", 8), 300, Verdict::kMalformed, good.size());
  ExpectScan(good + std::string("\x81\xff\0\0\0\0\0\0\xff\xffmask", 14), 1 << 20,
             Verdict::kMalformed, good.size());
  ExpectScan(good + std::string("\x80\xff\xff", 3) + std::string(7, '\xff') + "mask", 300,
             Verdict::kMalformed, good.size());
}

TEST(CloseReason, CutsBetweenCharacters) {
  EXPECT_EQ(CloseReason("short"), "short");
  EXPECT_EQ(CloseReason(std::string(200, 'x')), std::string(123, 'x'));
  std::string text(122, 'x');
  text += "\xc3\xa9";
  EXPECT_EQ(CloseReason(text), std::string(122, 'x'));
  text.insert(0, "x");
  EXPECT_EQ(CloseReason(text.substr(2)), text.substr(2));
}

}  // namespace
}  // namespace paned
