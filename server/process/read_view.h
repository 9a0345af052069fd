// What one process/read sees of a process: a profile's view of the profile-free output log, and
// whether it is time to answer. Source: exec-server protocol, section 7.5; go-bridge rules R1-R4.
// Threading: pure; io thread.
#pragma once

#include <optional>

#include "protocol/types.h"
#include "server/process/backend.h"
#include "server/process/client_profile.h"
#include "server/process/output_log.h"

namespace paned {

// The facts of a process that a view needs beside its log.
struct ProcessFacts {
  std::optional<ExitStatus> exit;  // set once exited
  TimePoint exited_at{};
  TimePoint last_output_at{};
  TimePoint resumed_at{};     // when the last hold ended
  bool output_ended = false;  // every stream is at EOF
  bool held = false;          // output may stand in the pipe until somebody reads
};

// One read, from its arrival to its answer.
struct PendingRead {
  protocol::ReadParams params;
  TimePoint arrived{};
  std::optional<TimePoint> first_new_byte;  // when there first was something to return
};

// Either the answer, or when to look again at the latest (an event may come sooner).
struct ReadVerdict {
  std::optional<protocol::ReadResult> answer;  // views into the log
  TimePoint look_again{};
};

ReadVerdict EvaluateRead(const OutputLog& log, const ProcessFacts& facts,
                         const ClientProfile& profile, TimePoint now, PendingRead* read);

}  // namespace paned
