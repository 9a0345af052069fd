// The stdio transport over every kind of descriptor it may be started with.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "server/net/stdio_endpoint.h"
#include "tests/net/net_harness.h"

namespace paned::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends = {};
    if (::pipe2(ends.data(), O_CLOEXEC) == 0) {
      read = UniqueFd(ends[0]);
      write = UniqueFd(ends[1]);
    }
  }
  UniqueFd read;
  UniqueFd write;
};

UniqueFd TempFile(const std::string& content) {
  char name[] = "/tmp/paned-stdio-XXXXXX";
  UniqueFd fd(::mkstemp(name));
  ::unlink(name);
  EXPECT_EQ(::write(fd.get(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

// Steps the loop by hand: no thread, so every state can be looked at.
class Stdio : public ::testing::Test, public ConnectionAcceptor {
 public:
  ConnectionEvents* OnConnected(std::shared_ptr<Connection> connection) override {
    peer = std::make_unique<Peer>(std::move(connection), &hook);
    return peer.get();
  }

  void Serve(UniqueFd input, UniqueFd output, std::size_t limit = kMiB) {
    endpoint = StdioEndpoint::Serve(&io, &clock, std::move(input), std::move(output), limit, this);
  }

  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      if (io.poll() == 0) io.run_one_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  // Reads what is there, while the loop goes on, until so many bytes have come or the end.
  std::string Drain(int fd, std::size_t size) {
    std::string text;
    std::array<char, 65536> buffer;
    Until([&] {
      pollfd state = {fd, POLLIN, 0};
      while (text.size() < size && ::poll(&state, 1, 0) > 0) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got <= 0) return true;
        text.append(buffer.data(), static_cast<std::size_t>(got));
      }
      return text.size() >= size;
    });
    return text;
  }

  asio::io_context io;
  AsioClock clock{&io};
  Peer::MessageHook hook = Echo;
  std::unique_ptr<Peer> peer;
  std::unique_ptr<StdioEndpoint> endpoint;
};

void Put(const UniqueFd& fd, const std::string& text) {
  ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

TEST_F(Stdio, TakesALineAMessage) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write));
  EXPECT_EQ(peer->connection->label(), "JSON-RPC message from exec-server stdio");
  Put(in.write, "{\"a\":1}\n\n  \t\r\n{\"b\"");
  EXPECT_EQ(Drain(out.read.get(), 8), "{\"a\":1}\n");
  Put(in.write, ":2}\n");
  EXPECT_EQ(Drain(out.read.get(), 8), "{\"b\":2}\n");
}

TEST_F(Stdio, EndOfInputEndsAfterTheLastLineIsAnswered) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write));
  Put(in.write, "one\nunterminated");
  in.write.Reset();
  EXPECT_EQ(Drain(out.read.get(), 1000), "one\nunterminated\n");
  EXPECT_TRUE(Until([&] { return peer->closed == 1; }));
}

TEST_F(Stdio, RegularFilesWork) {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i) + "\n";
  UniqueFd output = TempFile("");
  const UniqueFd result(::dup(output.get()));
  Serve(TempFile(text), std::move(output));
  ASSERT_TRUE(Until([&] { return peer->closed == 1; }));
  ::lseek(result.get(), 0, SEEK_SET);
  EXPECT_EQ(Drain(result.get(), text.size()), text);
}

TEST_F(Stdio, SocketsWorkAndKeepTheirFlags) {
  std::array<int, 2> pair = {};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const UniqueFd mine(pair[0]);
  const UniqueFd shared(::dup(pair[1]));
  Serve(UniqueFd(pair[1]), UniqueFd(::dup(pair[1])));
  const std::string text(kMiB - 1, 'x');
  peer->connection->Send(text);
  EXPECT_EQ(Drain(mine.get(), kMiB), text + "\n");
  Put(mine, "hello\n");
  EXPECT_EQ(Drain(mine.get(), 6), "hello\n");
  EXPECT_EQ(::fcntl(shared.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(Stdio, TerminalsWork) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const UniqueFd mine(master);
  Serve(UniqueFd(slave), UniqueFd(::dup(slave)));
  Put(mine, "hello\n");
  EXPECT_EQ(Drain(mine.get(), 14), "hello\r\nhello\r\n");  // the terminal's echo, then ours
}

TEST_F(Stdio, BlockedOutputBlocksNothing) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write), 4 * kMiB);
  EXPECT_TRUE(peer->connection->WantsOutput());
  for (int i = 0; i < 4; ++i)
    peer->connection->Send(std::string(kMiB - 1, static_cast<char>('a' + i)));
  EXPECT_FALSE(peer->connection->WantsOutput());
  EXPECT_EQ(::fcntl(out.read.get(), F_GETFL) & O_NONBLOCK, 0);
  bool ran = false;
  const auto timer = clock.After(std::chrono::milliseconds(20), [&] { ran = true; });
  EXPECT_TRUE(Until([&] { return ran; }));
  EXPECT_EQ(peer->writable, 0);
  const std::string text = Drain(out.read.get(), 4 * kMiB);
  ASSERT_EQ(text.size(), 4 * kMiB);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(text[i * kMiB], static_cast<char>('a' + i));
    EXPECT_EQ(text[(i + 1) * kMiB - 1], '\n');
  }
  EXPECT_TRUE(Until([&] { return peer->writable == 1; }));
  EXPECT_TRUE(peer->connection->WantsOutput());
}

