// Session: its processes' ids, and whose turn it is when the client is slow.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/session/session_fixture.h"

namespace paned {
namespace {

using std::chrono::seconds;

class SessionTest : public SessionFixture {
 protected:
  SessionTest() : session_("s", &context_) {}

  void Attach() { session_.Attach(&client_, Codex(), /*resumed=*/false); }

  Session session_;
};

TEST_F(SessionTest, AnIdInUseIsRefused) {
  Attach();
  ASSERT_TRUE(StartProcess(&session_, "p").ok());
  const auto refused = [&] {
    const Status again = StartProcess(&session_, "p");
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().message, "process p already exists");
    EXPECT_EQ(again.error().kind, ErrorKind::kInvalidRequest);
  };
  refused();  // running
  backend_.last().Exit(0);
  refused();  // exited
  backend_.last().EndOutput();
  refused();  // closed and retained
  clock_.Advance(seconds(79));
  refused();
  clock_.Advance(seconds(1));
  EXPECT_TRUE(StartProcess(&session_, "p").ok());
}

TEST_F(SessionTest, AFailedStartFreesTheIdAtOnce) {
  Attach();
  backend_.FailNext({ErrorKind::kInternal, "Permission denied (os error 13)"});
  const Status failed = StartProcess(&session_, "p");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "Permission denied (os error 13)");
  EXPECT_EQ(session_.processes().size(), 0U);
  EXPECT_TRUE(StartProcess(&session_, "p").ok());
}

TEST_F(SessionTest, AProcessHeldOpenByItsOutputStays) {
  Attach();
  ASSERT_TRUE(StartProcess(&session_, "p").ok());
  backend_.last().Exit(0);
  clock_.Advance(seconds(10'000));
  EXPECT_NE(session_.processes().Find("p"), nullptr);
}

TEST_F(SessionTest, SessionsMayUseTheSameId) {
  Attach();
  Session second("t", &context_);
  EXPECT_TRUE(StartProcess(&session_, "p").ok());
  EXPECT_TRUE(StartProcess(&second, "p").ok());
}

TEST_F(SessionTest, EventsGoToTheAttachedClientOnly) {
  Attach();
  ASSERT_TRUE(StartProcess(&session_, "p").ok());
  backend_.last().Print("one");
  session_.Detach();
  backend_.last().Print("two");
  session_.Attach(&other_, Codex(), /*resumed=*/true);
  backend_.last().Print("three");
  EXPECT_EQ(other_.lines, Lines{});  // pushes wait for the recovery read
  clock_.Advance(seconds(1));
  EXPECT_EQ(client_.lines, Lines{"output p 1 one"});
  EXPECT_EQ(other_.lines, Lines{"output p 3 three"});
}

// --- starts that take their time -----------------------------------------------------------------

TEST_F(SessionTest, AStartingProcessHasItsId) {
  Attach();
  const auto first = StartLater(&session_, "p");
  EXPECT_EQ(*first, "");
  ASSERT_NE(session_.processes().Find("p"), nullptr);
  EXPECT_EQ(session_.processes().Find("p")->state(), "starting");
  EXPECT_EQ(session_.processes().running(), 1U);
  const Status again = StartProcess(&session_, "p");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().message, "process p already exists");
  EXPECT_EQ(backend_.started(), 1U);
  backend_.last().Started();
  EXPECT_EQ(*first, "ok");
  backend_.last().Print("one", OutputStream::kPty);
  EXPECT_EQ(client_.lines, Lines{"output p 1 one"});
}

TEST_F(SessionTest, AStartThatFailsLaterFreesTheIdBeforeItIsAnswered) {
  Attach();
  const auto failed = StartLater(&session_, "p");
  backend_.last().FailStart({ErrorKind::kInternal, "no such program"});
  EXPECT_EQ(*failed, "no such program");
  EXPECT_TRUE(backend_.last().destroyed());
  EXPECT_EQ(session_.processes().size(), 0U);
  EXPECT_TRUE(StartProcess(&session_, "p").ok());
}

TEST_F(SessionTest, AClientThatGoesMeanwhileFindsTheProcessWhenItIsBack) {
  Attach();
  StartLater(&session_, "p");
  session_.Detach();
  backend_.last().Started();
  backend_.last().Print("one", OutputStream::kPty);
  session_.Attach(&other_, Codex(), /*resumed=*/true);
  EXPECT_EQ(client_.lines, Lines{});
  std::string bytes;
  session_.processes().Find("p")->Read({"p", 0, {}, 0}, [&](const protocol::ReadResult& result) {
    for (const protocol::OutputChunk& chunk : result.chunks) bytes += chunk.bytes;
  });
  EXPECT_EQ(bytes, "one");
}

// --- what is kept outside ------------------------------------------------------------------------

class SessionDeliveryTest : public SessionTest {
 protected:
  void StartTty() {
    Attach();
    StartLater(&session_, "p");
    backend_.last().Started();
  }
  void ConfirmAll() {
    for (const auto& taken : std::exchange(client_.confirms, {})) taken();
  }
};

TEST_F(SessionDeliveryTest, OutputIsConfirmedWithTime) {
  StartTty();
  backend_.last().Print("one", OutputStream::kPty);
  EXPECT_TRUE(client_.confirms.empty());
  clock_.Advance(Deliveries::kAskAfter);
  ASSERT_EQ(client_.confirms.size(), 1U);
  EXPECT_TRUE(backend_.last().delivered().empty());
  ConfirmAll();
  EXPECT_EQ(backend_.last().delivered(), std::vector<std::uint64_t>{3});
}

TEST_F(SessionDeliveryTest, TheEndIsConfirmedAtOnce) {
  StartTty();
  backend_.last().Print("one", OutputStream::kPty);
  backend_.last().EndOutput();
  backend_.last().Exit(0);
  ASSERT_EQ(client_.confirms.size(), 1U);
  EXPECT_EQ(client_.lines.back(), "closed p 3");
  EXPECT_EQ(backend_.last().ends_delivered(), 0);
  ConfirmAll();
  EXPECT_EQ(backend_.last().delivered(), std::vector<std::uint64_t>{3});
  EXPECT_EQ(backend_.last().ends_delivered(), 1);
  clock_.Advance(Deliveries::kAskAfter);
  EXPECT_TRUE(client_.confirms.empty());
}

TEST_F(SessionDeliveryTest, TheEndThatACutConnectionSwallowedIsNotDelivered) {
  StartTty();
  backend_.last().EndOutput();
  backend_.last().Exit(0);
  session_.Detach();
  ConfirmAll();
  EXPECT_EQ(backend_.last().ends_delivered(), 0);
}

TEST_F(SessionDeliveryTest, ForAProcessOnPipesNobodyAsksAtOnce) {
  Attach();
  ASSERT_TRUE(StartProcess(&session_, "p").ok());
  backend_.last().EndOutput();
  backend_.last().Exit(0);
  clock_.Advance(Deliveries::kAskAfter);
  EXPECT_TRUE(client_.confirms.empty());
}

// --- turns ---------------------------------------------------------------------------------------

TEST_F(SessionTest, BlockedProcessesTakeTurns) {
  Attach();
  client_.room = 0;
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(StartProcess(&session_, id).ok());
    for (int n = 0; n < 6; ++n) backend_.last().Print("x");
  }
  client_.room = 1000;
  session_.OnClientWritable();
  ASSERT_EQ(client_.lines.size(), 18U);
  std::string turns;
  for (const std::string& line : client_.lines) turns += line[7];
  EXPECT_EQ(turns, "aaaabbbbccccaabbcc");
}

