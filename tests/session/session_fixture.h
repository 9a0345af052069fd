// A registry on a clock moved by hand, with children played by a FakeBackend.
// Threading: one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/session/session_registry.h"
#include "tests/support/fake_backend.h"
#include "tests/support/fake_session_client.h"
#include "tests/support/manual_clock.h"

namespace paned {

using Lines = std::vector<std::string>;

class SessionFixture : public ::testing::Test {
 protected:
  SessionFixture() {
    context_.clock = &clock_;
    context_.budget = &budget_;
  }

  // A start whose outcome is known at once.
  Status StartProcess(Session* session, const std::string& id) {
    LaunchPlan plan;
    plan.argv = {id};
    plan.pipe_stdin = true;
    std::optional<Status> outcome;
    session->StartProcess(id, &backend_, plan, [&](Status status) {
      EXPECT_FALSE(outcome) << "a start is answered twice";
      outcome = std::move(status);
    });
    if (!outcome) return Error{ErrorKind::kInternal, "not answered"};
    return std::move(*outcome);
  }
  // The start of a tty process that takes its time: "" while it does, "ok", or the error's text.
  std::shared_ptr<std::string> StartLater(Session* session, const std::string& id) {
    LaunchPlan plan;
    plan.argv = {id};
    plan.tty = true;
    backend_.StartLater();
    auto outcome = std::make_shared<std::string>();
    session->StartProcess(id, &backend_, plan, [outcome, session, id](const Status& status) {
      EXPECT_EQ(*outcome, "") << "a start is answered twice";
      *outcome = status.ok() ? "ok" : status.error().message;
      // What a client learns it may rely on.
      EXPECT_EQ(session->processes().Find(id) != nullptr, status.ok());
    });
    return outcome;
  }
  static const ClientProfile* Codex() { return FindProfile("codex"); }

  // A claim's outcome: "" while it waits, the session's id, or the error's text.
  struct Claimed {
    std::string outcome;
    Session* session = nullptr;
    std::optional<ErrorKind> error;
    int calls = 0;
  };
  std::shared_ptr<Claimed> Claim(const std::string& id) {
    auto claimed = std::make_shared<Claimed>();
    registry_.Claim(id, [claimed](const Result<Session*>& result) {
      ++claimed->calls;
      if (result.ok()) {
        claimed->session = result.value();
        claimed->outcome = claimed->session->id();
      } else {
        claimed->outcome = result.error().message;
        claimed->error = result.error().kind;
      }
    });
    return claimed;
  }

  ManualClock clock_;
  OutputBudget budget_{std::size_t{1} << 24};
  SessionContext context_;
  FakeBackend backend_;
  FakeSessionClient client_;
  FakeSessionClient other_;
  SessionRegistry registry_{&context_};
};

}  // namespace paned
