// fs/watchMissing and fs/missingChanged: one watch per connection, the newest; what is answered
// when; what is left when the client goes.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/handlers/handler_fixture.h"
#include "tests/support/temp_dir.h"

namespace paned {
namespace {

class NoInotify final : public Inotify {
 public:
  UniqueFd Open() override {
    errno = EMFILE;
    return UniqueFd();
  }
};

class WatchHandlerTest : public HandlerTest {
 protected:
  std::string PathOf(const std::string& name) const { return "\"file://" + (root_ / name) + '"'; }
  std::string Params(std::uint64_t id, const std::string& missing) const {
    return R"({"watchId":)" + std::to_string(id) + R"(,"missing":[)" + PathOf(missing) +
           R"(],"present":null})";
  }
  std::string Watch(const Peer& peer, std::uint64_t id, const std::string& missing) {
    return AskAndWait(peer, Request("fs/watchMissing", Params(id, missing)));
  }
  void Make(const std::string& name) const { std::ofstream(root_ / name) << 'x'; }
  std::string Next(const Peer& peer) {
    EXPECT_TRUE(RunUntil([&] { return !peer.connection->sent().empty(); }));
    return peer.connection->Take();
  }
  static std::string Changed(std::uint64_t id) {
    return R"({"jsonrpc":"2.0","method":"fs/missingChanged","params":{"watchId":)" +
           std::to_string(id) + "}}";
  }
  // Everything that has happened so far has been told, to another client too.
  void Settle() {
    const auto other = Ready();
    ASSERT_EQ(Watch(*other, 1, "settled"), kWatching);
    Make("settled");
    ASSERT_EQ(Next(*other), Changed(1));
    std::filesystem::remove(root_ / "settled");
    other->connection->Die();
  }

