// A Process between a FakeBackend, a clock moved by hand and a recording observer: what the tests
// of its rules share. Small limits: 8 KiB stay readable, read in pieces of 4 KiB at most; the log
// is full at 16 KiB.
// Threading: one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/process/process.h"
#include "tests/support/fake_backend.h"
#include "tests/support/manual_clock.h"

namespace paned {

// Records pushes as short lines; can have enough after some of them.
class RecordingObserver final : public ProcessObserver {
 public:
  bool WantsEvents() const override { return wants; }
  void PushOutput(const std::string& process_id, const protocol::OutputChunk& chunk) override {
    lines.push_back("output " + process_id + ' ' + std::to_string(chunk.seq) + ' ' +
                    std::string(NameOf(chunk.stream)));
    pushed += chunk.bytes;
  }
  void PushExited(const std::string& process_id, std::uint64_t seq, int exit_code) override {
    lines.push_back("exited " + process_id + ' ' + std::to_string(seq) + ' ' +
                    std::to_string(exit_code));
  }
  void PushClosed(const std::string& process_id, std::uint64_t seq) override {
    lines.push_back("closed " + process_id + ' ' + std::to_string(seq));
  }
  // What is sent counts as taken at once, unless a test keeps it back.
  void OnOutputSent(const std::string& /*process_id*/, const SentOutput& sent) override {
    if (takes_at_once) {
      process->OnTaken(sent);
    } else {
      sent_output.push_back(sent);
    }
  }
  void OnHeld(const std::string& /*process_id*/) override { ++held; }
  void OnEventsBlocked(const std::string& /*process_id*/) override { ++blocked; }
  void OnClosed(const std::string& /*process_id*/) override { ++closed; }

  bool wants = true;
  std::vector<std::string> lines;
  std::string pushed;  // all output pushed, joined
  Process* process = nullptr;
  bool takes_at_once = true;
  std::vector<SentOutput> sent_output;  // what was not taken yet
  int held = 0;
  int blocked = 0;
  int closed = 0;
};

// A reply to process/read, kept.
struct Answer {
  bool given = false;
  std::string bytes;                // of all chunks
  std::vector<std::uint64_t> seqs;  // of the chunks
  protocol::ReadResult result;      // its chunks' views are dead
};

class ProcessTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kChunk = 4096;
  static constexpr std::size_t kRetain = 2 * kChunk;
  static constexpr std::size_t kLog = 4 * kChunk;

  ProcessTest() {
    limits_.retain_bytes = kRetain;
    limits_.max_chunk = kChunk;
    limits_.max_queued_input = 100;
    limits_.remembered_write_ids = 3;
  }

  // Starts `p` with a client of the profile attached, or none (nullptr).
  void Start(const char* profile, bool pipe_stdin = false) {
    LaunchPlan plan;
    plan.argv = {"program"};
    plan.pipe_stdin = pipe_stdin;
    Launch(profile, plan);
    ASSERT_EQ(start_outcome_, "ok");
  }
  void StartTty(const char* profile) {
    LaunchPlan plan;
    plan.argv = {"program"};
    plan.tty = true;
    Launch(profile, plan);
    ASSERT_EQ(start_outcome_, "ok");
  }
  // As StartTty(), but it runs only once child().Started() is called.
  void StartTtyLater(const char* profile) {
    LaunchPlan plan;
    plan.argv = {"program"};
    plan.tty = true;
    backend_.StartLater();
    Launch(profile, plan);
    ASSERT_EQ(start_outcome_, "");
  }
  void Launch(const char* profile, const LaunchPlan& plan) {
    process_ = std::make_unique<Process>("p", &clock_, limits_, &budget_, &observer_);
    observer_.process = process_.get();
    if (profile != nullptr) process_->AttachClient(FindProfile(profile), /*resumed=*/false);
    start_outcome_.clear();
    process_->Start(&backend_, plan, [this](const Status& started) {
      EXPECT_EQ(start_outcome_, "") << "a start is answered twice";
      start_outcome_ = started.ok() ? "ok" : started.error().message;
      if (!started.ok()) process_.reset();  // as a session does
    });
  }
  void Resume(const char* profile) {
    process_->AttachClient(FindProfile(profile), /*resumed=*/true);
  }

  FakeChild& child() { return backend_.last(); }
  // Output in pieces of one chunk each.
  void PrintChunks(std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) child().Print(std::string(kChunk, Letter()));
  }
  // Fills the log to the last byte and lets one more chunk stand in the pipe.
  void FillUntilHeld() {
    PrintChunks(kLog / kChunk + 1);
    ASSERT_TRUE(process_->held());
    ASSERT_EQ(child().in_pipe(), kChunk);
  }

  std::shared_ptr<Answer> Read(std::uint64_t after_seq, std::uint64_t wait_ms = 0,
                               std::optional<std::uint64_t> max_bytes = std::nullopt) {
    protocol::ReadParams params;
    params.process_id = "p";
    params.after_seq = after_seq;
    params.wait_ms = wait_ms;
    params.max_bytes = max_bytes;
    auto answer = std::make_shared<Answer>();
    process_->Read(params, [answer](const protocol::ReadResult& result) {
      EXPECT_FALSE(std::exchange(answer->given, true)) << "a read is answered twice";
      answer->result = result;
      for (const protocol::OutputChunk& chunk : result.chunks) {
        answer->bytes += chunk.bytes;
        answer->seqs.push_back(chunk.seq);
      }
    });
    return answer;
  }

  // What a write came to, in a word: "accepted", "stdinClosed", "" (waits), or the error's text.
  std::shared_ptr<std::string> Write(std::string bytes,
                                     const std::optional<std::string>& write_id = std::nullopt) {
    auto outcome = std::make_shared<std::string>();
    process_->Write(std::move(bytes), write_id,
                    [outcome](const Result<protocol::WriteStatus>& status) {
                      EXPECT_EQ(*outcome, "") << "a write is answered twice";
                      if (!status.ok()) {
                        *outcome = status.error().message;
                      } else if (status.value() == protocol::WriteStatus::kAccepted) {
                        *outcome = "accepted";
                      } else if (status.value() == protocol::WriteStatus::kStdinClosed) {
                        *outcome = "stdinClosed";
                      } else {
                        *outcome = "another status";
                      }
                    });
    return outcome;
  }

  ManualClock clock_;
  ProcessLimits limits_;
  OutputBudget budget_{std::size_t{1} << 20};
  RecordingObserver observer_;
  FakeBackend backend_;
  std::unique_ptr<Process> process_;
  std::string start_outcome_;  // "" while it is starting, "ok", or the error's text

 private:
  // Chunks differ, so that a lost or doubled one shows.
  char Letter() { return static_cast<char>('a' + printed_++ % 26); }

  std::size_t printed_ = 0;
};

using Lines = std::vector<std::string>;

}  // namespace paned
