#include "protocol/json_reader.h"

#include <algorithm>
#include <cstring>

#include "protocol/json_config.h"
#include "protocol/utf8.h"

namespace paned::protocol {
namespace {

using Stream = rapidjson::InsituStringStream;
using StackAllocator = rapidjson::MemoryPoolAllocator<>;
using Reader = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, StackAllocator>;

// " at line L column C" of the character after `offset` bytes. Strings before it have been decoded
// in place, so a line feed written as an escape counts as one: a best effort.
std::string Place(const char* data, std::size_t offset) {
  const std::string_view before(data, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t feed = before.rfind('\n');
  const std::size_t column = feed == std::string_view::npos ? offset : offset - feed - 1;
  return " at line " + std::to_string(lines + 1) + " column " + std::to_string(column);
}

// Member counts up to this are compared pair by pair, larger objects are sorted.
constexpr std::size_t kFewMembers = 24;

// The first key of `object` that an earlier member bears already.
std::optional<std::string_view> FindDuplicate(const JsonValue& object) {
  if (object.size() <= kFewMembers) {
    const JsonItems items = object.Items();
    for (auto later = items.begin(); later != items.end(); ++later) {
      for (auto earlier = items.begin(); earlier != later; ++earlier) {
        if ((*earlier).key == (*later).key) return (*later).key;
      }
    }
    return std::nullopt;
  }
  std::vector<std::string_view> keys;
  keys.reserve(object.size());
  for (const JsonItem& item : object.Items()) keys.push_back(item.key);
  // Equal keys by place in the message, so that the second of a pair is the later one.
  std::sort(keys.begin(), keys.end(), [](std::string_view a, std::string_view b) {
    const int order = a.compare(b);
    return order != 0 ? order < 0 : a.data() < b.data();
  });
  std::optional<std::string_view> first;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i] == keys[i - 1] && (!first || keys[i].data() < first->data())) first = keys[i];
  }
  return first;
}

// Text was valid UTF-8 before escapes were decoded, so an encoded surrogate can only come from a
// lone \uDC00..\uDFFF, which RapidJSON lets through.
bool HasSurrogate(std::string_view text) {
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos;
       at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

const char* TextOf(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "EOF while parsing a value";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "trailing characters";
    case rapidjson::kParseErrorObjectMissName:
      return "key must be a string";
    case rapidjson::kParseErrorObjectMissColon:
      return "expected `:`";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "expected `,` or `}`";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "expected `,` or `]`";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "invalid escape";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "lone leading surrogate in hex escape";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "invalid escape or control character in a string";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "EOF while parsing a string";
    case rapidjson::kParseErrorNumberTooBig:
      return "number out of range";
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent:
      return "invalid number";
    default:
      return "expected value";
  }
}

}  // namespace

JsonNode* JsonDocument::Append() {
  if (count_ < few_.size()) return &few_[count_++];
  if (more_.empty()) more_.assign(few_.begin(), few_.end());
  more_.emplace_back();
  return &more_[count_++];
}

// Receives RapidJSON's events, appends nodes and holds the limits while the message is read.
class JsonBuilder {
 public:
  JsonBuilder(JsonDocument* document, Stream* stream, const char* data, bool has_escapes)
      : document_(document), stream_(stream), data_(data), has_escapes_(has_escapes) {}

  std::string& fault() { return fault_; }

