// Operating system errors in the reference's words: musl's texts, not glibc's, because clients
// match on them. Threading: pure.
#pragma once

#include <string>

#include "server/base/result.h"

namespace paned {

// "No such file or directory (os error 2)".
std::string OsErrorText(int error_number);

// The Error of a failed file call: ENOENT is kNotFound, EINVAL, EACCES and EPERM kInvalidRequest,
// all else kInternal (section 8, and measured). `path` and a hint for the common ones go along.
Error FileError(int error_number, std::string path);

}  // namespace paned
