#include "client/cli/print/document/field_text.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/print/display_text.h"

namespace liveness::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::TimeUtil;

// `text` with its hidden characters as escapes. ASCII stays, because the caller has quoted it.
std::string WithoutHidden(std::string_view text, bool json) {
  std::string result;
  while (!text.empty()) {
    const std::string_view before = text;
    const auto c = TakeCharacter(text);
    if (!c) text.remove_prefix(1);
    if (!c || *c < 0x7F || !IsHidden(*c)) {
      result.append(before.substr(0, before.size() - text.size()));
    } else if (*c <= 0xFFFF) {
      absl::StrAppend(&result, absl::StrFormat("\\u%04x", static_cast<std::uint32_t>(*c)));
    } else if (json) {
      const std::uint32_t bits = static_cast<std::uint32_t>(*c) - 0x10000;
      absl::StrAppend(&result,
                      absl::StrFormat("\\u%04x\\u%04x", 0xD800 + (bits >> 10), 0xDC00 + (bits & 0x3FF)));
    } else {
      absl::StrAppend(&result, absl::StrFormat("\\U%08x", static_cast<std::uint32_t>(*c)));
    }
  }
  return result;
}

std::string Quoted(const std::string& text, bool json) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (byte < 0x20 || byte == 0x7F) {
      absl::StrAppend(&quoted, absl::StrFormat("\\u%04x", byte));
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return WithoutHidden(quoted, json);
}

// The fewest digits that read back as `value`.
template <typename Float>
std::string FloatText(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  return {digits, end};
}

}  // namespace

std::string QuotedJson(const std::string& text) { return Quoted(text, true); }
std::string QuotedYaml(const std::string& text) { return Quoted(text, false); }

std::optional<std::string> WordOf(const Message& message) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message))
    return absl::StrCat("\"", TimeUtil::ToString(*time), "\"");
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message))
    return absl::StrCat("\"", TimeUtil::ToString(*duration), "\"");
  return std::nullopt;
}

std::string StringOf(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetString(message, &field)
                   : reflection.GetRepeatedString(message, &field, index);
}

std::string PlainText(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const auto get = [&](auto single, auto repeated) {
    return index < 0 ? (reflection.*single)(message, &field) : (reflection.*repeated)(message, &field, index);
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return get(&Reflection::GetBool, &Reflection::GetRepeatedBool) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return FloatText(get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return FloatText(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = get(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue);
      const auto* value = field.enum_type()->FindValueByNumber(number);
      return value != nullptr ? value->name() : absl::StrCat(number);
    }
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE: break;
  }
  return "null";
}

}  // namespace liveness::cli