  bool Null() { return Add(JsonType::kNull) != nullptr; }
  bool Bool(bool value) { return Add(value ? JsonType::kTrue : JsonType::kFalse) != nullptr; }
  bool Int(int value) { return Int64(value); }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int64(std::int64_t value) {
    return AddNumber(value < 0 ? JsonType::kNegative : JsonType::kUnsigned,
                     static_cast<std::uint64_t>(value));
  }
  bool Uint64(std::uint64_t value) { return AddNumber(JsonType::kUnsigned, value); }
  bool Double(double) { return AddNumber(JsonType::kReal, 0); }
  // Part of the handler's interface; comes only with kParseNumbersAsStringsFlag.
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return CountValue() && AddText(text, size);
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) { return AddText(text, size); }
  bool StartObject() { return Open(JsonType::kObject); }
  bool EndObject(rapidjson::SizeType size) {
    const JsonNode* object = Close(size);
    if (size < 2) return true;
    const std::optional<std::string_view> key = FindDuplicate(JsonValue(object));
    if (!key) return true;
    // After the closing quote, where the reader noticed it.
    const auto end = static_cast<std::size_t>(key->data() - data_) + key->size() + 1;
    fault_ = "duplicate JSON object key `" + std::string(*key) + "`" + Place(data_, end);
    return false;
  }
  bool StartArray() { return Open(JsonType::kArray); }
  bool EndArray(rapidjson::SizeType size) {
    Close(size);
    return true;
  }

 private:
  bool CountValue() {
    if (++values_ <= kMaxJsonValues) return true;
    fault_ = "JSON-RPC message exceeds the limit of " + std::to_string(kMaxJsonValues) +
             " JSON values" + Place(data_, stream_->Tell());
    return false;
  }

  JsonNode* Add(JsonType type) {
    if (!CountValue()) return nullptr;
    JsonNode* node = document_->Append();
    node->type = type;
    return node;
  }

  bool AddNumber(JsonType type, std::uint64_t number) {
    JsonNode* node = Add(type);
    if (node == nullptr) return false;
    node->number = number;
    return true;
  }

  bool AddText(const char* text, rapidjson::SizeType size) {
    if (has_escapes_ && HasSurrogate({text, size})) {
      fault_ = std::string(TextOf(rapidjson::kParseErrorStringUnicodeSurrogateInvalid)) +
               Place(data_, stream_->Tell());
      return false;
    }
    JsonNode* node = document_->Append();
    node->type = JsonType::kString;
    node->size = size;
    node->text = text;
    return true;
  }

  bool Open(JsonType type) {
    if (depth_ == kMaxJsonDepth) {
      fault_ = "recursion limit exceeded" + Place(data_, stream_->Tell() + 1);
      return false;
    }
    if (Add(type) == nullptr) return false;
    open_[depth_++] = document_->count_ - 1;
    return true;
  }

  const JsonNode* Close(rapidjson::SizeType size) {
    const std::size_t index = open_[--depth_];
    JsonNode* node = document_->nodes() + index;
    node->size = size;
    node->nodes = document_->count_ - index - 1;
    return node;
  }

  JsonDocument* document_;
  Stream* stream_;
  const char* data_;
  bool has_escapes_;
  std::size_t values_ = 0;
  std::size_t depth_ = 0;
  std::array<std::size_t, kMaxJsonDepth> open_;  // indexes of the containers being read
  std::string fault_;
};

std::optional<std::string> JsonDocument::Parse(char* data, std::size_t size) {
  count_ = 0;
  more_.clear();
  const std::size_t bad = FindInvalidUtf8({data, size});
  if (bad != std::string_view::npos) return "invalid unicode code point" + Place(data, bad + 1);

  // The iterative parser keeps two words per open container; the depth cap bounds them, so this
  // room is never outgrown and RapidJSON never allocates.
  alignas(std::max_align_t) char room[4096];
  StackAllocator allocator(room, sizeof(room));
  Reader reader(&allocator, 2048);
  Stream stream(data);
  JsonBuilder builder(this, &stream, data, std::memchr(data, '\\', size) != nullptr);
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);

  if (!builder.fault().empty()) return std::move(builder.fault());
  if (result.IsError()) {
    const std::size_t offset = std::min(result.Offset(), size);
    // At the end of the input most complaints mean that something is missing.
    if (offset == size && result.Code() != rapidjson::kParseErrorStringMissQuotationMark) {
      return "EOF while parsing a value" + Place(data, offset);
    }
    if (result.Code() == rapidjson::kParseErrorDocumentEmpty) {
      return "expected value" + Place(data, offset + 1);
    }
    return TextOf(result.Code()) + Place(data, offset + 1);
  }
  // A NUL ends the document for RapidJSON; for us it is a character too many.
  if (stream.Tell() != size) return "trailing characters" + Place(data, stream.Tell() + 1);
  return std::nullopt;
}

std::optional<JsonValue> JsonValue::Find(std::string_view name) const {
  if (!IsObject()) return std::nullopt;
  for (const JsonItem& item : Items()) {
    if (item.key == name) return item.value;
  }
  return std::nullopt;
}

}  // namespace paned::protocol
