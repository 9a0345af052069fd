// The holder program itself, spoken to over its protocol as a server would, but byte by byte and
// with every freedom to misbehave.
// Threading: one thread; reads block, for kPatience at most.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/base/unique_fd.h"
#include "tests/process/backend_contract.h"
#include "tests/tmux/terminal_traits.h"
#include "tmux/channel.h"

namespace paned {

// A plan's payload for a shell command.
inline std::string PlanFor(const std::string& command, std::uint32_t running_ttl_s = 60,
                           std::uint32_t ended_ttl_s = 60) {
  const std::vector<std::string> argv = {"/bin/sh", "-c", command};
  const std::vector<std::string> env = {"PATH=/usr/bin:/bin"};
  PlanHead head;
  head.candidates = 1;
  head.arguments = static_cast<std::uint32_t>(argv.size());
  head.variables = static_cast<std::uint32_t>(env.size());
  head.running_ttl_s = running_ttl_s;
  head.ended_ttl_s = ended_ttl_s;
  return std::string(reinterpret_cast<const char*>(&head), sizeof(head)) +
         Joined({"my process", "/", argv.front()}) + Joined(argv) + Joined(env);
}

// Waits for what happens in another process.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// A server's end of the connection.
class HolderWire {
 public:
  struct Frame {
    FrameHeader header;
    std::string payload;
  };

  HolderWire() = default;
  explicit HolderWire(UniqueFd socket) : socket_(std::move(socket)) {
    const timeval patience = {20, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  static HolderWire ConnectTo(const std::string& path) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      return HolderWire();
    }
    return HolderWire(std::move(socket));
  }

  bool open() const { return socket_.valid(); }
  void Close() { socket_.Reset(); }

