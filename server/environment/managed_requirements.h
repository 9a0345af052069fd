// What an old managed_config.toml demands, said as requirements: the reference turns three of its
// settings into lists of what is allowed.
// Source: measured; protocol/README.md. Threading: pure function.
#pragma once

#include "server/base/result.h"
#include "server/environment/toml_value.h"

namespace paned {

// approval_policy, approvals_reviewer and sandbox_mode of `managed` as allowed_approval_policies,
// allowed_approvals_reviewers and allowed_sandbox_modes; those that are not set are left out.
// A value that is none of the settings' own is an error with the reference's text.
Result<TomlValue> RequirementsOf(const TomlValue& managed);

}  // namespace paned
