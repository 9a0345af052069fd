// `paned ps`: the table, several servers, and what there is to say when there is none.
#include "server/client/ps.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <iostream>

#include "tests/client/client_fixture.h"

namespace paned::testing {
namespace {

class PsTest : public ClientFixture {
 protected:
  // Runs it in a child; the exit code.
  std::optional<int> Ps(std::string* output, bool json = false) {
    Child child([&] { return RunPs({json, base()}, nullptr, &std::cout, &std::cerr); }, false);
    const std::optional<int> code = Wait(&child);
    *output = child.Output();
    return code;
  }
};

TEST_F(PsTest, ATableOfWhatRuns) {
  Serve({Row("1000", "pipes"), Row("a-longer-one", "tmux", "%12")});
  std::string output;
  EXPECT_EQ(Ps(&output), 0);
  EXPECT_EQ(output,
            "ID            SESSION   BACKEND  STATE    AGE  ARGV0     PANE  PID\n"
            "1000          0a1b2c3d  pipes    running  1m   /bin/cat  -     4711\n"
            "a-longer-one  0a1b2c3d  tmux     running  1m   /bin/cat  %12   4711\n");
}

TEST_F(PsTest, HeadingsOnlyWhenNothingRuns) {
  Serve({});
  std::string output;
  EXPECT_EQ(Ps(&output), 0);
  EXPECT_EQ(output, "ID  SESSION  BACKEND  STATE  AGE  ARGV0  PANE  PID\n");
}

TEST_F(PsTest, SeveralServersEachUnderItsUrl) {
  Serve({Row("one", "pipes")}, "ws://127.0.0.1:1111");
  Serve({Row("two", "pipes")}, "unix:///x\x1b[31m");
  std::string output;
  EXPECT_EQ(Ps(&output), 0);
  const std::string pid = std::to_string(::getpid());
  EXPECT_EQ(output, "ws://127.0.0.1:1111 (pid " + pid +
                        ")\n"
                        "ID   SESSION   BACKEND  STATE    AGE  ARGV0     PANE  PID\n"
                        "one  0a1b2c3d  pipes    running  1m   /bin/cat  -     4711\n\n"
                        "unix:///x\\x1B[31m (pid " +
                        pid +
                        ")\n"
                        "ID   SESSION   BACKEND  STATE    AGE  ARGV0     PANE  PID\n"
                        "two  0a1b2c3d  pipes    running  1m   /bin/cat  -     4711\n");
}

TEST_F(PsTest, JsonIsWhatTheServerSaidButSafeToShow) {
  Serve({Row(std::string(100, 'l') + "\x1b\x7f\xc2\x9b", "pipes")});
  std::string output;
  EXPECT_EQ(Ps(&output, true), 0);
  EXPECT_NE(output.find(std::string(100, 'l') + "\\u001b\\u007f\\u009b\""), std::string::npos)
      << output;
  const Result<ListedServer> parsed = ParseListing(output);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.value().processes[0].id, std::string(100, 'l') + "\x1b\x7f\xc2\x9b");
}

TEST_F(PsTest, NoServerIsAnErrorThatNamesThePlace) {
  std::string output;
  EXPECT_EQ(Ps(&output), 1);
  EXPECT_EQ(output, "Error: no running paned found in " + base() + "\n");
}

TEST_F(PsTest, TerminalsThatWereKeptAreNamed) {
  Served* gone = Serve({});
  const std::string tmux = gone->directory.Socket("tmux.sock").value();
  const UniqueFd alive(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path[0], tmux.c_str(), tmux.size() + 1);
  ASSERT_EQ(::bind(alive.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(alive.get(), 8), 0);
  gone->listing.reset();
  gone->directory.Keep();
  std::string output;
  EXPECT_EQ(Ps(&output), 1);
  EXPECT_EQ(output, "a server is gone, but its terminals still run: tmux -S " + tmux +
                        " attach\nError: no running paned found in " + base() + "\n");
}

TEST_F(PsTest, AServerThatDoesNotAnswerDoesNotHideTheOthers) {
  Serve({Row("one", "pipes")})->listing.reset();
  Serve({Row("two", "pipes")});
  std::string output;
  EXPECT_EQ(Ps(&output), 0);
  EXPECT_NE(output.find("two "), std::string::npos) << output;
  EXPECT_NE(output.find("Error: the server of " + served_[0]->directory.path() +
                        " cannot be asked: No such file or directory"),
            std::string::npos)
      << output;
}

TEST_F(PsTest, AServerThatIsStuckIsGivenUp) {
  Serve({});  // nobody turns its loop
  const Listings listings = ListServers(base(), nullptr, std::chrono::milliseconds(1));
  EXPECT_TRUE(listings.servers.empty());
  ASSERT_EQ(listings.faults.size(), 1U);
  EXPECT_NE(listings.faults[0].find("it does not answer"), std::string::npos);
}

TEST(PsText, Ages) {
  EXPECT_EQ(AgeText(0), "0s");
  EXPECT_EQ(AgeText(59'999), "59s");
  EXPECT_EQ(AgeText(60'000), "1m");
  EXPECT_EQ(AgeText(3'599'999), "59m");
  EXPECT_EQ(AgeText(3'600'000), "1h");
  EXPECT_EQ(AgeText(172'799'999), "47h");
  EXPECT_EQ(AgeText(172'800'000), "2d");
}

TEST(PsText, NothingDrivesTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[2J\n\x7f"), "a\\x1B[2J\\x0A\\x7F");
  EXPECT_EQ(Printable("\xc2\x9b\xc2\xa9"), "\\xC2\\x9B\xc2\xa9");
  EXPECT_EQ(Printable("\x9b\xff"), "\\x9B\\xFF");
  EXPECT_EQ(Printable("\xc3\xa4\xe2\x82\xac"), "\xc3\xa4\xe2\x82\xac");
  EXPECT_EQ(Printable(std::string_view("\0", 1)), "\\x00");
}

TEST(PsText, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(Printable("12345678", 8), "12345678");
  EXPECT_EQ(Printable("123456789", 8), "12345...");
  EXPECT_EQ(Printable("123\n56789", 8), "123...");
  EXPECT_EQ(Printable("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 4), "\xc3\xa4...");
  EXPECT_EQ(CharactersIn("\xc3\xa4..."), 4U);
}

}  // namespace
}  // namespace paned::testing
