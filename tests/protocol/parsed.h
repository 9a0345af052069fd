// A document parsed from a literal, for tests: keeps the buffer that its values point into.
// One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "protocol/envelope.h"
#include "protocol/json_reader.h"

namespace paned::protocol {

class Parsed {
 public:
  explicit Parsed(std::string_view text)
      : text_(text), fault_(document_.Parse(text_.data(), text_.size())) {}

  JsonValue root() const { return document_.root(); }
  // "" when the text is good JSON.
  std::string fault() const { return fault_.value_or(""); }

 private:
  std::string text_;
  JsonDocument document_;
  std::optional<std::string> fault_;
};

class ParsedEnvelope {
 public:
  explicit ParsedEnvelope(std::string_view text)
      : text_(text), envelope_(ParseEnvelope(text_.data(), text_.size(), &document_)) {}

  const Envelope* operator->() const { return &envelope_; }

 private:
  std::string text_;
  JsonDocument document_;
  Envelope envelope_;
};

}  // namespace paned::protocol
