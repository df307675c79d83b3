// Protobuf messages as JSON: proto field names, enums by name, 64-bit integers as strings, Timestamps and
// Durations as proto3 JSON has them, defaults written out. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

namespace liveness::rpc {

// In one line. Characters that HTML would read are escapes, so that no browser takes it for a page.
std::string ToJson(const google::protobuf::Message& message);

// `text` as a JSON string, with its quotes. What is no UTF-8 becomes U+FFFD.
std::string JsonString(std::string_view text);

// A flat object, made by hand where there is no message.
class JsonObject {
 public:
  void Add(std::string_view name, std::string_view value) { AddRaw(name, JsonString(value)); }
  void Add(std::string_view name, bool value) { AddRaw(name, value ? "true" : "false"); }
  void Add(std::string_view name, const char* value) { Add(name, std::string_view(value)); }
  // `json` is a JSON value.
  void AddRaw(std::string_view name, std::string_view json);
  std::string Text() const { return "{" + fields_ + "}"; }

 private:
  std::string fields_;
};

}  // namespace liveness::rpc
