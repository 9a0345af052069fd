// The table of a connection's open files: ids, limits, and what happens while a file is opened.
#include "server/fs/file_handles.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/os_error.h"

namespace paned {
namespace {

class FileHandlesTest : public ::testing::Test {
 protected:
  bool RunUntil(const std::function<bool()>& done) {
    const auto guard = asio::make_work_guard(io_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    io_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      io_.run_one_for(std::chrono::milliseconds(5));
    }
    return done();
  }
  static Result<OpenFile> OpenNull() {
    OpenFile file;
    file.fd = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return file;
  }
  // Opens and waits for it; "" or the error's text.
  std::string Open(const std::string& id, FileHandles::Opener opener = OpenNull) {
    std::optional<std::string> told;
    const Status free = handles_->CheckOpen(id);
    if (!free.ok()) return free.error().message;
    handles_->Open(id, std::move(opener),
                   [&](Status opened) { told = opened.ok() ? "" : opened.error().message; });
    EXPECT_TRUE(RunUntil([&] { return told.has_value(); }));
    return told.value_or("nothing");
  }
  // "open", the error's text, or "later".
  std::string Find(const std::string& id) {
    std::string told = "later";
    handles_->Find(id, [&](Result<FileRef> file) { told = Told(file); });
    return told;
  }
  static std::string Told(const Result<FileRef>& file) {
    if (!file.ok()) return file.error().message;
    return ::fcntl(file.value()->fd.get(), F_GETFD) >= 0 ? "open" : "closed";
  }
  static std::ptrdiff_t OpenDescriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  }

  asio::io_context io_;
  WorkerPool workers_{&io_, 2};
  std::shared_ptr<FileHandles> handles_ = std::make_shared<FileHandles>(&workers_);
  // What an opener that waits for the test waits for.
  std::promise<void> gate_;
  const std::shared_future<void> gate_open_ = gate_.get_future().share();
};

TEST_F(FileHandlesTest, AnIdMeansOneFileUntilItIsClosed) {
  EXPECT_EQ(Find("a"), "unknown file handle `a`");
  EXPECT_EQ(Open("a"), "");
  EXPECT_EQ(Find("a"), "open");
  EXPECT_EQ(Open("a"), "file handle `a` already exists");
  EXPECT_EQ(Open(""), "") << "an empty id is one, too";
  handles_->Close("a");
  handles_->Close("a");
  EXPECT_EQ(Find("a"), "unknown file handle `a`");
  EXPECT_EQ(Open("a"), "");
}

TEST_F(FileHandlesTest, IdsHaveAtMostThirtyTwoBytes) {
  EXPECT_TRUE(CheckHandleId(std::string(32, 'x')).ok());
  const Status longer = CheckHandleId(std::string(33, 'x'));
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.error().message, "file handle ID must not exceed 32 bytes");
  EXPECT_EQ(longer.error().kind, ErrorKind::kInvalidRequest);
  std::string accented;  // 17 characters, 34 bytes
  for (int n = 0; n < 17; ++n) accented += "\xc3\xa9";
  EXPECT_FALSE(CheckHandleId(accented).ok());
}

TEST_F(FileHandlesTest, AFailedOpenLeavesNothing) {
  const auto fail = []() -> Result<OpenFile> { return FileError(ENOENT, "/x"); };
  EXPECT_EQ(Open("a", fail), "No such file or directory (os error 2)");
  EXPECT_EQ(Find("a"), "unknown file handle `a`");
  EXPECT_EQ(Open("a"), "");
}

TEST_F(FileHandlesTest, AtMostOneHundredAndTwentyEight) {
  for (std::size_t n = 0; n < kMaxHandles; ++n) ASSERT_EQ(Open(std::to_string(n)), "");
  EXPECT_EQ(Open("more"), "at most 128 file handles may be open per connection");
  EXPECT_EQ(Open("5"), "file handle `5` already exists");
  EXPECT_EQ(Open(std::string(33, 'x')), "file handle ID must not exceed 32 bytes");
  handles_->Close("5");
  EXPECT_EQ(Open("more"), "");
}

TEST_F(FileHandlesTest, WhatComesWhileAFileIsOpenedWaitsForIt) {
  std::vector<std::string> told;
  const auto note = [&](const char* who) {
    return [&told, who](Result<FileRef> file) { told.push_back(who + Told(file)); };
  };
  handles_->Open(
      "a",
      [gate = gate_open_] {
        gate.wait();
        return OpenNull();
      },
      [&](Status opened) { told.push_back(opened.ok() ? "opened" : "failed"); });
  handles_->Find("a", note("first "));
  EXPECT_FALSE(handles_->CheckOpen("a").ok()) << "it counts already";
  handles_->Close("a");
  handles_->Find("a", note("behind the close "));
  EXPECT_TRUE(handles_->CheckOpen("a").ok());
  gate_.set_value();
  ASSERT_TRUE(RunUntil([&] { return told.size() == 3; }));
  EXPECT_EQ(told, (std::vector<std::string>{"behind the close unknown file handle `a`", "opened",
                                            "first open"}));
  EXPECT_EQ(Find("a"), "unknown file handle `a`");
}

TEST_F(FileHandlesTest, TheIdOfAClosedOpeningCanBeTakenAnew) {
  handles_->Open(
      "a",
      [gate = gate_open_]() -> Result<OpenFile> {
        gate.wait();
        return FileError(ENOENT, "/x");
      },
      [](Status) {});
  handles_->Close("a");
  EXPECT_EQ(Open("a"), "");
  gate_.set_value();
  EXPECT_EQ(Open("b"), "");  // whatever the first one did, it has done it
  EXPECT_EQ(Find("a"), "open");
}

TEST_F(FileHandlesTest, AFileOutlivesItsHandleWhileItIsUsed) {
  const auto before = OpenDescriptors();
  ASSERT_EQ(Open("a"), "");
  FileRef used;
  handles_->Find("a", [&](Result<FileRef> file) { used = file.value(); });
  handles_->Close("a");
  EXPECT_GE(::fcntl(used->fd.get(), F_GETFD), 0);
  used.reset();
  EXPECT_TRUE(RunUntil([&] { return OpenDescriptors() <= before; }));
}

TEST_F(FileHandlesTest, DropMeansThatFileOnly) {
  ASSERT_EQ(Open("a"), "");
  FileRef old;
  handles_->Find("a", [&](Result<FileRef> file) { old = file.value(); });
  handles_->Close("a");
  ASSERT_EQ(Open("a"), "");
  handles_->Drop("a", old);
  EXPECT_EQ(Find("a"), "open");
  handles_->Find("a", [&](Result<FileRef> file) { old = file.value(); });
  handles_->Drop("a", old);
  EXPECT_EQ(Find("a"), "unknown file handle `a`");
}

TEST_F(FileHandlesTest, AllGoWithTheConnection) {
  const auto before = OpenDescriptors();
  for (int n = 0; n < 20; ++n) ASSERT_EQ(Open(std::to_string(n)), "");
  EXPECT_GE(OpenDescriptors(), before + 20);
  bool opened = false;
  handles_->Open(
      "late",
      [gate = gate_open_] {
        gate.wait();
        return OpenNull();
      },
      [&](Status) { opened = true; });
  handles_->CloseAll();
  handles_.reset();
  gate_.set_value();
  ASSERT_TRUE(RunUntil([&] { return opened; }));
  EXPECT_TRUE(RunUntil([&] { return OpenDescriptors() <= before; }));
}

}  // namespace
}  // namespace paned
