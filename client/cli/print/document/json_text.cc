#include "client/cli/print/document/json_text.h"

#include <google/protobuf/descriptor.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/print/document/field_text.h"

namespace liveness::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The integers up to here are all doubles, which many programs make of JSON's numbers.
constexpr std::int64_t kExact = std::int64_t{1} << 53;

bool IsIdentifier(const FieldDescriptor& field) {
  const std::string& name = field.name();
  return name == "revision" || absl::EndsWith(name, "_revision") || name == "incarnation" ||
         name == "attachment";
}

bool IsExact(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
    const std::uint64_t value = index < 0 ? reflection.GetUInt64(message, &field)
                                          : reflection.GetRepeatedUInt64(message, &field, index);
    return value <= static_cast<std::uint64_t>(kExact);
  }
  const std::int64_t value =
      index < 0 ? reflection.GetInt64(message, &field) : reflection.GetRepeatedInt64(message, &field, index);
  return value >= -kExact && value <= kExact;
}

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  std::string Object(const Message& message) {
    const Reflection& reflection = *message.GetReflection();
    std::vector<std::string> members;
    ++depth_;
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      if (!field.is_repeated() && field.has_presence() && !reflection.HasField(message, &field)) continue;
      members.push_back(Member(absl::StrCat("\"", field.name(), "\""), Field(message, field)));
    }
    --depth_;
    return Together('{', members, '}');
  }

 private:
  std::string Member(const std::string& quoted_name, const std::string& value) const {
    return absl::StrCat(quoted_name, pretty_ ? ": " : ":", value);
  }

  std::string Together(char open, const std::vector<std::string>& parts, char close) const {
    std::string text(1, open);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) text.push_back(',');
      NewLine(depth_ + 1, text);
      text.append(parts[i]);
    }
    if (!parts.empty()) NewLine(depth_, text);
    text.push_back(close);
    return text;
  }

  void NewLine(std::size_t depth, std::string& text) const {
    if (pretty_) text.append("\n").append(depth, ' ');
  }

  std::string Field(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (!field.is_repeated()) return Value(message, field, -1);
    std::vector<std::string> parts;
    ++depth_;
    if (field.is_map()) {
      std::map<std::string, std::string> sorted;
      for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
        const FieldDescriptor& key = *entry.GetDescriptor()->map_key();
        const bool is_text = key.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
        const std::string name = is_text ? StringOf(entry, key, -1) : PlainText(entry, key, -1);
        sorted[QuotedJson(name)] = Value(entry, *entry.GetDescriptor()->map_value(), -1);
      }
      for (const auto& [name, value] : sorted) parts.push_back(Member(name, value));
    } else {
      for (int i = 0; i < reflection.FieldSize(message, &field); ++i)
        parts.push_back(Value(message, field, i));
    }
    --depth_;
    return field.is_map() ? Together('{', parts, '}') : Together('[', parts, ']');
  }

  std::string Value(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        const Message& inner = index < 0 ? reflection.GetMessage(message, &field)
                                         : reflection.GetRepeatedMessage(message, &field, index);
        const std::optional<std::string> word = WordOf(inner);
        return word ? *word : Object(inner);
      }
      case FieldDescriptor::CPPTYPE_STRING: return QuotedJson(StringOf(message, field, index));
      default: break;
    }
    const std::string text = PlainText(message, field, index);
    return IsQuoted(message, field, index) ? absl::StrCat("\"", text, "\"") : text;
  }

  static bool IsQuoted(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64: return IsIdentifier(field) || !IsExact(message, field, index);
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int number = index < 0 ? reflection.GetEnumValue(message, &field)
                                     : reflection.GetRepeatedEnumValue(message, &field, index);
        return field.enum_type()->FindValueByNumber(number) != nullptr;  // of a newer server: its number
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return !std::isfinite(index < 0 ? reflection.GetDouble(message, &field)
                                        : reflection.GetRepeatedDouble(message, &field, index));
      default: return false;
    }
  }

  const bool pretty_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string ToJson(const Message& message) { return Writer(true).Object(message); }
std::string ToJsonLine(const Message& message) { return Writer(false).Object(message); }

}  // namespace liveness::cli
