// Single values of the contract's messages, as JSON and YAML documents have them. Pure, thread-safe.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <optional>
#include <string>

namespace liveness::cli {

// `text` in quotes. Hidden characters (IsHidden()) are escapes; those beyond 16 bits are pairs of surrogates
// in JSON, and \U escapes in YAML, which takes no such pairs.
std::string QuotedJson(const std::string& text);
std::string QuotedYaml(const std::string& text);

// A message that is written as one quoted word, as proto3 JSON does (moments and spans); none for any other.
std::optional<std::string> WordOf(const google::protobuf::Message& message);

// One number, bool or enum value of `field`; the enum's name is not quoted. `index` is -1 if the field is not
// repeated. REQUIRES: neither a message nor a string.
std::string PlainText(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field, int index);
// One value of a string field. Likewise.
std::string StringOf(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                     int index);

}  // namespace liveness::cli