  void SendRaw(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  void Send(FrameType type, std::uint64_t value = 0, std::string_view payload = {}) {
    FrameHeader header;
    header.type = type;
    header.value = value;
    header.size = static_cast<std::uint32_t>(payload.size());
    SendRaw(std::string(reinterpret_cast<const char*>(&header), sizeof(header)) +
            std::string(payload));
  }

  // The next frame; false at the end of the connection, or out of patience.
  bool Read(Frame* frame) {
    if (!ReadAny(frame)) return false;
    EXPECT_TRUE(ValidHeader(frame->header, Direction::kToServer));
    return true;
  }
  // As that, in the holder's place.
  bool ReadAny(Frame* frame) {
    if (!ReadAll(reinterpret_cast<char*>(&frame->header), sizeof(frame->header))) return false;
    frame->payload.resize(frame->header.size);
    return ReadAll(frame->payload.data(), frame->payload.size());
  }
  // The other end closes, whatever it still says.
  bool ReadToClose() {
    Frame frame;
    while (ReadAny(&frame)) {
    }
    return ended_;
  }
  // Whether something can be read within a moment.
  bool Quiet(int ms = 60) const {
    pollfd polled = {socket_.get(), POLLIN, 0};
    return ::poll(&polled, 1, ms) == 0;
  }

  // Reads a hello, which is kept.
  bool Greeted() {
    Frame frame;
    if (!Read(&frame) || frame.header.type != FrameType::kHello) return false;
    hello_payload_ = frame.payload;
    EXPECT_EQ(frame.header.value, kChannelVersion);
    return ParseHello(hello_payload_, &hello);
  }

  // Takes frames until `done`; output has to come without a gap.
  bool Until(const std::function<bool()>& done) {
    Frame frame;
    while (!done()) {
      if (!Read(&frame)) return false;
      Take(frame);
    }
    return true;
  }
  bool UntilOutput(const std::string& text) {
    return Until([&] { return output.find(text) != std::string::npos; });
  }
  bool UntilOver() {
    return Until([this] { return ended && exited; });
  }

  Hello hello;
  std::string output;  // from `begin` on
  std::uint64_t begin = 0;
  bool credit = true;
  bool ack = true;
  std::uint64_t started = 0;  // the pid
  std::uint64_t start_failed = 0;
  std::uint64_t input_taken = 0;
  bool exited = false;
  std::uint64_t exit_value = 0;
  bool ended = false;
  std::uint64_t end_offset = 0;

 private:
  void Take(const Frame& frame) {
    switch (frame.header.type) {
      case FrameType::kStarted:
        started = frame.header.value;
        break;
      case FrameType::kStartFailed:
        start_failed = frame.header.value;
        break;
      case FrameType::kOutput:
        EXPECT_FALSE(ended);
        EXPECT_EQ(frame.header.value, begin + output.size()) << "a gap, or a repetition";
        output += frame.payload;
        if (credit) Send(FrameType::kCredit, begin + output.size());
        if (ack) Send(FrameType::kAck, begin + output.size());
        break;
      case FrameType::kInputTaken:
        EXPECT_GT(frame.header.value, input_taken);
        input_taken = frame.header.value;
        break;
      case FrameType::kExited:
        EXPECT_FALSE(exited);
        exited = true;
        exit_value = frame.header.value;
        break;
      case FrameType::kOutputEnd:
        EXPECT_FALSE(ended);
        ended = true;
        end_offset = frame.header.value;
        EXPECT_EQ(end_offset, begin + output.size());
        break;
      default:
        ADD_FAILURE() << "frame " << static_cast<int>(frame.header.type);
    }
  }
  bool ReadAll(char* to, std::size_t size) {
    while (size > 0) {
      const ssize_t got = ::recv(socket_.get(), to, size, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        ended_ = got == 0 || errno == ECONNRESET;
        return false;
      }
      to += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }

  UniqueFd socket_;
  std::string hello_payload_;
  bool ended_ = false;
};

// The holder of the build that this program belongs to.
inline std::string HolderProgram() {
  namespace fs = std::filesystem;
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  return (folder / "../../tmux/paned-holder").lexically_normal().string();
}

// A holder without a pane, as PtyLauncher starts it.
class HolderProgramTest : public ::testing::Test {
 protected:
  HolderProgramTest() {
    std::array<int, 2> ends = {};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    wire_ = HolderWire(UniqueFd(ends[0]));
    const UniqueFd theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 3);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, 4);
    std::string name = HolderProgram();
    std::string directory = directory_.path();
    std::string connected = "-";
    const std::array<char*, 4> argv = {name.data(), directory.data(), connected.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, name.c_str(), &actions, nullptr, argv.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    EXPECT_TRUE(wire_.Greeted());
    socket_path_ = wire_.hello.socket_path;
  }
  ~HolderProgramTest() override {
    wire_.Close();
    if (reaped_) return;
    // A decent end, so that what it runs ends too.
    HolderWire ender = HolderWire::ConnectTo(socket_path_);
    if (ender.open()) ender.Send(FrameType::kEnd);
    if (!Eventually([this] { return Ended(); })) {
      ADD_FAILURE() << "the holder does not end";
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  // Reaps the holder when it has ended.
  bool Ended() {
    if (!reaped_) reaped_ = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
    return reaped_;
  }
  void Plan(const std::string& command, std::uint64_t ring = 1 << 20,
            std::uint32_t running_ttl = 60, std::uint32_t ended_ttl = 60) {
    wire_.Send(FrameType::kPlan, ring,
               PlanFor("stty raw -echo; " + command, running_ttl, ended_ttl));
    EXPECT_TRUE(wire_.Until([this] { return wire_.started != 0; }));
    child_ = static_cast<pid_t>(wire_.started);
  }
  // Another server, which goes on from `offset`.
  HolderWire Adopt(std::uint64_t offset) {
    HolderWire wire = Call();
    wire.begin = offset;
    wire.Send(FrameType::kAdopt, offset);
    return wire;
  }
  // One that is let in: the holder may not have seen yet that the one before has gone.
  HolderWire Call() {
    HolderWire wire;
    EXPECT_TRUE(Eventually([&] {
      wire = HolderWire::ConnectTo(socket_path_);
      return wire.open() && wire.Greeted();
    }));
    return wire;
  }

  HolderDirectory directory_;
  HolderWire wire_;
  pid_t pid_ = -1;
  pid_t child_ = 0;
  bool reaped_ = false;
  std::string socket_path_;
};

}  // namespace paned
