#include "client/cli/print/message_writer.h"

#include "client/cli/print/proto_output.h"

namespace liveness::cli {

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
