#include "server/environment/toml_writer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace paned {
namespace {

using Kind = TomlValue::Kind;

bool IsControl(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }

// What a text holds that not every way of quoting can carry.
struct Contents {
  bool controls = false;  // others than tab and newline
  bool newline = false;
  bool backslash = false;
  std::size_t single_quotes = 0;  // the longest run
  std::size_t double_quotes = 0;
};

Contents Inspect(std::string_view text) {
  Contents contents;
  std::size_t single = 0;
  std::size_t twice = 0;
  for (const char c : text) {
    single = c == '\'' ? single + 1 : 0;
    twice = c == '"' ? twice + 1 : 0;
    contents.single_quotes = std::max(contents.single_quotes, single);
    contents.double_quotes = std::max(contents.double_quotes, twice);
    if (c == '\\') contents.backslash = true;
    if (c == '\n') {
      contents.newline = true;
    } else if (c != '\t' && IsControl(c)) {
      contents.controls = true;
    }
  }
  return contents;
}

void AppendEscape(char c, std::string* out) {
  constexpr std::string_view kNamed = "\b\t\n\f\r\"\\";
  constexpr std::string_view kNames = "btnfr\"\\";
  const std::size_t at = kNamed.find(c);
  out->push_back('\\');
  if (at != std::string_view::npos) {
    out->push_back(kNames[at]);
    return;
  }
  std::array<char, 8> code = {};
  std::snprintf(code.data(), code.size(), "u%04X", static_cast<unsigned>(c));
  out->append(code.data());
}

// Between double quotes, one or three: a run longer than two needs an escape in the latter.
void AppendEscaped(std::string_view text, bool multi_line, std::string* out) {
  const std::size_t allowed = multi_line ? 2 : 0;
  std::size_t quotes = 0;
  for (const char c : text) {
    quotes = c == '"' ? quotes + 1 : 0;
    const bool escape =
        c == '"' ? quotes > allowed : c == '\\' || (IsControl(c) && !(multi_line && c == '\n'));
    if (!escape) {
      out->push_back(c);
      continue;
    }
    AppendEscape(c, out);
    quotes = 0;
  }
}

// The plainest way that can carry the text.
void AppendString(std::string_view text, std::string* out) {
  const Contents has = Inspect(text);
  const bool plain = !has.controls && !has.backslash;
  const char* opening = has.newline ? "\n" : "";  // a newline right after the quotes is not content
  if (plain && has.double_quotes == 0 && !has.newline) {
    out->push_back('"');
    AppendEscaped(text, false, out);  // tabs
    out->push_back('"');
  } else if (!has.controls && has.single_quotes == 0 && !has.newline) {
    out->append("'").append(text).append("'");
  } else if (plain && has.double_quotes <= 2) {
    out->append("\"\"\"").append(opening);
    AppendEscaped(text, true, out);
    out->append("\"\"\"");
  } else if (!has.controls && has.single_quotes <= 2) {
    out->append("'''").append(opening).append(text).append("'''");
  } else {
    const char* quotes = has.newline ? "\"\"\"" : "\"";
    out->append(quotes).append(opening);
    AppendEscaped(text, has.newline, out);
    out->append(quotes);
  }
}

void AppendKey(std::string_view key, std::string* out) {
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  const Contents has = Inspect(key);
  if (!key.empty() && std::all_of(key.begin(), key.end(), is_bare)) {
    out->append(key);
  } else if ((has.backslash || has.double_quotes > 0) && !has.controls && !has.newline &&
             has.single_quotes == 0) {
    out->append("'").append(key).append("'");
  } else {
    out->push_back('"');
    AppendEscaped(key, false, out);
    out->push_back('"');
  }
}

// Not an array of tables, which gets headers.
bool IsSection(const TomlValue& value) {
  if (value.kind == Kind::kTable) return true;
  return value.kind == Kind::kArray && !value.children.empty() &&
         std::all_of(value.children.begin(), value.children.end(),
                     [](const TomlValue& element) { return element.kind == Kind::kTable; });
}

void AppendInline(const TomlValue& value, std::string* out) {
  switch (value.kind) {
    case Kind::kString:
      AppendString(value.text, out);
      return;
    case Kind::kInteger:
    case Kind::kFloat:
    case Kind::kBoolean:
    case Kind::kDateTime:
      out->append(value.text);
      return;
    case Kind::kArray:
    case Kind::kTable:
      break;
  }
  const bool table = value.kind == Kind::kTable;
  const bool spaced = table && !value.children.empty();
  out->append(table ? "{" : "[").append(spaced ? " " : "");
  bool first = true;
  for (const TomlValue& child : value.children) {
    if (!first) out->append(", ");
    first = false;
    if (table) {
      AppendKey(child.key, out);
      out->append(" = ");
    }
    AppendInline(child, out);
  }
  out->append(spaced ? " " : "").append(table ? "}" : "]");
}

// Writes the sections of one document; stops when it grows past the limit.
class SectionWriter {
 public:
  explicit SectionWriter(std::size_t limit) : limit_(limit) {}

  // False when the document is too large. Every section repeats the names above it, so the size is
  // looked at for each.
  bool Write(const TomlValue& table, const std::string& name, bool element) {
    AppendHeader(table, name, element);
    for (const TomlValue& member : table.children) {
      if (!IsSection(member) && !AppendMember(member)) return false;
    }
    for (const TomlValue& member : table.children) {
      if (IsSection(member) && !WriteMember(member, name)) return false;
    }
    return out_.size() <= limit_;
  }
  std::string Take() { return std::move(out_); }

 private:
  // A table that only holds tables needs no header: theirs name it.
  void AppendHeader(const TomlValue& table, const std::string& name, bool element) {
    const bool implied = !element && !table.children.empty() &&
                         std::all_of(table.children.begin(), table.children.end(), IsSection);
    if (name.empty() || implied) return;
    if (!out_.empty()) out_.push_back('\n');
    out_.append(element ? "[[" : "[").append(name).append(element ? "]]\n" : "]\n");
  }
  bool AppendMember(const TomlValue& member) {
    AppendKey(member.key, &out_);
    out_.append(" = ");
    AppendInline(member, &out_);
    out_.push_back('\n');
    return out_.size() <= limit_;
  }
  bool WriteMember(const TomlValue& member, const std::string& above) {
    std::string name = above;
    if (!name.empty()) name.push_back('.');
    AppendKey(member.key, &name);
    if (name.size() > limit_) return false;
    if (member.kind == Kind::kTable) return Write(member, name, false);
    return std::all_of(member.children.begin(), member.children.end(),
                       [&](const TomlValue& element) { return Write(element, name, true); });
  }

  const std::size_t limit_;
  std::string out_;
};

}  // namespace

std::optional<std::string> WriteToml(const TomlValue& table, std::size_t limit) {
  SectionWriter writer(limit);
  if (!writer.Write(table, {}, false)) return std::nullopt;
  return writer.Take();
}

}  // namespace paned
