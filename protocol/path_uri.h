// Paths of the wire: plain absolute ones and file: URIs, both ways.
// Source: exec-server protocol, section 6 (WHATWG-style parsing). Pure; no look at the disk.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/types.h"

namespace paned::protocol {

// Reads a path in either form: text that starts with '/' is a plain path, anything else is a URI.
// In both "." and ".." are resolved by name alone, as the reference does. Returns the reference's
// text for what is neither ("invalid URI: relative URL without a base", "unsupported path URI
// scheme `http`", ...).
std::optional<std::string> ParsePath(std::string_view text, Path* out);

// file:// URI of an absolute native path; bytes outside the URI alphabet are percent-encoded.
std::string ToUri(std::string_view native);

// `native` in the given form.
std::string FormatPath(std::string_view native, PathForm form);

}  // namespace paned::protocol
