// How many requests of one connection run at once: --concurrent-requests. 1: strictly one after
// another, in the order of arrival, whatever the message is. N: N ordinary ones, and N more of the
// short ones that must not wait behind them. What has to wait is kept as it came, unparsed, and
// stays charged to its connection, which is read no further when too much waits.
// Source: exec-server protocol, section 5, and measured. Threading: io thread only.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "server/base/clock.h"
#include "server/net/connection.h"
#include "server/rpc/reply.h"

namespace paned {

struct ConcurrencyLimit {
  Clock* clock = nullptr;
  std::size_t requests = 0;  // 0: no limit
};

class RequestTurns {
 public:
  // `run` deals with a message; it lets go of the turn when there is nothing more to be done for
  // it. The turn is null when the message needs none.
  using Run = std::function<void(InboundFrame frame, Turn turn)>;

  RequestTurns(const ConcurrencyLimit& limit, Run run);
  RequestTurns(const RequestTurns&) = delete;
  RequestTurns& operator=(const RequestTurns&) = delete;
  ~RequestTurns();

  // Runs the message now, or when its turn has come.
  void Take(InboundFrame frame);

 private:
  enum Lane : std::size_t { kOrdinary, kPrompt, kLanes };
  struct Line {
    std::size_t running = 0;
    std::list<InboundFrame> waiting;
  };
  // Outlives this object as long as there are turns: they come back to nobody then.
  struct Lines {
    std::array<Line, kLanes> lines;
    RequestTurns* owner = nullptr;
  };

  void Enter(Lane lane, InboundFrame frame);
  void Serve(Lane lane);
  Turn Begin(Lane lane);
  void OnEnded(Lane lane);

  const ConcurrencyLimit limit_;
  const Run run_;
  std::shared_ptr<Lines> lines_;
  std::optional<Lane> serving_;
  std::unique_ptr<Timer> next_;
};

}  // namespace paned
