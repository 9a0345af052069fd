// A server as its clients see it, without the server: a runtime directory with a real listing in
// it, on an io loop that the test turns by hand, and commands run in a child that shares nothing
// with it but files. Threading: one thread.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/asio_clock.h"
#include "server/base/runtime_directory.h"
#include "server/base/unique_fd.h"
#include "server/listing.h"
#include "tests/support/temp_dir.h"

namespace paned::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::chrono::seconds kPatience(90);
#else
constexpr std::chrono::seconds kPatience(30);
#endif

// A child of the test, on pipes or on a terminal of its own.
class Child {
 public:
  // `body` runs in the child; its result is the exit code. `terminal`: 40 rows, 120 columns.
  Child(const std::function<int()>& body, bool terminal);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  // Types on its terminal.
  void Type(const std::string& text) const;
  // All it has written up to now, stdout and stderr.
  const std::string& Output();
  // Its exit code, 128+n for a death by signal n; nothing while it runs.
  std::optional<int> Ended();

 private:
  pid_t pid_ = -1;
  UniqueFd fd_;
  std::string output_;
  std::optional<int> code_;
};

class ClientFixture : public ::testing::Test {
 protected:
  // A server below base(), with these rows. Several may live at once.
  struct Served {
    explicit Served(RuntimeDirectory made) : directory(std::move(made)) {}
    RuntimeDirectory directory;
    std::vector<ListingRow> rows;
    std::unique_ptr<Listing> listing;
  };
  Served* Serve(std::vector<ListingRow> rows, const std::string& url = "ws://127.0.0.1:1234");

  // Turns the io loop until `done`; false when that takes too long.
  bool Eventually(const std::function<bool()>& done);
  // Waits for a child; its exit code.
  std::optional<int> Wait(Child* child);

  const std::string& base() const { return temp_.path(); }

  TempDir temp_;
  asio::io_context io_;
  AsioClock clock_{&io_};
  std::vector<std::unique_ptr<Served>> served_;
};

ListingRow Row(const std::string& id, const std::string& backend, const std::string& pane = "");

}  // namespace paned::testing
