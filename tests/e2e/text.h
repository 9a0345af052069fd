// Text in and out of JSON for the end-to-end tests, sharing no code with the server.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace paned::testing {

// "text", escaped for JSON.
std::string Quote(std::string_view text);
// ["a","b"]
std::string QuoteAll(const std::vector<std::string>& texts);
std::string ToBase64(std::string_view bytes);
// Stops at the first character that is none.
std::string FromBase64(std::string_view text);

// argv of a shell script.
std::vector<std::string> Sh(const std::string& script);
// process/start's parameters; `more` is appended inside the braces: `"pipeStdin":true`.
std::string StartParams(const std::string& id, const std::vector<std::string>& argv,
                        const std::string& more = {});
std::string ReadParams(const std::string& id, std::uint64_t after_seq, std::uint64_t wait_ms,
                       const std::string& more = {});
std::string WriteParams(const std::string& id, std::string_view bytes,
                        const std::string& write_id = {});
// {"processId":id}
std::string IdParams(const std::string& id);
// {"path":path}, with more members behind it.
std::string PathParams(const std::string& path, const std::string& more = {});

}  // namespace paned::testing
