// The serving side of the listing: what is said, to how many, and for how long.
#include "server/listing.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "server/client/listing_client.h"
#include "tests/client/client_fixture.h"
#include "tests/support/manual_clock.h"

namespace paned::testing {
namespace {

UniqueFd ConnectTo(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path[0], path.c_str(), path.size() + 1);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << errno;
  return fd;
}

// Reads what is there; true at the end of the stream.
bool Drain(const UniqueFd& fd, std::string* text) {
  std::array<char, 65536> buffer = {};
  ssize_t got = 0;
  while ((got = ::read(fd.get(), buffer.data(), buffer.size())) > 0) {
    text->append(buffer.data(), static_cast<std::size_t>(got));
  }
  return got == 0 || errno == ECONNRESET;
}

class ListingTest : public ::testing::Test {
 protected:
  void Open() {
    Result<std::unique_ptr<Listing>> opened = Listing::Open(
        &io_, &manual_, path_, ListingHead{"1.2", 7, "ws://u", "tmux", "/t.sock"},
        [this] { return rows_; }, [](std::string_view, const std::string&) {});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    listing_ = std::move(opened.value());
  }

  void Turn() {
    io_.restart();
    io_.poll();
  }

  TempDir temp_;
  std::string path_ = temp_.path() + "/listing.sock";
  asio::io_context io_;
  ManualClock manual_;
  std::vector<ListingRow> rows_ = {Row("one", "tmux", "%3"), Row("two", "pipes")};
  std::unique_ptr<Listing> listing_;
};

TEST_F(ListingTest, SaysTheServerAndThenEachProcess) {
  const std::string text =
      ListingText(ListingHead{"1.2", 7, "ws://u", "tmux", "/t.sock"}, {Row("a\"\n", "pipes")});
  EXPECT_EQ(text,
            R"({"paned":"1.2","pid":7,"url":"ws://u","backend":"tmux","tmuxSocket":"/t.sock"})"
            "\n"
            R"({"id":"a\"\n","session":"0a1b2c3d-0000-4000-8000-000000000000","backend":"pipes",)"
            R"("state":"running","ageMs":75000,"argv0":"/bin/cat","pane":"","pid":4711})"
            "\n");
}

TEST_F(ListingTest, EachClientIsToldAndLetGo) {
  Open();
  struct stat status = {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const UniqueFd first = ConnectTo(path_);
  const UniqueFd second = ConnectTo(path_);
  ASSERT_EQ(::write(second.get(), "nobody reads this", 17), 17);
  Turn();
  std::string text;
  EXPECT_TRUE(Drain(first, &text));
  EXPECT_EQ(text, ListingText(ListingHead{"1.2", 7, "ws://u", "tmux", "/t.sock"}, rows_));
  std::string same;
  EXPECT_TRUE(Drain(second, &same));
  EXPECT_EQ(same, text);
  EXPECT_EQ(manual_.pending(), 0U);
}

TEST_F(ListingTest, AReaderGetsAllOfAListingThatFillsTheSocket) {
  rows_.assign(20'000, Row("big", "pipes"));
  Open();
  const UniqueFd client = ConnectTo(path_);
  std::string text;
  int rounds = 0;
  do {
    Turn();
    ASSERT_LT(++rounds, 10'000);
  } while (!Drain(client, &text));
  const Result<ListedServer> parsed = ParseListing(text);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed.value().processes.size(), rows_.size());
  EXPECT_GT(rounds, 2);
}

TEST_F(ListingTest, WhoDoesNotReadIsDropped) {
  rows_.assign(20'000, Row("big", "pipes"));
  Open();
  const UniqueFd client = ConnectTo(path_);
  Turn();
  manual_.Advance(Listing::kPatience - std::chrono::milliseconds(1));
  Turn();
  EXPECT_EQ(manual_.pending(), 1U);
  manual_.Advance(std::chrono::milliseconds(1));
  Turn();
  EXPECT_EQ(manual_.pending(), 0U);
  std::string text;
  EXPECT_TRUE(Drain(client, &text));
  EXPECT_FALSE(ParseListing(text).ok());
}

TEST_F(ListingTest, OnlySoManyAtOnce) {
  rows_.assign(20'000, Row("big", "pipes"));
  Open();
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < Listing::kMaxClients; ++i) clients.push_back(ConnectTo(path_));
  Turn();
  const UniqueFd turned_away = ConnectTo(path_);
  Turn();
  std::string text;
  EXPECT_TRUE(Drain(turned_away, &text));
  EXPECT_EQ(text, "");
  clients.pop_back();  // one leaves: there is room again
  Turn();
  const UniqueFd next = ConnectTo(path_);
  Turn();
  Drain(next, &text);
  EXPECT_FALSE(text.empty());
}

TEST_F(ListingTest, ItsEndTakesItsClientsAndItsSocketAlong) {
  rows_.assign(20'000, Row("big", "pipes"));
  Open();
  const UniqueFd client = ConnectTo(path_);
  Turn();
  listing_.reset();
  Turn();
  std::string text;
  EXPECT_TRUE(Drain(client, &text));
  EXPECT_EQ(manual_.pending(), 0U);
  EXPECT_NE(::access(path_.c_str(), F_OK), 0);
}

TEST_F(ListingTest, AListingThatIsNoneIsRefused) {
  for (const char* text : {"", "{}", "x\n", "[]\n", "{}\n[1]\n", "{}\n{\"id\":\"a"}) {
    EXPECT_FALSE(ParseListing(text).ok()) << text;
  }
  // What a later server may add or leave out.
  const Result<ListedServer> parsed =
      ParseListing("{\"new\":[1],\"pid\":\"x\"}\n{\"id\":\"a\",\"more\":{}}\n");
  ASSERT_TRUE(parsed.ok());
  ASSERT_EQ(parsed.value().processes.size(), 1U);
  EXPECT_EQ(parsed.value().processes[0].id, "a");
}

}  // namespace
}  // namespace paned::testing
