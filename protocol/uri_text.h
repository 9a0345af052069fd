// Letters and percent-encoding of URIs, by the URL standard of the WHATWG. Pure.
#pragma once

#include <string>
#include <string_view>

namespace paned::protocol {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char ToUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool IsAlpha(char c) { return ToLower(c) >= 'a' && ToLower(c) <= 'z'; }

// What AppendEncoded starts from: a path of a URI, whose escapes stay, or bytes of a file system,
// where '%' and '\' are ordinary characters and must be encoded.
enum class PathSet { kUriPath, kNativePath };

void AppendEncoded(std::string_view text, PathSet set, std::string* out);

// One byte as %XX.
void AppendEscaped(char byte, std::string* out);

// Appends `text` with its %XX decoded; a broken escape stays as it is.
void AppendDecoded(std::string_view text, std::string* out);

}  // namespace paned::protocol
