// What processes on a terminal keep to beside the contract of all backends, whether in tmux or on a
// bare pty: typed suites, instantiated with the traits of terminal_traits.h.
// TerminalContract: what a program and who types see. HolderContract: what stands between them and
// the server.
// Threading: one thread, which runs the loop.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tests/process/backend_contract.h"

namespace paned {

template <class Traits>
class TerminalContract : public BackendFixture<Traits> {
 protected:
  using Answer = std::optional<Result<protocol::ScreenResult>>;

  // A shell command on a terminal as it comes, cooked.
  void StartCooked(const std::string& command) {
    this->StartProgram({"/bin/sh", "-c", command}, true);
  }
  void StartIn(const std::string& term, std::vector<std::string> argv) {
    LaunchPlan plan = this->Plan(std::move(argv));
    plan.env.push_back("TERM=" + term);
    this->StartPlan(plan);
  }
  std::shared_ptr<Answer> AskScreen() {
    auto answer = std::make_shared<Answer>();
    this->process_->ReadScreen([answer](Result<protocol::ScreenResult> screen) {
      EXPECT_FALSE(answer->has_value()) << "a screen is answered twice";
      *answer = std::move(screen);
    });
    return answer;
  }
};

template <class Traits>
class HolderContract : public TerminalContract<Traits> {
 protected:
  // The holder of the process of now: the child's parent.
  pid_t Holder() const {
    std::ifstream file("/proc/" + std::to_string(this->process_->pid()) + "/stat");
    std::string pid;
    std::string name;
    std::string state;
    pid_t parent = 0;
    file >> pid >> name >> state >> parent;
    return parent;
  }
  // The name of a holder's own socket; empty: it has none.
  std::string SocketOf(pid_t holder) const {
    const std::string begin = "/" + std::to_string(holder) + "-";
    for (const std::string& path : this->traits_.directory().Sockets()) {
      if (path.find(begin) != std::string::npos) return path;
    }
    return {};
  }
  bool RunUntilRunning() {
    return this->RunUntil([this] { return !this->process_->Starting(); });
  }
};

TYPED_TEST_SUITE_P(TerminalContract);
TYPED_TEST_SUITE_P(HolderContract);

}  // namespace paned

#include "tests/tmux/holder_contract_cases.h"
#include "tests/tmux/terminal_contract_cases.h"
