// The command lines of `paned ps` and `paned attach`. Threading: pure.
#pragma once

#include <string>
#include <vector>

#include "server/base/result.h"
#include "server/client/attach.h"
#include "server/client/ps.h"

namespace paned {

// `arguments` begin with the command itself. Errors say what is wrong with which word.
Result<PsOptions> ParsePs(const std::vector<std::string>& arguments);
Result<AttachOptions> ParseAttach(const std::vector<std::string>& arguments);

}  // namespace paned
