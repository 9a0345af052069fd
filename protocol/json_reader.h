// JSON in: parses a message inside its own buffer into a flat list of nodes, and hands out checked
// views of them. RapidJSON stays behind json_reader.cpp. A message of ordinary size costs no heap.
// Threading: pure; one document per message, read-only once parsed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paned::protocol {

inline constexpr std::size_t kMaxJsonDepth = 127;
inline constexpr std::size_t kMaxJsonValues = 262'144;

enum class JsonType : unsigned char {
  kNull,
  kFalse,
  kTrue,
  kUnsigned,  // an integer from 0 to 2^64-1
  kNegative,  // an integer from -2^63 to -1
  kReal,      // any other number
  kString,
  kArray,
  kObject,
};

// A value, or one half of a member: an object's nodes are key, value, key, value, ... A container
// is followed by all that is in it.
struct JsonNode {
  JsonType type;
  std::uint32_t size;  // bytes of a string; elements or members of a container
  union {
    const char* text;
    std::uint64_t number;  // two's complement when kNegative
    std::uint64_t nodes;   // of a container: all nodes inside
  };
};

class JsonItems;

// A view of one value; null when there is none. Getters say false instead of guessing.
class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(const JsonNode* node) : node_(node) {}

  JsonType type() const { return node_ == nullptr ? JsonType::kNull : node_->type; }
  bool IsNull() const { return type() == JsonType::kNull; }
  bool IsObject() const { return type() == JsonType::kObject; }
  bool IsArray() const { return type() == JsonType::kArray; }

  bool Get(bool* out) const;
  bool Get(std::string_view* out) const;
  bool Get(std::uint64_t* out) const;
  bool Get(std::int64_t* out) const;

  // Elements or members; none when this is not a container.
  std::size_t size() const { return IsArray() || IsObject() ? node_->size : 0; }
  JsonItems Items() const;

  // The member called `name`; nothing when there is none or this is not an object.
  std::optional<JsonValue> Find(std::string_view name) const;

 private:
  const JsonNode* node_ = nullptr;
};

// A member of an object, or an element of an array (whose key is empty).
struct JsonItem {
  std::string_view key;
  JsonValue value;
};

// The contents of a container, for range-for.
class JsonItems {
 public:
  class Iterator {
   public:
    Iterator(const JsonNode* node, bool keyed) : node_(node), keyed_(keyed) {}
    JsonItem operator*() const;
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return node_ != other.node_; }

   private:
    const JsonNode* node_;
    bool keyed_;
  };

  JsonItems(const JsonNode* first, const JsonNode* last, bool keyed)
      : first_(first), last_(last), keyed_(keyed) {}
  Iterator begin() const { return {first_, keyed_}; }
  Iterator end() const { return {last_, keyed_}; }

 private:
  const JsonNode* first_;
  const JsonNode* last_;
  bool keyed_;
};

class JsonDocument {
 public:
  JsonDocument() = default;
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // Parses data[0..size), overwriting it; data[size] must be '\0'. Returns why it is malformed
  // ("expected value at line 1 column 3"). Lines and columns are a best effort.
  std::optional<std::string> Parse(char* data, std::size_t size);

  // The top value of the last successful Parse.
  JsonValue root() const { return JsonValue(nodes()); }

 private:
  friend class JsonBuilder;

  const JsonNode* nodes() const { return more_.empty() ? few_.data() : more_.data(); }
  JsonNode* nodes() { return more_.empty() ? few_.data() : more_.data(); }
  JsonNode* Append();

  std::array<JsonNode, 64> few_;
  std::vector<JsonNode> more_;  // takes over when few_ is full
  std::size_t count_ = 0;
};

inline bool JsonValue::Get(bool* out) const {
  if (type() != JsonType::kTrue && type() != JsonType::kFalse) return false;
  *out = type() == JsonType::kTrue;
  return true;
}

inline bool JsonValue::Get(std::string_view* out) const {
  if (type() != JsonType::kString) return false;
  *out = {node_->text, node_->size};
  return true;
}

inline bool JsonValue::Get(std::uint64_t* out) const {
  if (type() != JsonType::kUnsigned) return false;
  *out = node_->number;
  return true;
}

inline bool JsonValue::Get(std::int64_t* out) const {
  const bool fits = type() == JsonType::kNegative ||
                    (type() == JsonType::kUnsigned && node_->number <= std::uint64_t{INT64_MAX});
  if (fits) *out = static_cast<std::int64_t>(node_->number);
  return fits;
}

inline JsonItems JsonValue::Items() const {
  if (!IsArray() && !IsObject()) return {nullptr, nullptr, false};
  return {node_ + 1, node_ + 1 + node_->nodes, IsObject()};
}

inline JsonItem JsonItems::Iterator::operator*() const {
  if (!keyed_) return {{}, JsonValue(node_)};
  return {{node_->text, node_->size}, JsonValue(node_ + 1)};
}

inline JsonItems::Iterator& JsonItems::Iterator::operator++() {
  if (keyed_) ++node_;
  const bool container = node_->type == JsonType::kArray || node_->type == JsonType::kObject;
  node_ += 1 + (container ? node_->nodes : 0);
  return *this;
}

}  // namespace paned::protocol
