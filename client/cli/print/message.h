// Messages of the contract as JSON and YAML documents, with the field and enum names of the .proto files.
// Every field is there, also when it is zero or empty. Unset messages and unset optional fields are left out.
#pragma once

#include <google/protobuf/message.h>

#include <ostream>
#include <string>

#include "client/cli/settings.h"

namespace liveness::cli {

// True for JSON and YAML.
bool IsDocument(OutputFormat format);

// Writes `message` to `out` as a document of `format`. False, and nothing is written, if !IsDocument(format).
bool PrintMessage(const google::protobuf::Message& message, OutputFormat format, std::ostream& out);

// A list of messages as one document, an item at a time, so that it streams:
//   {"clients": [{...}, {...}]}      clients:\n- client_id: ...
// Not thread-safe.
class MessageWriter {
 public:
  // `field` is the list's name in the contract's response. `out` is kept. REQUIRES for what follows:
  // IsDocument(format).
  MessageWriter(std::ostream& out, std::string field, OutputFormat format)
      : out_(out), field_(std::move(field)), yaml_(format == OutputFormat::kYaml) {}

  void Add(const google::protobuf::Message& message);
  // Ends the document. REQUIRES: called once, last.
  void Finish();

 private:
  std::ostream& out_;
  const std::string field_;
  const bool yaml_;
  bool empty_ = true;
};

// A YAML mapping, each line indented by `indent` spaces and ended by a newline.
// 64-bit integers are plain numbers. Pure, thread-safe.
std::string ToYaml(const google::protobuf::Message& message, int indent = 0);

}  // namespace liveness::cli
