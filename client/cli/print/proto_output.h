// Messages of the contract as JSON and YAML, with the field and enum names of
// the .proto files. Every field is there, also when it is zero or empty; unset
// messages and unset optional fields are left out. Pure, thread-safe.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace liveness::cli {

// Proto3 JSON (64-bit integers are strings) over several lines, no newline at the end.
std::string ToJson(const google::protobuf::Message& message);

// The same in one line.
std::string ToJsonLine(const google::protobuf::Message& message);

// A YAML mapping, each line indented by `indent` spaces and ended by a newline.
// 64-bit integers are plain numbers.
std::string ToYaml(const google::protobuf::Message& message, int indent = 0);

// `text` in quotes, as JSON and YAML have it.
std::string QuotedText(const std::string& text);

// `yaml` (a mapping indented by 2) as an item of a list.
std::string YamlItem(std::string yaml);

}  // namespace liveness::cli
