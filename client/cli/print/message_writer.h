// A list of messages as one JSON or YAML document, an item at a time, so that
// it streams:
//   {"clients": [{...}, {...}]}      clients:\n- client_id: ...
// Not thread-safe.
#pragma once

#include <google/protobuf/message.h>

#include <ostream>
#include <string>

namespace liveness::cli {

class MessageWriter {
 public:
  // `field` is the list's name in the contract's response. `out` is kept.
  MessageWriter(std::ostream& out, std::string field, bool yaml)
      : out_(out), field_(std::move(field)), yaml_(yaml) {}

  void Add(const google::protobuf::Message& message);
  // Ends the document. REQUIRES: called once, last.
  void Finish();

 private:
  std::ostream& out_;
  const std::string field_;
  const bool yaml_;
  bool empty_ = true;
};

}  // namespace liveness::cli
