// Processes on bare ptys keep the contract of all backends, and that of terminals.
#include "tests/process/backend_contract.h"
#include "tests/tmux/terminal_contract.h"
#include "tests/tmux/terminal_traits.h"

namespace paned {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Pty, BackendContract, PtyTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Pty, StartContract, PtyTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Pty, TerminalContract, PtyTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Pty, HolderContract, PtyTraits);

class PtyBackendTest : public TerminalContract<PtyTraits> {};

TEST_F(PtyBackendTest, HasNoScreenAndSaysSoLater) {
  Start("exec sleep 1000");
  for (const bool running : {false, true}) {
    if (running) {
      ASSERT_TRUE(RunUntil([this] { return !process_->Starting(); }));
    }
    const auto answer = AskScreen();
    EXPECT_FALSE(answer->has_value());
    ASSERT_TRUE(RunUntil([&] { return answer->has_value(); }));
    ASSERT_FALSE((*answer)->ok());
    EXPECT_EQ((*answer)->error().kind, ErrorKind::kInvalidRequest);
    EXPECT_EQ((*answer)->error().message,
              running ? "the process runs without tmux: there is no screen to read"
                      : "the process has no screen now");
  }
  EXPECT_EQ(process_->backend_name(), "pty");
  EXPECT_EQ(process_->pane(), "");
}

}  // namespace
}  // namespace paned
