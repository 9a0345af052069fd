#include "tests/client/client_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace paned::testing {

Child::Child(const std::function<int()>& body, bool terminal) {
  int ours = -1;
  std::array<int, 2> ends = {-1, -1};
  if (terminal) {
    const winsize size = {40, 120, 0, 0};
    pid_ = ::forkpty(&ours, nullptr, nullptr, &size);
  } else {
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    pid_ = ::fork();
    ours = ends[0];
  }
  if (pid_ == 0) {
    if (!terminal) {
      const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      ::dup2(null, STDIN_FILENO);
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
    }
    ::_exit(body());
  }
  EXPECT_GT(pid_, 0);
  if (!terminal) ::close(ends[1]);
  fd_ = UniqueFd(ours);
  ::fcntl(ours, F_SETFL, ::fcntl(ours, F_GETFL) | O_NONBLOCK);  // NOLINT(hicpp-signed-bitwise)
  ::fcntl(ours, F_SETFD, FD_CLOEXEC);
}

Child::~Child() {
  if (Ended()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::Type(const std::string& text) const {
  EXPECT_EQ(::write(fd_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

const std::string& Child::Output() {
  std::array<char, 4096> buffer = {};
  ssize_t got = 0;
  while ((got = ::read(fd_.get(), buffer.data(), buffer.size())) > 0) {
    output_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return output_;
}

std::optional<int> Child::Ended() {
  Output();  // a full terminal would hold it back
  int status = 0;
  if (!code_ && pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    Output();
  }
  return code_;
}

ClientFixture::Served* ClientFixture::Serve(std::vector<ListingRow> rows, const std::string& url) {
  Result<RuntimeDirectory> opened = RuntimeDirectory::Open(base(), nullptr);
  EXPECT_TRUE(opened.ok());
  served_.push_back(std::make_unique<Served>(std::move(opened.value())));
  Served* served = served_.back().get();
  served->rows = std::move(rows);
  ListingHead head;
  head.pid = ::getpid();
  head.url = url;
  head.backend = "tmux";
  head.tmux_socket = served->directory.Socket("tmux.sock").value();
  Result<std::unique_ptr<Listing>> listing = Listing::Open(
      &io_, &clock_, served->directory.Socket("listing.sock").value(), head,
      [served] { return served->rows; }, [](std::string_view, const std::string&) {});
  EXPECT_TRUE(listing.ok());
  served->listing = std::move(listing.value());
  return served;
}

bool ClientFixture::Eventually(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io_.restart();
    io_.run_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::optional<int> ClientFixture::Wait(Child* child) {
  EXPECT_TRUE(Eventually([&] { return child->Ended().has_value(); })) << child->Output();
  return child->Ended();
}

ListingRow Row(const std::string& id, const std::string& backend, const std::string& pane) {
  ListingRow row;
  row.id = id;
  row.session = "0a1b2c3d-0000-4000-8000-000000000000";
  row.backend = backend;
  row.state = "running";
  row.age = std::chrono::seconds(75);
  row.argv0 = "/bin/cat";
  row.pane = pane;
  row.pid = 4711;
  return row;
}

}  // namespace paned::testing
