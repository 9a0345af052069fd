// Encodes structs by their rows in fields.h. Included by codec.cpp only. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "protocol/base64.h"
#include "protocol/fields.h"
#include "protocol/fs_types.h"
#include "protocol/json_writer.h"

namespace paned::protocol {

template <class Struct>
void AppendStruct(const Struct& value, std::string* out);

inline void AppendText(std::string_view plain, std::string* out) {
  out->push_back('"');
  out->append(plain);
  out->push_back('"');
}

inline void AppendBytes(std::string_view raw, std::string* out) {
  out->push_back('"');
  AppendBase64(raw, out);
  out->push_back('"');
}

inline std::string_view NameOf(WriteStatus status) {
  switch (status) {
    case WriteStatus::kAccepted:
      return "accepted";
    case WriteStatus::kUnknownProcess:
      return "unknownProcess";
    case WriteStatus::kStdinClosed:
      return "stdinClosed";
    case WriteStatus::kStarting:
      return "starting";
  }
  return {};
}

inline void AppendValue(bool value, std::string* out) { AppendJsonBool(value, out); }
inline void AppendValue(std::uint64_t value, std::string* out) { AppendJsonNumber(value, out); }
inline void AppendValue(std::uint16_t value, std::string* out) {
  AppendJsonNumber(std::uint64_t{value}, out);
}
inline void AppendValue(std::int32_t value, std::string* out) {
  AppendJsonNumber(std::int64_t{value}, out);
}
inline void AppendValue(std::string_view value, std::string* out) { AppendJsonString(value, out); }
inline void AppendValue(const std::string& value, std::string* out) {
  AppendJsonString(value, out);
}
inline void AppendValue(const Bytes& value, std::string* out) { AppendBytes(value.raw, out); }
inline void AppendValue(OutputStream value, std::string* out) { AppendText(NameOf(value), out); }
inline void AppendValue(WriteStatus value, std::string* out) { AppendText(NameOf(value), out); }
inline void AppendValue(WalkKind value, std::string* out) {
  AppendText(value == WalkKind::kDirectory ? "directory" : "file", out);
}

template <class Value>
void AppendValue(const std::optional<Value>& value, std::string* out) {
  if (value) {
    AppendValue(*value, out);
  } else {
    out->append("null");
  }
}

template <class Struct, class = decltype(Fields<Struct>::kRows)>
void AppendValue(const Struct& value, std::string* out) {
  AppendStruct(value, out);
}

template <class Element>
void AppendValue(const std::vector<Element>& values, std::string* out) {
  out->push_back('[');
  bool first = true;
  for (const Element& value : values) {
    if (!first) out->push_back(',');
    first = false;
    AppendValue(value, out);
  }
  out->push_back(']');
}

template <class Value>
bool IsEmpty(const Value&) {
  return false;
}
template <class Value>
bool IsEmpty(const std::optional<Value>& value) {
  return !value.has_value();
}
inline bool IsEmpty(const std::string_view& value) { return value.empty(); }
inline bool IsEmpty(bool value) { return !value; }

template <class Struct>
void AppendMembers(const Struct& value, bool* first, std::string* out);

template <class Struct, class Member>
void AppendMember(const Field<Struct, Member>& row, const Struct& value, bool* first,
                  std::string* out) {
  const Member& member = value.*row.member;
  if constexpr (std::is_same_v<Member, OutputChunk> || std::is_same_v<Member, TerminalSize>) {
    if (row.form == Form::kFlat) {
      AppendMembers(member, first, out);
      return;
    }
  }
  if (row.need == Need::kOmitIfEmpty && IsEmpty(member)) return;
  if (!*first) out->push_back(',');
  *first = false;
  AppendText(row.name, out);
  out->push_back(':');
  if constexpr (std::is_same_v<Member, std::string_view>) {
    if (row.form == Form::kBase64) {
      AppendBytes(member, out);
      return;
    }
    if (row.form == Form::kJson) {
      out->append(member);
      return;
    }
  }
  AppendValue(member, out);
}

template <class Struct>
void AppendMembers(const Struct& value, bool* first, std::string* out) {
  std::apply([&](const auto&... row) { (AppendMember(row, value, first, out), ...); },
             Fields<Struct>::kRows);
}

template <class Struct>
void AppendStruct(const Struct& value, std::string* out) {
  out->push_back('{');
  bool first = true;
  AppendMembers(value, &first, out);
  out->push_back('}');
}

}  // namespace paned::protocol
