#include "client/cli/print/message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/print/display_text.h"

namespace liveness::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::TimeUtil;

// `text` with its hidden characters (IsHidden()) as escapes. Those beyond 16 bits are pairs of surrogates in
// `json`, and \U escapes in YAML, which takes no such pairs. ASCII stays, because the caller has quoted it.
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

std::string Json(const Message& message, bool whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = whitespace;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return "{}";
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return WithoutHidden(json, true);
}

// A message that is written as one word, as proto3 JSON does; none for any other.
std::optional<std::string> WellKnown(const Message& message) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message))
    return QuotedText(TimeUtil::ToString(*time));
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message))
    return QuotedText(TimeUtil::ToString(*duration));
  return std::nullopt;
}

// One value of `field`. `index` is -1 if the field is not repeated.
std::string Scalar(const Message& message, const FieldDescriptor& field, int index) {
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
      return absl::StrCat(get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = get(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue);
      const auto* value = field.enum_type()->FindValueByNumber(number);
      return value != nullptr ? value->name() : absl::StrCat(number);
    }
    case FieldDescriptor::CPPTYPE_STRING:  // always quoted: never taken for a number, a bool or a null
      return QuotedText(get(&Reflection::GetString, &Reflection::GetRepeatedString));
    case FieldDescriptor::CPPTYPE_MESSAGE: break;
  }
  return "null";
}

// `yaml` (a mapping indented by 2) as an item of a list.
std::string YamlItem(std::string yaml) {
  const std::size_t first = yaml.find_first_not_of(' ');
  if (first != std::string::npos && first >= 2) yaml[first - 2] = '-';
  return yaml;
}

void AppendMap(const Message& message, const FieldDescriptor& field, const std::string& margin,
               std::string& yaml) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<std::string> lines;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    lines.push_back(absl::StrCat(margin, "  ", Scalar(entry, *entry.GetDescriptor()->map_key(), -1), ": ",
                                 Scalar(entry, *entry.GetDescriptor()->map_value(), -1), "\n"));
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) yaml.append(line);
}

void AppendRepeated(const Message& message, const FieldDescriptor& field, int indent, std::string& yaml) {
  const Reflection& reflection = *message.GetReflection();
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  const int size = reflection.FieldSize(message, &field);
  if (size == 0) {
    absl::StrAppend(&yaml, margin, field.name(), field.is_map() ? ": {}\n" : ": []\n");
    return;
  }
  absl::StrAppend(&yaml, margin, field.name(), ":\n");
  if (field.is_map()) {
    AppendMap(message, field, margin, yaml);
    return;
  }
  for (int i = 0; i < size; ++i) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      absl::StrAppend(&yaml, margin, "- ", Scalar(message, field, i), "\n");
    } else {
      yaml.append(YamlItem(ToYaml(reflection.GetRepeatedMessage(message, &field, i), indent + 2)));
    }
  }
}

}  // namespace

bool IsDocument(OutputFormat format) {
  return format == OutputFormat::kJson || format == OutputFormat::kYaml;
}

bool PrintMessage(const Message& message, OutputFormat format, std::ostream& out) {
  if (format == OutputFormat::kJson) out << ToJson(message) << '\n';
  if (format == OutputFormat::kYaml) out << ToYaml(message);
  return IsDocument(format);
}

std::string QuotedText(const std::string& text) {
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
  return WithoutHidden(quoted, false);
}

std::string ToJson(const Message& message) { return Json(message, true); }
std::string ToJsonLine(const Message& message) { return Json(message, false); }

std::string ToYaml(const Message& message, int indent) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  const Reflection& reflection = *message.GetReflection();
  std::string yaml;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.is_repeated()) {
      AppendRepeated(message, field, indent, yaml);
    } else if (field.has_presence() && !reflection.HasField(message, &field)) {
      continue;
    } else if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      absl::StrAppend(&yaml, margin, field.name(), ": ", Scalar(message, field, -1), "\n");
    } else {
      const Message& inner = reflection.GetMessage(message, &field);
      if (const std::optional<std::string> text = WellKnown(inner)) {
        absl::StrAppend(&yaml, margin, field.name(), ": ", *text, "\n");
      } else {
        absl::StrAppend(&yaml, margin, field.name(), ":\n", ToYaml(inner, indent + 2));
      }
    }
  }
  return yaml.empty() ? absl::StrCat(margin, "{}\n") : yaml;
}

void MessageWriter::Add(const google::protobuf::Message& message) {
  if (yaml_) {
    if (empty_) out_ << field_ << ":\n";
    out_ << YamlItem(ToYaml(message, 2));
  } else {
    if (empty_)
      out_ << "{\"" << field_ << "\": [\n";
    else
      out_ << ",\n";
    out_ << ToJson(message);
  }
  empty_ = false;
}

void MessageWriter::Finish() {
  if (yaml_) {
    if (empty_) out_ << field_ << ": []\n";
  } else if (empty_) {
    out_ << "{\"" << field_ << "\": []}\n";
  } else {
    out_ << "\n]}\n";
  }
  out_.flush();
}

}  // namespace liveness::cli
