// The handshake's table, cell by cell.
#include "server/rpc/handshake.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace paned {
namespace {

using State = HandshakeState;
using Message = HandshakeMessage;
using Action = HandshakeAction;
using Cell = std::tuple<State, Message, Action>;

class Handshake : public ::testing::TestWithParam<Cell> {};

TEST_P(Handshake, Says) {
  const auto [state, message, action] = GetParam();
  EXPECT_EQ(static_cast<int>(OnHandshake(state, message)), static_cast<int>(action));
}

INSTANTIATE_TEST_SUITE_P(
    Cells, Handshake,
    ::testing::Values(Cell{State::kOpen, Message::kInitialize, Action::kProceed},
                      Cell{State::kOpen, Message::kInitialized, Action::kIgnore},
                      Cell{State::kOpen, Message::kFamilyRequest, Action::kRefuseBeforeInit},
                      Cell{State::kInitializing, Message::kInitialize, Action::kDefer},
                      Cell{State::kInitializing, Message::kInitialized, Action::kDefer},
                      Cell{State::kInitializing, Message::kFamilyRequest, Action::kDefer},
                      Cell{State::kInitialized, Message::kInitialize, Action::kRefuseRepeated},
                      Cell{State::kInitialized, Message::kInitialized, Action::kProceed},
                      Cell{State::kInitialized, Message::kFamilyRequest,
                           Action::kRefuseBeforeReady},
                      Cell{State::kReady, Message::kInitialize, Action::kRefuseRepeated},
                      Cell{State::kReady, Message::kInitialized, Action::kIgnore},
                      Cell{State::kReady, Message::kFamilyRequest, Action::kProceed}));

}  // namespace
}  // namespace paned
