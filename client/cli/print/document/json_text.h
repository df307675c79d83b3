// Messages as JSON, with the names of the .proto files: proto3 JSON but for its 64-bit integers. Counts,
// sizes and process ids are numbers, so that a program compares them as such; a revision, an incarnation or
// an attachment identifies something and is a string, as is any number that a double would round. Pure,
// thread-safe.
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace liveness::cli {

// Over several lines, no newline at the end.
std::string ToJson(const google::protobuf::Message& message);

// The same in one line.
std::string ToJsonLine(const google::protobuf::Message& message);

}  // namespace liveness::cli
