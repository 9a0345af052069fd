// Output of terminals: held back when nobody takes it, whole through a cut connection; input of
// every kind; programs that want the whole screen; very many at once.
#include <csignal>

#include "tests/e2e/pattern.h"
#include "tests/e2e/tty_fixture.h"

namespace paned::testing {
namespace {

class TtyFlow : public TtyBoth {
 protected:
  // Waits until the child sleeps in a write that nobody makes room for.
  static std::uint64_t AwaitHeld(RpcClient* client, pid_t child) {
    const std::string proc = "/proc/" + std::to_string(child);
    std::uint64_t before = 0;
    int still = 0;
    EXPECT_TRUE(Eventually([&] {
      const std::uint64_t written = IoCount(child, "wchar");
      EXPECT_TRUE(client->Call("environment/status").ok());
      still = written > 0 && written == before ? still + 1 : 0;
      before = written;
      return still == 30;
    }));
    return before;
  }
};
ON_BOTH_BACKENDS(TtyFlow);

// The Go bridge's client is pushed nothing: it reads, or does not.
TEST_P(TtyFlow, AFloodThatNobodyReadsIsHeldBack) {
  const std::uint64_t kSize = Scaled<std::uint64_t>(64, 16) * kMiB;
  ServerOptions options;
  options.flags = {"--retain-bytes=256K"};
  ServeTty(options);
  const auto client = Open(kGoBridge);
  Run(client.get(), "first", {"/bin/true"});
  const pid_t tmux = TmuxOf(server());
  const std::size_t tmux_before = on_tmux() ? ResidentBytesOf(tmux) : 0;
  const std::size_t server_before = server().ResidentBytes();
  for (const char* id : {"p", "q"}) {
    Start(client.get(), id, {HelperProgram(), "emit", std::to_string(kSize)});
    const std::uint64_t written = AwaitHeld(client.get(), Find(id).pid);
    EXPECT_LT(written, 4 * kMiB) << "it goes on though nobody reads";
  }
  if (!kSanitized) {
    EXPECT_LT(server().ResidentBytes(), server_before + 10 * kMiB);
    if (on_tmux()) {
      EXPECT_LT(ResidentBytesOf(tmux), tmux_before + 10 * kMiB);
    }
  }
  PatternChecker checker;
  std::uint64_t after = 0;
  bool closed = false;
  while (!closed) {
    const Answer read = client->Call("process/read", ReadParams("p", after, 1000));
    ASSERT_TRUE(read.ok()) << read.message();
    EXPECT_FALSE(read.result().HasMember("lostBytes"));
    for (const auto& chunk : read.result()["chunks"].GetArray()) {
      checker.Feed(FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
    }
    after = read.result()["nextSeq"].GetUint64();
    closed = read.result()["closed"].GetBool();
    if (closed) {
      EXPECT_EQ(read.result()["exitCode"].GetInt(), 0);
    }
  }
  EXPECT_TRUE(checker.good());
  EXPECT_EQ(checker.offset(), kSize);
  if (!kSanitized && on_tmux()) {
    EXPECT_LT(ResidentBytesOf(tmux), tmux_before + 10 * kMiB);
  }
  // The other one still waits; it dies when it is told to.
  EXPECT_TRUE(client->Call("process/terminate", IdParams("q")).result()["running"].GetBool());
  EXPECT_TRUE(client->Until([&] { return client->story("q").exit_code.has_value(); }));
}

// Neither reads nor pushes take anything, and it goes on all the same: the oldest output goes.
TEST_P(TtyFlow, EvictionHoldsNothingBack) {
  const std::uint64_t kSize = Scaled<std::uint64_t>(16, 4) * kMiB;
  ServerOptions options;
  options.flags = {"--retain-bytes=256K", "--when-full=evict"};
  ServeTty(options);
  const auto client = Open(kGoBridge);
  Start(client.get(), "p", {HelperProgram(), "emit", std::to_string(kSize)});
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").exit_code, 0);
  const Answer read = client->Call("process/read", ReadParams("p", 0, 0));
  ASSERT_TRUE(read.ok()) << read.message();
  std::string tail;
  for (const auto& chunk : read.result()["chunks"].GetArray()) {
    tail += FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()});
  }
  const std::uint64_t lost = read.result()["lostBytes"].GetUint64();
  EXPECT_GE(tail.size(), 128u << 10);
  EXPECT_EQ(lost + tail.size(), kSize);
  EXPECT_EQ(tail, Pattern(lost, tail.size()));
}

// As codex 0.169 resumes: one recovery read from the last seq seen, then pushes again.
TEST_P(TtyFlow, ACutConnectionLosesNothing) {
  const std::uint64_t kSize = Scaled<std::uint64_t>(40'000'000, 8'000'000);
  constexpr int kCuts = 8;
  ServerOptions options;
  options.flags = {"--retain-bytes=512K"};
  ServeTty(options);
  auto client = Open(kCodex);
  const std::string session = client->session();
  std::map<std::uint64_t, std::string> chunks;
  std::uint64_t bytes = 0;
  const auto take = [&](std::uint64_t seq, std::string text) {
    const auto [at, fresh] = chunks.emplace(seq, std::move(text));
    if (fresh) bytes += at->second.size();
  };
  const auto listen = [&] {
    client->on_output = [&](const Note& note) { take(note.seq, note.bytes); };
  };
  listen();
  Start(client.get(), "p", {HelperProgram(), "emit", std::to_string(kSize)});
  bool closed = false;
  std::optional<int> exit_code;
  for (int cut = 0; cut < kCuts && !closed; ++cut) {
    const std::uint64_t until = bytes + kSize / (kCuts + 4);
    const Story& story = client->story("p");
    ASSERT_TRUE(client->Until([&] { return bytes >= until || story.closed; }));
    client->ws().Reset();
    client = Open(kCodex, session);
    ASSERT_EQ(client->session(), session);
    listen();
    const std::uint64_t last = chunks.empty() ? 0 : chunks.rbegin()->first;
    const Answer read = client->Call("process/read", ReadParams("p", last, 0));
    ASSERT_TRUE(read.ok()) << read.message();
    EXPECT_FALSE(read.result().HasMember("lostBytes"));
    for (const auto& chunk : read.result()["chunks"].GetArray()) {
      take(chunk["seq"].GetUint64(),
           FromBase64({chunk["chunk"].GetString(), chunk["chunk"].GetStringLength()}));
    }
    closed = read.result()["closed"].GetBool();
    if (closed) exit_code = read.result()["exitCode"].GetInt();
  }
  if (!closed) {
    ASSERT_TRUE(client->UntilClosed("p"));
    exit_code = client->story("p").exit_code;
  }
  EXPECT_EQ(exit_code, 0);
  PatternChecker checker;  // the exit may have a seq among those of the output
  for (const auto& [seq, text] : chunks) {
    ASSERT_TRUE(checker.Feed(text)) << "chunk " << seq;
  }
  EXPECT_EQ(checker.offset(), kSize);
}

TEST_P(TtyFlow, AMegabyteOfInputArrives) {
  constexpr std::size_t kPiece = 100'000;
  constexpr std::size_t kPieces = 11;
  ServeTty();
  const auto client = Open();
  std::string input;
  for (int n = 0; n < 256; ++n) input += static_cast<char>(n);
  input += Pattern(0, kPieces * kPiece - input.size());
  Start(client.get(), "p", {HelperProgram(), "digest", std::to_string(input.size())});
  ASSERT_TRUE(AwaitText(client.get(), "p", "ready\r\n"));
  for (std::size_t n = 0; n < kPieces; ++n) {
    client->Send("process/write", WriteParams("p", input.substr(n * kPiece, kPiece)));
  }
  ASSERT_TRUE(client->UntilClosed("p"));
  std::array<char, 32> hash;
  std::snprintf(hash.data(), hash.size(), "%016llx", static_cast<unsigned long long>(Hash(input)));
  EXPECT_EQ(client->story("p").out, "ready\r\n" + std::string(hash.data()) + "\r\n");
}

// More than a program takes that does not read: the rest waits, and nothing else does.
TEST_P(TtyFlow, InputThatNobodyTakesWaits) {
  ServeTty();
  const auto client = Open();
  const TempDir dir;
  const std::string input = Pattern(0, kMiB);
  Start(client.get(), "p",
        Sh("stty raw -echo; echo ready; while [ ! -e " + (dir / "go") +
           " ]; do sleep 0.02; done; exec " + HelperProgram() + " digest " +
           std::to_string(input.size())));
  ASSERT_TRUE(AwaitText(client.get(), "p", "ready"));
  EXPECT_TRUE(Write(client.get(), "p", input));
  Start(client.get(), "other", {"/bin/cat"});
  EXPECT_TRUE(Write(client.get(), "other", "x\n"));
  EXPECT_TRUE(AwaitText(client.get(), "other", "x\r\nx\r\n"));
  WriteWholeFile(dir / "go", "");
  ASSERT_TRUE(client->UntilClosed("p"));
  EXPECT_EQ(client->story("p").exit_code, 0);
  std::array<char, 32> hash;
  std::snprintf(hash.data(), hash.size(), "%016llx", static_cast<unsigned long long>(Hash(input)));
  EXPECT_NE(client->story("p").out.find(hash.data()), std::string::npos);
}

TEST_P(TtyFlow, FullScreenProgramsRun) {
  ServeTty();
  const auto client = Open();
  const TempDir dir;
  std::string lines;
  for (int n = 1; n <= 300; ++n) lines += "line " + std::to_string(n) + "\n";
  WriteWholeFile(dir / "text", lines);
  struct Program {
    std::vector<std::string> argv;
    std::string shows;
    std::string keys;
  };
  const std::vector<Program> programs = {
      {{"/usr/bin/vim.tiny", "-u", "NONE", dir / "text"}, "line 7", "Goadded\x1b:wq\r"},
      {{"/usr/bin/less", dir / "text"}, "line 7", "q"},
      {{"/usr/bin/top", "-d", "1000"}, "PID", "q"},
  };
  int n = 0;
  for (const Program& program : programs) {
    if (!Exists(program.argv[0])) {
      std::cout << "[  SKIPPED ] " << program.argv[0] << " is not installed\n";
      continue;
    }
    const std::string id = "p" + std::to_string(++n);
    Start(client.get(), id, program.argv,
          R"("env":{"TERM":"screen-256color","PATH":"/bin:/usr/bin","HOME":)" + Quote(dir.path()) +
              "}");
    ASSERT_TRUE(AwaitText(client.get(), id, program.shows)) << client->story(id).out;
    if (on_tmux()) {
      EXPECT_TRUE(Eventually([&] {
        return Screen(client.get(), id).find(program.shows) != std::string::npos;
      })) << Screen(client.get(), id);
    }
    EXPECT_TRUE(Write(client.get(), id, program.keys));
    ASSERT_TRUE(client->UntilClosed(id)) << program.argv[0];
    EXPECT_EQ(client->story(id).exit_code, 0) << program.argv[0];
  }
  if (Exists(programs[0].argv[0])) {
    EXPECT_EQ(ReadWholeFile(dir / "text"), lines + "added\n");
  }
}

TEST_P(TtyFlow, FiveHundredAtOnce) {
  const int kCount = Scaled(500, 60);
  ServeTty();
  const auto client = Open();
  const auto name = [](int n) { return "cat-" + std::to_string(n); };
  std::vector<std::int64_t> starts;
  for (int n = 0; n < kCount; ++n) {
    starts.push_back(
        client->Send("process/start", StartParams(name(n), {"/bin/cat"}, "\"tty\":true")));
  }
  for (const std::int64_t start : starts) {
    const Answer answer = client->Await(start, kLongPatience);
    ASSERT_TRUE(answer.ok()) << answer.message() << "\n" << server().Log();
  }
  for (int n = 0; n < kCount; ++n) {
    client->Send("process/write", WriteParams(name(n), "line of " + name(n) + "\n"));
  }
  for (int n = 0; n < kCount; ++n) {
    const std::string line = "line of " + name(n) + "\r\n";
    ASSERT_TRUE(AwaitText(client.get(), name(n), line + line)) << name(n);
  }
  const auto listed = ListedBy(server());
  EXPECT_EQ(listed.size(), static_cast<std::size_t>(kCount));
  if (on_tmux()) {
    for (const auto& [id, one] : listed) EXPECT_EQ(one.backend, "tmux") << id;
    if (!kSanitized) {
      EXPECT_LT(ResidentBytesOf(TmuxOf(server())), 64 * kMiB);
    }
  }
  for (int n = 0; n < kCount; ++n) client->Send("process/write", WriteParams(name(n), "\x04"));
  for (int n = 0; n < kCount; ++n) {
    ASSERT_TRUE(client->UntilClosed(name(n))) << name(n);
    EXPECT_EQ(client->story(name(n)).exit_code, 0);
  }
  // What is left waits for another process, and is not much.
  constexpr std::size_t kMostWaiting = 32;
  EXPECT_TRUE(Eventually([&] {
    EXPECT_TRUE(client->Call("environment/status").ok());
    return HoldersOf(server()).size() <= kMostWaiting;
  })) << HoldersOf(server()).size();
  for (const pid_t holder : HoldersOf(server())) EXPECT_TRUE(ChildrenOf(holder).empty());
  if (on_tmux()) {
    std::string names;
    EXPECT_TRUE(Eventually([&] {
      // What the server has told counts as heard when its pings are answered.
      EXPECT_TRUE(client->Call("environment/status").ok());
      names = TmuxSays(server(), "list-windows -F '#{window_name}'");
      return names.find("cat") == std::string::npos;
    })) << names;
  }
  client->ws().Reset();
  EXPECT_TRUE(server().StopCleanly()) << server().Log();
  ServerIsGone();
  EXPECT_TRUE(HoldersOf(server()).empty());
  EXPECT_FALSE(Exists(InstanceOf(server())));
}

}  // namespace
}  // namespace paned::testing