TEST_F(Stdio, UnreadRepliesHoldTheInputBack) {
  hook = [](Peer& its, InboundFrame) {
    its.messages.emplace_back();
    its.connection->Send(std::string(kMiB, 'x'));
  };
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write));
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "x\n";
  Put(in.write, lines);
  EXPECT_TRUE(Until([&] { return peer->messages.size() >= 32; }));
  io.restart();
  io.run_for(std::chrono::milliseconds(20));
  EXPECT_LE(peer->messages.size(), 34u);
  EXPECT_EQ(Drain(out.read.get(), 100 * (kMiB + 1)).size(), 100 * (kMiB + 1));
  EXPECT_EQ(peer->messages.size(), 100u);
}

TEST_F(Stdio, StreamedMessagesAreOneLine) {
  for (const bool later : {false, true}) {
    Pipe in;
    Pipe out;
    Serve(std::move(in.read), std::move(out.write));
    TestSource::Plan plan;
    plan.pieces = 3;
    plan.piece_bytes = 2;
    plan.later = later;
    plan.io = &io;
    peer->connection->SendStreamed(std::make_unique<TestSource>(plan));
    peer->connection->Send("behind");
    EXPECT_EQ(Drain(out.read.get(), 14), "aabbcc\nbehind\n");
    endpoint.reset();
  }
}

TEST_F(Stdio, FailingSourceEndsTheConnection) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write));
  TestSource::Plan plan;
  plan.pieces = 3;
  plan.fail_at = 1;
  peer->connection->SendStreamed(std::make_unique<TestSource>(plan));
  EXPECT_TRUE(Until([&] { return peer->closed == 1; }));
}

TEST_F(Stdio, LongLineCloses) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write), 1000);
  Put(in.write, std::string(1000, 'x') + "\n");
  EXPECT_EQ(Drain(out.read.get(), 1001).size(), 1001u);
  Put(in.write, std::string(1001, 'x'));
  EXPECT_TRUE(Until([&] { return peer->closed == 1; }));
}

TEST_F(Stdio, GoneReaderEndsTheConnectionWithoutASignal) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write));
  out.read.Reset();
  peer->connection->Send("nobody reads this");
  EXPECT_TRUE(Until([&] { return peer->closed == 1; }));
}

TEST_F(Stdio, CloseFlushesFirst) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write));
  peer->connection->Send(std::string(3 * kMiB, 'x'));
  peer->connection->Close(CloseCode::kGoingAway, "");
  peer->connection->Send("no effect");
  EXPECT_EQ(peer->closed, 0);
  EXPECT_EQ(Drain(out.read.get(), 3 * kMiB + 10).size(), 3 * kMiB + 1);
  EXPECT_EQ(peer->closed, 1);
}

TEST_F(Stdio, ProbeAnswersByTheState) {
  Pipe in;
  Pipe out;
  Serve(std::move(in.read), std::move(out.write));
  int alive = -1;
  peer->connection->Probe(std::chrono::seconds(5), [&](bool is) { alive = is ? 1 : 0; });
  EXPECT_TRUE(Until([&] { return alive == 1; }));
  endpoint.reset();
  EXPECT_EQ(peer->closed, 1);
  peer->connection->Probe(std::chrono::seconds(5), [&](bool is) { alive = is ? 1 : 0; });
  EXPECT_TRUE(Until([&] { return alive == 0; }));
}

}  // namespace
}  // namespace paned::testing