  const std::string kWatching = Result(R"({"watching":true})");
  const std::string kNotWatching = Result(R"({"watching":false})");
  const testing::TempDir root_;
  std::unique_ptr<Peer> peer_ = Ready();
};

TEST_F(WatchHandlerTest, OneNotificationAndNoMore) {
  EXPECT_EQ(Watch(*peer_, 7, "n"), kWatching);
  Make("n");
  EXPECT_EQ(Next(*peer_), Changed(7));
  std::filesystem::remove(root_ / "n");
  Make("n");
  Settle();
  EXPECT_EQ(peer_->connection->Take(), "");
  EXPECT_EQ(missing_watcher_.table().directories(), 0U);
}

TEST_F(WatchHandlerTest, OnlyANewerIdIsTaken) {
  EXPECT_EQ(Watch(*peer_, 5, "a"), kWatching);
  EXPECT_EQ(Watch(*peer_, 5, "b"), kNotWatching);
  EXPECT_EQ(Watch(*peer_, 4, "b"), kNotWatching);
  Make("b");
  Settle();
  EXPECT_EQ(peer_->connection->Take(), "");
  Make("a");  // the refused ones have not touched it
  EXPECT_EQ(Next(*peer_), Changed(5));
  EXPECT_EQ(Watch(*peer_, 5, "c"), kNotWatching);
  EXPECT_EQ(Watch(*peer_, 6, "c"), kWatching);
}

TEST_F(WatchHandlerTest, ZeroIsNeverNewer) {
  EXPECT_EQ(Watch(*peer_, 0, "n"), kNotWatching);
  EXPECT_EQ(Watch(*peer_, 1, "n"), kWatching);
}

TEST_F(WatchHandlerTest, TheLargestIdIsTheLast) {
  EXPECT_EQ(Watch(*peer_, 18446744073709551615U, "n"), kWatching);
  EXPECT_EQ(Watch(*peer_, 1, "n"), kNotWatching);
  Make("n");
  EXPECT_EQ(Next(*peer_), Changed(18446744073709551615U));
}

TEST_F(WatchHandlerTest, ANewerOneEndsTheOneBefore) {
  EXPECT_EQ(Watch(*peer_, 1, "a"), kWatching);
  EXPECT_EQ(Watch(*peer_, 2, "b"), kWatching);
  Make("a");
  Make("b");
  EXPECT_EQ(Next(*peer_), Changed(2));
  Settle();
  EXPECT_EQ(peer_->connection->Take(), "");
}

TEST_F(WatchHandlerTest, ANewerOneThatIsNotWatchedEndsItToo) {
  Make("there");
  EXPECT_EQ(Watch(*peer_, 1, "a"), kWatching);
  EXPECT_EQ(Watch(*peer_, 2, "there"), kNotWatching);
  EXPECT_EQ(missing_watcher_.table().watches(), 0U);
  Make("a");
  Settle();
  EXPECT_EQ(peer_->connection->Take(), "");
}

TEST_F(WatchHandlerTest, AnInvalidOneChangesNothing) {
  EXPECT_EQ(Watch(*peer_, 1, "a"), kWatching);
  ExpectFailure(peer_->Ask(Request("fs/watchMissing", R"({"watchId":9,"missing":["x"]})")), -32602,
                "invalid URI: relative URL without a base");
  EXPECT_EQ(missing_watcher_.table().watches(), 1U);
  EXPECT_EQ(Watch(*peer_, 2, "b"), kWatching);
}

TEST_F(WatchHandlerTest, PathsOfAnotherHostAreNotWatched) {
  EXPECT_EQ(peer_->Ask(Request("fs/watchMissing",
                               R"({"watchId":1,"missing":["file://host/x"],"present":null})")),
            kNotWatching);
  EXPECT_EQ(peer_->Ask(Request("fs/watchMissing", R"({"watchId":2,"missing":[)" + PathOf("n") +
                                                      R"(],"present":"file:///C:/x"})")),
            kNotWatching);
  EXPECT_EQ(Watch(*peer_, 2, "n"), kNotWatching);  // the id has been used all the same
}

TEST_F(WatchHandlerTest, OvertakenWhileItIsLookedUp) {
  peer_->connection->Receive(Request("fs/watchMissing", Params(1, "a")));
  peer_->connection->Receive(Request("fs/watchMissing", Params(2, "b")));
  ASSERT_TRUE(RunUntil([&] { return peer_->connection->sent().size() == 2; }));
  const std::set<std::string> answers = {peer_->connection->Take(), peer_->connection->Take()};
  EXPECT_EQ(answers, (std::set<std::string>{kNotWatching, kWatching}));
  EXPECT_EQ(missing_watcher_.table().watches(), 1U);
  Make("a");
  Make("b");
  EXPECT_EQ(Next(*peer_), Changed(2));
}

TEST_F(WatchHandlerTest, EveryConnectionHasItsOwn) {
  const auto other = Ready();
  EXPECT_EQ(Watch(*peer_, 3, "n"), kWatching);
  EXPECT_EQ(Watch(*other, 1, "n"), kWatching);
  Make("n");
  EXPECT_EQ(Next(*peer_), Changed(3));
  EXPECT_EQ(Next(*other), Changed(1));
}

TEST_F(WatchHandlerTest, TheWatchGoesWithItsConnection) {
  EXPECT_EQ(Watch(*peer_, 1, "n"), kWatching);
  EXPECT_GT(missing_watcher_.table().directories(), 0U);
  const std::string session = session_id_;
  peer_->connection->Die();
  EXPECT_EQ(missing_watcher_.table().watches(), 0U);
  EXPECT_EQ(missing_watcher_.table().directories(), 0U);
  // The session goes on without it, and its ids begin anew.
  const auto again = Connect();
  EXPECT_EQ(SessionId(again->Ask(Initialize("x", session))), session);
  again->Ask(R"({"method":"initialized"})");
  EXPECT_EQ(Watch(*again, 1, "n"), kWatching);
}

TEST_F(WatchHandlerTest, TheConnectionGoesWhileItIsLookedUp) {
  peer_->connection->Receive(Request("fs/watchMissing", Params(1, "n")));
  peer_->connection->Die();
  Settle();
  EXPECT_TRUE(RunUntil([&] { return missing_watcher_.table().watches() == 0; }));
  EXPECT_EQ(missing_watcher_.table().directories(), 0U);
}

TEST_F(WatchHandlerTest, ALimitOfTheMachineIsAnError) {
  MissingWatcher watcher(&io_, &workers_, std::make_shared<NoInotify>());
  services_.missing_watcher = &watcher;
  ExpectFailure(peer_->Ask(Request("fs/watchMissing", Params(1, "n"))), -32603,
                "no inotify instance is left to this user (fs.inotify.max_user_instances), or no "
                "file descriptor to this server");
  services_.missing_watcher = &missing_watcher_;
}

}  // namespace
}  // namespace paned
