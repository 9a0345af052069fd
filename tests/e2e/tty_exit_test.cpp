// The end of a server that has terminals: ended with it, or kept; two servers side by side.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "tests/e2e/tty_fixture.h"
#include "tmux/channel.h"

namespace paned::testing {
namespace {

// A connection to a holder's own socket, as a later server makes it.
class HolderCall {
 public:
  explicit HolderCall(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    connected_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  // The head of its hello, and its texts: pane, socket, process id. False when it says none.
  bool TakeHello(HelloHead* head, std::vector<std::string>* texts) {
    FrameHeader header;
    std::string payload(kMaxHello, '\0');
    if (!connected_ || !Take(&header, sizeof header) || header.type != FrameType::kHello ||
        header.size < sizeof(*head) || header.size > kMaxHello ||
        !Take(payload.data(), header.size)) {
      return false;
    }
    std::memcpy(head, payload.data(), sizeof(*head));
    for (std::size_t at = sizeof(*head); at < header.size; at += texts->back().size() + 1) {
      texts->emplace_back(payload.data() + at);
    }
    return true;
  }
  bool Say(FrameType type, std::uint64_t value) {
    FrameHeader header;
    header.type = type;
    header.value = value;
    return ::send(socket_.get(), &header, sizeof header, MSG_NOSIGNAL) == sizeof header;
  }

 private:
  bool Take(void* to, std::size_t size) {
    return ::recv(socket_.get(), to, size, MSG_WAITALL) == static_cast<ssize_t>(size);
  }

  UniqueFd socket_;
  bool connected_ = false;
};

class TtyExit : public TtyBoth {
 protected:
  void TearDown() override {
    ServerIsGone();
    TtyBoth::TearDown();
  }
  ServerProcess& ServeFlags(std::vector<std::string> flags) {
    ServerOptions options;
    options.flags = std::move(flags);
    return ServeTty(options);
  }
  // Starts `script`; its pid.
  pid_t StartSh(RpcClient* client, const std::string& id, const std::string& script) {
    Start(client, id, Sh("echo ready; " + script));
    EXPECT_TRUE(AwaitText(client, id, "ready"));
    return Find(id).pid;
  }
  std::vector<std::string> HolderSockets() {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(InstanceOf(server()) + "/h")) {
      paths.push_back(entry.path().string());
    }
    return paths;
  }
  // The socket on which a holder says that it holds `id`; what it says is in the other two.
  std::unique_ptr<HolderCall> CallHolder(const std::string& id, HelloHead* head) {
    for (const std::string& path : HolderSockets()) {
      auto call = std::make_unique<HolderCall>(path);
      std::vector<std::string> texts;
      if (call->TakeHello(head, &texts) && texts.size() == 3 && texts[2] == id) {
        EXPECT_EQ(texts[1], path);
        EXPECT_EQ(texts[0].empty(), !on_tmux());
        return call;
      }
    }
    return nullptr;
  }
  // Processes that go on without their server: unread ones, and one that counts.
  void ExpectKeptRunning(pid_t sleeper, const std::string& count_file) {
    EXPECT_TRUE(IsAlive(sleeper));
    const std::string before = ReadWholeFile(count_file);
    EXPECT_TRUE(Eventually([&] { return ReadWholeFile(count_file).size() > before.size() + 5; }));
    EXPECT_TRUE(Exists(InstanceOf(server()) + "/h"));
    if (on_tmux()) {
      EXPECT_GT(TmuxOf(server()), 0);
      const std::string panes =
          TmuxSays(server(), "list-panes -a -F '#{window_name} #{pane_current_command}'");
      EXPECT_NE(panes.find("sleeper sh"), std::string::npos) << panes;
    }
  }
};
ON_BOTH_BACKENDS(TtyExit);

constexpr char kStubborn[] = "trap '' TERM INT HUP; while :; do sleep 0.1; done";

TEST_P(TtyExit, EverythingEndsAndNothingIsLeft) {
  for (const int number : {SIGTERM, SIGINT}) {
    const TempDir dir;
    ServeFlags({});
    const auto client = Open();
    std::vector<pid_t> pids = {
        StartSh(client.get(), "plain", "exec sleep 1000"),
        StartSh(client.get(), "stubborn", kStubborn),
        StartSh(client.get(), "polite",
                "trap '' HUP; trap 'echo bye >" + (dir / "bye") +
                    "; exit' TERM; while :; do sleep 0.01; done"),
    };
    Run(client.get(), "over", {"/bin/true"});
    Start(client.get(), "flood", {HelperProgram(), "emit", "1000000000"});
    pids.push_back(Find("flood").pid);
    const std::vector<pid_t> holders = HoldersOf(server());
    EXPECT_GE(holders.size(), 4u);
    const pid_t tmux = TmuxOf(server());
    EXPECT_EQ(tmux > 0, on_tmux());
    server().Signal(number);
    EXPECT_FALSE(client->Until([] { return false; }));
    EXPECT_EQ(server().Wait(), 0) << server().Log();
    EXPECT_EQ(ReadWholeFile(dir / "bye"), "bye\n");
    for (const pid_t pid : pids) EXPECT_TRUE(Eventually([&] { return !IsAlive(pid); }));
    for (const pid_t pid : holders) EXPECT_TRUE(Eventually([&] { return !IsAlive(pid); }));
    EXPECT_EQ(TmuxOf(server()), 0);
    EXPECT_FALSE(Exists(InstanceOf(server()))) << server().Log();
  }
}

// The ends of a server at any moment of its terminals' lives.
TEST_P(TtyExit, NothingIsLeftWheneverItEnds) {
  for (int round = 0; round < Scaled(10, 4); ++round) {
    ServeFlags({});
    auto client = Open();
    for (int n = 0; n < 1 + 3 * round; ++n) {
      client->Send("process/start", StartParams(std::to_string(n), {"/bin/cat"}, "\"tty\":true"));
    }
    if (round % 2 == 0) {
      EXPECT_TRUE(client->Call("environment/status").ok());
    }
    if (round % 3 == 0) client.reset();
    server().Signal(SIGTERM);
    if (round != 2) client.reset();  // that one is deaf to the goodbye
    EXPECT_EQ(server().Wait(), 0) << server().Log();
    client.reset();
    EXPECT_TRUE(Eventually([&] { return HoldersOf(server()).empty(); })) << round;
    EXPECT_EQ(TmuxOf(server()), 0) << round;
    EXPECT_FALSE(Exists(InstanceOf(server()))) << "round " << round << "\n" << server().Log();
  }
}

TEST_P(TtyExit, WhatIsKeptGoesOn) {
  const TempDir dir;
  ServeFlags({"--on-exit=keep"});
  const auto client = Open();
  const pid_t sleeper = StartSh(client.get(), "sleeper", "sleep 1000; :");
  const pid_t counter =
      StartSh(client.get(), "counter",
              "while :; do echo; echo >>" + (dir / "count") + "; sleep 0.01; done");
  ASSERT_TRUE(
      client->Call("process/start", StartParams("pipes", Sh("echo $$; exec sleep 1000"))).ok());
  ASSERT_TRUE(AwaitText(client.get(), "pipes", "\n"));
  const pid_t pipes = std::atoi(client->story("pipes").out.c_str());
  Start(client.get(), "ended", Sh("echo last words; exit 3"));
  ASSERT_TRUE(AwaitText(client.get(), "ended", "last words"));
  if (on_tmux()) {
    EXPECT_TRUE(Eventually([&] {
      return TmuxSays(server(), "list-windows -F '#{window_name}'").find("sleeper sh") !=
             std::string::npos;
    }));
  }
  server().Signal(SIGTERM);
  EXPECT_FALSE(client->Until([] { return false; }));
  EXPECT_EQ(server().Wait(), 0) << server().Log();
  EXPECT_FALSE(IsAlive(pipes)) << "pipes end with their server";
  ExpectKeptRunning(sleeper, dir / "count");
  if (on_tmux()) {
    std::string pane;
    for (const char* name : {"sleeper", "counter"}) {
      pane = TmuxSays(server(), std::string("list-panes -a -f '#{m:") + name +
                                    "*,#{window_name}}' -F '#{pane_id}'");
      Person person(server(), pane);
      EXPECT_TRUE(person.Sees(name == std::string("sleeper") ? "ready" : "\n"));
    }
  }
  HelloHead head;
  auto call = CallHolder("sleeper", &head);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(head.state, HelloHead::kRunning);
  EXPECT_EQ(head.child_pid, sleeper);
  EXPECT_EQ(head.holder_pid, ParentOf(sleeper));
  EXPECT_EQ(head.end_offset, 7u) << "ready, and what ends its line";
  EXPECT_TRUE(call->Say(FrameType::kEnd, 0));
  EXPECT_TRUE(Eventually([&] { return !IsAlive(sleeper) && !IsAlive(head.holder_pid); }));
  EXPECT_TRUE(IsAlive(counter));
  call = CallHolder("counter", &head);
  ASSERT_NE(call, nullptr);
  EXPECT_TRUE(call->Say(FrameType::kEnd, 0));
  EXPECT_TRUE(Eventually([&] { return !IsAlive(counter); }));
}

TEST_P(TtyExit, WhatASignalCannotCatchGoesOnToo) {
  const TempDir dir;
  ServeFlags({});
  const auto client = Open();
  const pid_t sleeper = StartSh(client.get(), "sleeper", "sleep 1000; :");
  StartSh(client.get(), "counter",
          "while :; do echo; echo >>" + (dir / "count") + "; sleep 0.01; done");
  if (on_tmux()) {
    EXPECT_TRUE(Eventually([&] {
      return TmuxSays(server(), "list-windows -F '#{window_name}'").find("sleeper sh") !=
             std::string::npos;
    }));
  }
  server().Signal(SIGKILL);
  EXPECT_EQ(server().Wait(), 128 + SIGKILL);
  ExpectKeptRunning(sleeper, dir / "count");
  // A second server in the same place cleans away nothing that lives.
  ServerOptions options;
  options.flags = {"--runtime-dir=" + server().runtime_dir(),
                   std::string("--tty-backend=") + GetParam()};
  {
    ServerProcess second(options);
    EXPECT_NE(second.url(), "");
    auto other = RpcClient::Open(second.url());
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(Run(other.get(), "p", Sh("exit 5")).exit_code, 5);
    other.reset();
    EXPECT_TRUE(second.StopCleanly()) << second.Log();
    EXPECT_FALSE(Exists(InstanceOf(second)));
  }
  ExpectKeptRunning(sleeper, dir / "count");
  HelloHead head;
  EXPECT_NE(CallHolder("sleeper", &head), nullptr);
  EXPECT_EQ(head.child_pid, sleeper);
}

TEST_P(TtyExit, WithoutAServerTimeRunsOut) {
  ServeFlags({"--holder-ttl=1s", "--holder-ended-ttl=1s"});
  const auto client = Open();
  const pid_t sleeper = StartSh(client.get(), "sleeper", kStubborn);
  Start(client.get(), "ended", Sh("exit 3"));
  const std::vector<pid_t> holders = HoldersOf(server());
  server().Signal(SIGKILL);
  EXPECT_EQ(server().Wait(), 128 + SIGKILL);
  EXPECT_TRUE(Eventually([&] { return !IsAlive(sleeper); }));
  EXPECT_TRUE(Eventually([&] { return HoldersOf(server()).empty(); }));
}

TEST_P(TtyExit, ASessionThatIsGivenUpEndsItsTerminals) {
  ServeFlags({"--detach-ttl=100ms"});
  auto client = Open();
  const pid_t stubborn = StartSh(client.get(), "stubborn", kStubborn);
  const pid_t holder = ParentOf(stubborn);
  Start(client.get(), "flood", {HelperProgram(), "emit", "1000000000"});
  const pid_t flood = Find("flood").pid;
  client.reset();
  for (const pid_t pid : {stubborn, holder, flood}) {
    EXPECT_TRUE(Eventually([&] { return !IsAlive(pid); }));
  }
  EXPECT_EQ(Run(Open().get(), "next", Sh("exit 3")).exit_code, 3);
  EXPECT_TRUE(server().StopCleanly()) << server().Log();
}

TEST_P(TtyExit, TwoServersDoNotMeet) {
  const TempDir base;
  ServerOptions options;
  options.flags = {"--runtime-dir=" + base.path(), std::string("--tty-backend=") + GetParam()};
  {
    ServerProcess first(options);
    ServerProcess second(options);
    auto one = RpcClient::Open(first.url());
    auto two = RpcClient::Open(second.url());
    ASSERT_TRUE(one && two);
    for (RpcClient* client : {one.get(), two.get()}) {
      Start(client, "same", {"/bin/cat"});
      EXPECT_TRUE(Write(client, "same", "x\n"));
      EXPECT_TRUE(AwaitText(client, "same", "x\r\nx\r\n"));
    }
    const pid_t tmux = TmuxOf(first);
    if (on_tmux()) {
      EXPECT_NE(tmux, TmuxOf(second));
    }
    EXPECT_NE(ListedBy(first)["same"].pid, ListedBy(second)["same"].pid);
    two.reset();
    EXPECT_TRUE(second.StopCleanly()) << second.Log();
    EXPECT_FALSE(Exists(InstanceOf(second)));
    {
      ServerProcess third(options);
      const auto three = RpcClient::Open(third.url());
      ASSERT_NE(three, nullptr);
      Start(three.get(), "same", {"/bin/cat"});
      third.Signal(SIGKILL);
      third.Wait();
    }
    EXPECT_EQ(TmuxOf(first), tmux);
    EXPECT_TRUE(Write(one.get(), "same", "still\n"));
    EXPECT_TRUE(AwaitText(one.get(), "same", "still\r\nstill\r\n"));
    one.reset();
    EXPECT_TRUE(first.StopCleanly()) << first.Log();
    EXPECT_FALSE(Exists(InstanceOf(first)));
  }
  EndLeftovers(base.path());
}

}  // namespace
}  // namespace paned::testing
