#include "tmux/tmux_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace paned {
namespace {

constexpr std::size_t kMaxNameCharacters = 40;

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// Bytes of the well-formed UTF-8 character that opens `text`; 0: none does.
std::size_t CharacterSize(std::string_view text, std::uint32_t* code) {
  const auto at = [&](std::size_t n) { return static_cast<unsigned char>(text[n]); };
  const unsigned first = at(0);
  if (first < 0x80) {
    *code = first;
    return 1;
  }
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  *code = first & (0x7fU >> size);
  for (std::size_t n = 1; n < size; ++n) {
    if ((at(n) & 0xc0U) != 0x80) return 0;
    *code = *code << 6 | (at(n) & 0x3fU);
  }
  const bool overlong = (size == 3 && *code < 0x800) || (size == 4 && *code < 0x10000);
  const bool surrogate = *code >= 0xd800 && *code < 0xe000;
  return overlong || surrogate || *code > 0x10ffff ? 0 : size;
}

std::string QuoteForShell(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + '\'';
}

}  // namespace

// Single quotes hold all but themselves, the newline, as control mode goes by lines, and the byte
// 0xff, which tmux takes for the end of its input. What they cannot hold stands between two quoted
// runs as an escape.
std::string QuoteForTmux(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'') {
      quoted += "'\\''";
    } else if (IsControl(c) || c == '\xff') {
      const unsigned byte = static_cast<unsigned char>(c);
      quoted += "'\\";
      for (const unsigned shift : {6U, 3U, 0U}) {
        quoted += static_cast<char>('0' + ((byte >> shift) & 7U));
      }
      quoted += '\'';
    } else {
      quoted += c;
    }
  }
  return quoted + '\'';
}

std::string EscapeForArgv(std::string text) {
  if (!text.empty() && text.back() == ';') text.insert(text.size() - 1, 1, '\\');
  return text;
}

std::string SanitiseName(std::string_view name) {
  constexpr std::string_view kSpecial = ":.#\\$";
  std::string clean;
  for (std::size_t characters = 0; !name.empty() && characters < kMaxNameCharacters; ++characters) {
    std::uint32_t code = 0;
    const std::size_t size = CharacterSize(name, &code);
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    if (size == 0 || control || kSpecial.find(name.front()) != std::string_view::npos) {
      clean += '_';
    } else {
      clean += name.substr(0, size);
    }
    name.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return clean.empty() ? "_" : clean;
}

std::vector<std::string> CommandArguments(const std::vector<std::string>& command) {
  if (command.size() != 1) return command;
  return {"exec " + QuoteForShell(command.front())};
}

bool IsTmuxId(std::string_view id) {
  if (id.size() < 2 || (id.front() != '@' && id.front() != '%')) return false;
  return std::all_of(id.begin() + 1, id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace paned
