// Frames between holder and server: which are valid, and in which direction.
#include "tmux/channel.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace paned {
namespace {

FrameHeader Header(FrameType type, std::size_t size) {
  FrameHeader header;
  header.type = type;
  header.size = static_cast<std::uint32_t>(size);
  return header;
}

TEST(Channel, EachTypeGoesOneWay) {
  for (int type = 0; type < 256; ++type) {
    const auto frame = static_cast<FrameType>(type);
    const bool sized = frame == FrameType::kOutput || frame == FrameType::kInput;
    const FrameHeader header = Header(frame, sized ? 1 : 0);
    const bool to_server = frame >= FrameType::kHello && frame <= FrameType::kOutputEnd;
    const bool to_holder = frame >= FrameType::kPlan && frame <= FrameType::kRecycle;
    EXPECT_EQ(ValidHeader(header, Direction::kToServer), to_server) << type;
    EXPECT_EQ(ValidHeader(header, Direction::kToHolder), to_holder) << type;
  }
}

TEST(Channel, EachTypeHasItsSizes) {
  struct Row {
    FrameType type;
    Direction direction;
    std::size_t least;
    std::size_t most;
  };
  const std::vector<Row> rows = {
      {FrameType::kHello, Direction::kToServer, 0, kMaxHello},
      {FrameType::kStarted, Direction::kToServer, 0, 0},
      {FrameType::kStartFailed, Direction::kToServer, 0, 0},
      {FrameType::kOutput, Direction::kToServer, 1, kMaxOutputPayload},
      {FrameType::kInputTaken, Direction::kToServer, 0, 0},
      {FrameType::kExited, Direction::kToServer, 0, 0},
      {FrameType::kOutputEnd, Direction::kToServer, 0, 0},
      {FrameType::kPlan, Direction::kToHolder, 0, kMaxPlan},
      {FrameType::kInput, Direction::kToHolder, 1, kInputWindow},
      {FrameType::kCredit, Direction::kToHolder, 0, 0},
      {FrameType::kAck, Direction::kToHolder, 0, 0},
      {FrameType::kSignal, Direction::kToHolder, 0, 0},
      {FrameType::kResize, Direction::kToHolder, 0, 0},
      {FrameType::kAdopt, Direction::kToHolder, 0, 0},
      {FrameType::kEnd, Direction::kToHolder, 0, 0},
      {FrameType::kRecycle, Direction::kToHolder, 0, 0},
  };
  for (const Row& row : rows) {
    const int type = static_cast<int>(row.type);
    EXPECT_TRUE(ValidHeader(Header(row.type, row.least), row.direction)) << type;
    EXPECT_TRUE(ValidHeader(Header(row.type, row.most), row.direction)) << type;
    EXPECT_FALSE(ValidHeader(Header(row.type, row.most + 1), row.direction)) << type;
    EXPECT_FALSE(
        ValidHeader(Header(row.type, std::numeric_limits<std::uint32_t>::max()), row.direction))
        << type;
    if (row.least > 0) {
      EXPECT_FALSE(ValidHeader(Header(row.type, 0), row.direction)) << type;
    }
  }
}

std::string Plan(std::uint32_t candidates, std::uint32_t arguments, std::uint32_t variables,
                 std::size_t strings) {
  PlanHead head;
  head.candidates = candidates;
  head.arguments = arguments;
  head.variables = variables;
  std::string payload(reinterpret_cast<const char*>(&head), sizeof(head));
  for (std::size_t n = 0; n < strings; ++n) payload += "text" + std::to_string(n % 7) + '\0';
  return payload;
}

TEST(Channel, APlanHasExactlyItsStrings) {
  EXPECT_TRUE(ValidPlan(Plan(1, 1, 0, 4)));
  EXPECT_TRUE(ValidPlan(Plan(3, 2, 10, 17)));
  EXPECT_FALSE(ValidPlan(Plan(3, 2, 10, 16)));
  EXPECT_FALSE(ValidPlan(Plan(3, 2, 10, 18)));
  EXPECT_FALSE(ValidPlan(Plan(0, 1, 0, 3))) << "nothing to run";
  EXPECT_FALSE(ValidPlan(Plan(1, 0, 0, 3))) << "no argv[0]";
  EXPECT_FALSE(ValidPlan(Plan(~0U, ~0U, ~0U, 5))) << "more than there can be";
  EXPECT_FALSE(ValidPlan(Plan(~0U, 1, 3, 5))) << "the sum must not wrap";
  EXPECT_FALSE(ValidPlan({}));
  const std::string whole = Plan(2, 2, 2, 8);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ValidPlan(std::string_view(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(ValidPlan(whole + "x")) << "text without an end";
}

TEST(Channel, EmptyStringsAreStrings) {
  const std::string head = Plan(1, 1, 0, 0);
  EXPECT_TRUE(ValidPlan(head + std::string(4, '\0')));
  EXPECT_FALSE(ValidPlan(head + std::string(5, '\0')));
}

TEST(Channel, AHelloIsTakenApart) {
  HelloHead head;
  head.state = HelloHead::kEnded;
  head.holder_pid = 7;
  head.end_offset = 1ULL << 40;
  const std::string front(reinterpret_cast<const char*>(&head), sizeof(head));
  const std::string whole = front + std::string("%3\0/run/h/1.sock\0my id\0", 23);
  Hello hello;
  ASSERT_TRUE(ParseHello(whole, &hello));
  EXPECT_EQ(hello.head.holder_pid, 7);
  EXPECT_EQ(hello.head.end_offset, 1ULL << 40);
  EXPECT_EQ(hello.pane, "%3");
  EXPECT_EQ(hello.socket_path, "/run/h/1.sock");
  EXPECT_EQ(hello.process_id, "my id");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseHello(std::string_view(whole).substr(0, size), &hello)) << size;
  }
  EXPECT_FALSE(ParseHello(whole + '\0', &hello));
  EXPECT_TRUE(ParseHello(front + std::string(3, '\0'), &hello));
  EXPECT_EQ(hello.pane, "");
  head.state = HelloHead::kEnded + 1;
  EXPECT_FALSE(ParseHello(
      std::string(reinterpret_cast<const char*>(&head), sizeof(head)) + std::string(3, '\0'),
      &hello));
}

}  // namespace
}  // namespace paned
