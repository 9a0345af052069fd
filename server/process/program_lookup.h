// Which file a launch plan's program is, and why a start failed: the same for every backend.
// Source: exec-server protocol, section 7.1; execvp(3). Threading: stateless.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/process/backend.h"

namespace paned {

// The error for a plan that no backend can start: an empty program name, a NUL byte somewhere.
std::optional<Error> RefusePlan(const LaunchPlan& plan);

// The paths to try, in order: the name itself when it has a slash, else what exists of it in the
// PATH of the child. Empty when there is nothing. Relative ones count from the child's directory.
std::vector<std::string> ProgramCandidates(const LaunchPlan& plan);

// The wire's error for a start that failed with `error_number` (0: nothing was there to be tried):
// the directory or the program, whichever is to blame, with a hint.
Error ExplainStartFailure(int error_number, const LaunchPlan& plan);

// An error of process/start by its errno.
Error StartError(int error_number, std::string path, std::string hint = {});

}  // namespace paned
