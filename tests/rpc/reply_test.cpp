// ReplyOnce: exactly one reply, whatever a handler does.
#include "server/rpc/reply.h"

#include <gtest/gtest.h>

#include "tests/support/flaky_connection.h"

namespace paned {
namespace {

class ReplyTest : public ::testing::Test {
 protected:
  std::unique_ptr<ReplyOnce> Make(protocol::RequestId id = std::int64_t{7},
                                  std::shared_ptr<void> frame = nullptr) {
    return std::make_unique<ReplyOnce>(connection_, std::move(id), std::move(frame), &counters_);
  }

  std::shared_ptr<FlakyConnection> connection_ = std::make_shared<FlakyConnection>();
  ReplyCounters counters_;
};

TEST_F(ReplyTest, SendsAResult) {
  Make()->Send(protocol::Empty{});
  EXPECT_EQ(connection_->Take(), R"({"jsonrpc":"2.0","id":7,"result":{}})");
  Make(std::string("a\"b"))->Send(protocol::TerminateResult{true});
  EXPECT_EQ(connection_->Take(), R"({"jsonrpc":"2.0","id":"a\"b","result":{"running":true}})");
  EXPECT_EQ(counters_.dropped + counters_.doubled, 0U);
}

TEST_F(ReplyTest, SendsAnError) {
  Make()->Fail(Error{ErrorKind::kNotFound, "gone", "/a", 5, "look"});
  EXPECT_EQ(connection_->Take(), R"({"jsonrpc":"2.0","error":{"code":-32004,"message":"gone",)"
                                 R"("data":{"path":"/a","limit":5,"hint":"look"}},"id":7})");
}

TEST_F(ReplyTest, EveryKindHasItsCode) {
  using protocol::ErrorCode;
  EXPECT_EQ(ToRpcError({ErrorKind::kInvalidParams, ""}).code, ErrorCode::kInvalidParams);
  EXPECT_EQ(ToRpcError({ErrorKind::kInvalidRequest, ""}).code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ToRpcError({ErrorKind::kNotFound, ""}).code, ErrorCode::kNotFound);
  EXPECT_EQ(ToRpcError({ErrorKind::kSessionAttached, ""}).code, ErrorCode::kSessionAttached);
  EXPECT_EQ(ToRpcError({ErrorKind::kInternal, ""}).code, ErrorCode::kInternal);
}

TEST_F(ReplyTest, ADroppedReplyAnswersForItselfAndIsCounted) {
  Make().reset();
  EXPECT_EQ(connection_->Take(), R"({"jsonrpc":"2.0","error":{"code":-32603,)"
                                 R"("message":"the request ended without an answer"},"id":7})");
  EXPECT_EQ(counters_.dropped, 1U);
}

TEST_F(ReplyTest, ASecondReplyIsRefusedAndCounted) {
  const auto reply = Make();
  reply->Send(protocol::Empty{});
  reply->Fail(Error{ErrorKind::kInternal, "second"});
  reply->SendText("third");
  reply->Stream(nullptr);
  EXPECT_EQ(connection_->sent().size(), 1U);
  EXPECT_FALSE(connection_->streaming());
  EXPECT_EQ(counters_.doubled, 3U);
  EXPECT_EQ(counters_.dropped, 0U);
}

TEST_F(ReplyTest, ToADeadConnectionNothingIsSentNorCounted) {
  auto dropped = Make();
  const auto answered = Make();
  connection_.reset();
  dropped.reset();
  answered->Send(protocol::Empty{});
  EXPECT_EQ(counters_.dropped + counters_.doubled, 0U);
}

TEST_F(ReplyTest, KeepsTheFrameUntilItIsAnswered) {
  auto frame = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = frame;
  const auto reply = Make(std::int64_t{1}, std::move(frame));
  EXPECT_FALSE(watch.expired());
  reply->Send(protocol::Empty{});
  EXPECT_TRUE(watch.expired());
}

TEST_F(ReplyTest, HeadBeginsAReply) {
  const auto reply = Make(std::string("x"));
  reply->SendText(reply->Head() + "1}");
  EXPECT_EQ(connection_->Take(), R"({"jsonrpc":"2.0","id":"x","result":1})");
}

}  // namespace
}  // namespace paned
