// Decodes structs by their rows in fields.h: members in the order of the message, then what is
// missing in the order of the rows, as the reference reports faults. Included by codec.cpp only.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "protocol/base64.h"
#include "protocol/error.h"
#include "protocol/fault_text.h"
#include "protocol/fields.h"
#include "protocol/fs_types.h"
#include "protocol/http_types.h"
#include "protocol/json_path.h"
#include "protocol/json_reader.h"
#include "protocol/path_uri.h"
#include "protocol/sandbox_decoder.h"
#include "protocol/uuid.h"

namespace paned::protocol {

template <class Struct>
bool DecodeStruct(const JsonValue& value, Struct* out, RpcError* error);

inline bool FailDecode(std::string message, RpcError* error) {
  error->message = std::move(message);
  return false;
}

// As FailDecode when there is a fault, else true.
inline bool Check(std::optional<std::string> fault, RpcError* error) {
  return !fault || FailDecode(*std::move(fault), error);
}

inline bool DecodeValue(const JsonValue& value, std::string_view* out, RpcError* error) {
  return value.Get(out) || FailDecode(TypeFault(value, "a string"), error);
}

inline bool DecodeValue(const JsonValue& value, std::string* out, RpcError* error) {
  std::string_view text;
  if (!DecodeValue(value, &text, error)) return false;
  out->assign(text);
  return true;
}

inline bool DecodeValue(const JsonValue& value, bool* out, RpcError* error) {
  return value.Get(out) || FailDecode(TypeFault(value, "a boolean"), error);
}

inline bool DecodeValue(const JsonValue& value, std::uint64_t* out, RpcError* error,
                        std::string_view expected = "u64") {
  return value.Get(out) || FailDecode(IntegerFault(value, expected), error);
}

inline bool DecodeValue(const JsonValue& value, Base64Text* out, RpcError* error) {
  return DecodeValue(value, &out->text, error);
}

inline bool DecodeValue(const JsonValue& value, Path* out, RpcError* error) {
  std::string_view text;
  return DecodeValue(value, &text, error) && Check(ParsePath(text, out), error);
}

inline bool DecodeValue(const JsonValue& value, Sandbox* out, RpcError* error) {
  return DecodeSandbox(value, out, error);
}

// One of a few words. `expected` is how the reference lists them.
template <class Enum, std::size_t N>
bool DecodeWord(const JsonValue& value,
                const std::array<std::pair<std::string_view, Enum>, N>& words,
                std::string_view expected, Enum* out, RpcError* error) {
  std::string_view text;
  if (!value.Get(&text)) return FailDecode(TypeFault(value, "string or map"), error);
  for (const auto& [word, meaning] : words) {
    if (text != word) continue;
    *out = meaning;
    return true;
  }
  return FailDecode(UnknownVariant(text, expected), error);
}

inline bool DecodeValue(const JsonValue& value, InheritPolicy* out, RpcError* error) {
  constexpr std::array<std::pair<std::string_view, InheritPolicy>, 3> kWords = {
      {{"core", InheritPolicy::kCore},
       {"all", InheritPolicy::kAll},
       {"none", InheritPolicy::kNone}}};
  return DecodeWord(value, kWords, "one of `core`, `all`, `none`", out, error);
}

inline bool DecodeValue(const JsonValue& value, OpenMode* out, RpcError* error) {
  constexpr std::array<std::pair<std::string_view, OpenMode>, 2> kWords = {
      {{"read", OpenMode::kRead}, {"replace", OpenMode::kReplace}}};
  return DecodeWord(value, kWords, "`read` or `replace`", out, error);
}

inline bool DecodeValue(const JsonValue& value, NetworkProxyMode* out, RpcError* error) {
  constexpr std::array<std::pair<std::string_view, NetworkProxyMode>, 2> kWords = {
      {{"limited", NetworkProxyMode::kLimited}, {"full", NetworkProxyMode::kFull}}};
  return DecodeWord(value, kWords, "`limited` or `full`", out, error);
}

inline bool DecodeValue(const JsonValue& value, RedirectPolicy* out, RpcError* error) {
  constexpr std::array<std::pair<std::string_view, RedirectPolicy>, 2> kWords = {
      {{"follow", RedirectPolicy::kFollow}, {"stop", RedirectPolicy::kStop}}};
  return DecodeWord(value, kWords, "`follow` or `stop`", out, error);
}

template <class Element>
bool DecodeValue(const JsonValue& value, std::vector<Element>* out, RpcError* error) {
  if (!value.IsArray()) return FailDecode(TypeFault(value, "a sequence"), error);
  out->clear();
  out->reserve(value.size());
  for (const JsonItem& item : value.Items()) {
    if (DecodeValue(item.value, &out->emplace_back(), error)) continue;
    PrependElement(out->size() - 1, error);
    return false;
  }
  return true;
}

inline bool DecodeValue(const JsonValue& value, std::map<std::string, std::string>* out,
                        RpcError* error) {
  if (!value.IsObject()) return FailDecode(TypeFault(value, "a map"), error);
  out->clear();
  for (const JsonItem& item : value.Items()) {
    if (DecodeValue(item.value, &(*out)[std::string(item.key)], error)) continue;
    PrependMember(item.key, error);
    return false;
  }
  return true;
}

template <class Value>
bool DecodeValue(const JsonValue& value, std::optional<Value>* out, RpcError* error) {
  return DecodeValue(value, &out->emplace(), error);
}

template <class Struct, class = decltype(Fields<Struct>::kRows)>
bool DecodeValue(const JsonValue& value, Struct* out, RpcError* error) {
  return DecodeStruct(value, out, error);
}

// A row may belong to a base of the struct.
template <class Owner, class Member, class Struct>
bool DecodeMember(const Field<Owner, Member>& row, const JsonValue& value, Struct* out,
                  RpcError* error) {
  const bool takes_null = row.need == Need::kOptional || row.need == Need::kOmitIfEmpty;
  if (takes_null && value.IsNull()) return true;
  Member& member = out->*row.member;
  if constexpr (std::is_same_v<Member, bool>) {
    if (row.form == Form::kPresence) {
      member = true;
      return value.IsObject() || FailDecode(TypeFault(value, row.expected), error);
    }
  }
  if constexpr (std::is_same_v<Member, std::string>) {
    if (row.form == Form::kBase64) {
      std::string_view text;
      return DecodeValue(value, &text, error) && Check(DecodeBase64(text, &member), error);
    }
  }
  if constexpr (std::is_same_v<Member, std::optional<std::string>>) {
    if (row.form == Form::kUuid) {
      return DecodeValue(value, &member, error) && Check(CheckUuid(*member), error);
    }
  }
  if constexpr (std::is_same_v<Member, std::uint64_t>) {
    if (!row.expected.empty()) return DecodeValue(value, &member, error, row.expected);
  }
  if constexpr (std::is_same_v<Member, std::optional<Path>>) {
    std::string_view text;
    if (row.form == Form::kPathOrEmpty && value.Get(&text) && text.empty()) return true;
  }
  if constexpr (std::is_same_v<Member, std::optional<std::uint64_t>>) {
    if (!row.expected.empty()) return DecodeValue(value, &member.emplace(), error, row.expected);
  }
  return DecodeValue(value, &member, error);
}

// Rows or columns of a terminal. The text is ours: the reference has no such member.
template <class Owner, class Struct>
bool DecodeMember(const Field<Owner, std::uint16_t>& row, const JsonValue& value, Struct* out,
                  RpcError* error) {
  constexpr std::uint64_t kMost = 1000;
  std::uint64_t cells = 0;
  if (!value.Get(&cells) || cells < 1 || cells > kMost) {
    return FailDecode(std::string(row.name) + " must be an integer from 1 to 1000", error);
  }
  out->*row.member = static_cast<std::uint16_t>(cells);
  return true;
}

template <class Struct>
bool DecodeMember(const ConstantField& row, const JsonValue& value, Struct*, RpcError* error) {
  std::string_view text;
  if (!value.Get(&text)) return FailDecode(TypeFault(value, "string or map"), error);
  if (text == row.value) return true;
  return FailDecode(UnknownVariant(text, "`" + std::string(row.value) + "`"), error);
}

template <class Struct, class Member>
constexpr bool IsRequired(const Field<Struct, Member>& row) {
  return row.need == Need::kRequired;
}
constexpr bool IsRequired(const ConstantField&) { return true; }

template <class Struct, std::size_t... I>
bool DecodeRows(const JsonValue& object, Struct* out, RpcError* error, std::index_sequence<I...>) {
  constexpr auto& kRows = Fields<Struct>::kRows;
  std::array<bool, sizeof...(I)> seen{};
  for (const JsonItem& item : object.Items()) {
    bool good = true;
    const auto take = [&](const auto& row, bool* taken) {
      if (row.name != item.key) return false;
      *taken = true;
      good = DecodeMember(row, item.value, out, error);
      return true;
    };
    // Stops at the row that takes the member; members without a row are ignored.
    static_cast<void>((take(std::get<I>(kRows), &seen[I]) || ...));
    if (good) continue;
    PrependMember(item.key, error);
    return false;
  }
  const auto present = [&](const auto& row, bool taken) {
    return taken || !IsRequired(row) || FailMissing(row.name, error);
  };
  return (present(std::get<I>(kRows), seen[I]) && ...);
}

template <class Struct>
bool DecodeStruct(const JsonValue& value, Struct* out, RpcError* error) {
  if (!value.IsObject()) {
    return FailDecode(TypeFault(value, "struct " + std::string(Fields<Struct>::kName)), error);
  }
  constexpr std::size_t kCount = std::tuple_size_v<std::decay_t<decltype(Fields<Struct>::kRows)>>;
  return DecodeRows(value, out, error, std::make_index_sequence<kCount>());
}

// Methods without parameters take none, null or {}.
inline bool DecodeStruct(const JsonValue& value, Empty*, RpcError* error) {
  const bool none = value.IsNull() || (value.IsObject() && value.size() == 0);
  return none || FailDecode(TypeFault(value, "unit"), error);
}

}  // namespace paned::protocol
