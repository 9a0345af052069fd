// Unguessable names. Threading: thread-safe.
#pragma once

#include <string>

namespace paned {

// A random UUID, version 4, from the kernel's generator. Session ids are secrets of a kind: whoever
// knows one may resume the session.
std::string RandomUuid();

}  // namespace paned