TEST_F(SessionTest, AChattyProcessDoesNotStarveAQuietOne) {
  Attach();
  client_.room = 0;
  ASSERT_TRUE(StartProcess(&session_, "chatty").ok());
  for (int n = 0; n < 500; ++n) backend_.last().Print("x");
  ASSERT_TRUE(StartProcess(&session_, "quiet").ok());
  backend_.last().Print("hello");
  // Room for little at a time, as the outbound queue gives it.
  while (client_.lines.size() < 12) {
    client_.room = client_.lines.size() + 2;
    session_.OnClientWritable();
  }
  EXPECT_NE(std::find(client_.lines.begin(), client_.lines.end(), "output quiet 1 hello"),
            client_.lines.end());
}

TEST_F(SessionTest, EverythingComesInTheEndAndInOrder) {
  Attach();
  client_.room = 0;
  for (const char* id : {"a", "b"}) {
    ASSERT_TRUE(StartProcess(&session_, id).ok());
    for (int n = 0; n < 10; ++n) backend_.last().Print(std::to_string(n));
    backend_.last().EndOutput();
    backend_.last().Exit(0);
  }
  for (int turn = 0; turn < 100; ++turn) {
    client_.room = client_.lines.size() + 1;
    session_.OnClientWritable();
  }
  ASSERT_EQ(client_.lines.size(), 24U);
  for (const char* id : {"a", "b"}) {
    Lines mine;
    std::copy_if(client_.lines.begin(), client_.lines.end(), std::back_inserter(mine),
                 [&](const std::string& line) { return line[7] == id[0]; });
    ASSERT_EQ(mine.size(), 12U);
    for (std::size_t n = 0; n < 10; ++n) {
      EXPECT_EQ(mine[n], std::string("output ") + id + ' ' + std::to_string(n + 1) + ' ' +
                             std::to_string(n));
    }
    EXPECT_EQ(mine[10], std::string("exited ") + id + " 11 0");
    EXPECT_EQ(mine[11], std::string("closed ") + id + " 12");
  }
}

TEST_F(SessionTest, TurnsOfADetachedClientAreForgotten) {
  Attach();
  client_.room = 0;
  ASSERT_TRUE(StartProcess(&session_, "p").ok());
  backend_.last().Print("missed");
  session_.Detach();
  session_.Attach(&other_, Codex(), /*resumed=*/true);
  session_.OnClientWritable();
  EXPECT_EQ(other_.lines, Lines{});
}

}  // namespace
}  // namespace paned
