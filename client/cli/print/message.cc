#include "client/cli/print/message.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/print/document/field_text.h"
#include "client/cli/print/document/json_text.h"

namespace liveness::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One value of `field`, which is no message.
std::string Scalar(const Message& message, const FieldDescriptor& field, int index) {
  // Always quoted: never taken for a number, a bool or a null.
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return QuotedYaml(StringOf(message, field, index));
  return PlainText(message, field, index);
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
      if (const std::optional<std::string> text = WordOf(inner)) {
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
