#include "server/rpc/heartbeat/heartbeat_codec.h"

#include <string>

#include <google/protobuf/unknown_field_set.h>

#include "common/utf8.h"

namespace liveness::rpc {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// The name of a text of Hello; null for any other field.
const char* TextName(int field) {
  switch (field) {
    case v1::Hello::kClientIdFieldNumber: return "hello.client_id";
    case v1::Hello::kInstanceIdFieldNumber: return "hello.instance_id";
    case v1::Hello::kLabelsFieldNumber: return "hello.labels";
    case v1::Hello::kHostFieldNumber: return "hello.host";
    case v1::Hello::kVersionFieldNumber: return "hello.version";
    case v1::Hello::kLocalAddressFieldNumber: return "hello.local_address";
    case v1::Hello::kLastWillFieldNumber: return "hello.last_will";
    default: return nullptr;
  }
}

// Calls `take` with the number and the content of each length-delimited field; false if the bytes are no
// message, or `take` says so of the content of one.
template <typename Take>
bool WalkTexts(std::span<const std::uint8_t> bytes, const Take& take) {
  UnknownFieldSet fields;
  if (!fields.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.type() != UnknownField::TYPE_LENGTH_DELIMITED) continue;
    if (!take(field.number(), field.length_delimited())) return false;
  }
  return true;
}

std::span<const std::uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool WalkHello(const std::string& hello, std::vector<common::FieldViolation>& violations) {
  return WalkTexts(BytesOf(hello), [&](int field, const std::string& text) {
    const char* const name = TextName(field);
    if (name == nullptr) return true;
    bool is_message = true;
    bool valid = true;
    if (field == v1::Hello::kLabelsFieldNumber) {
      is_message = WalkTexts(BytesOf(text), [&](int, const std::string& part) {
        valid = valid && common::IsValidUtf8(part);
        return true;
      });
    } else {
      valid = common::IsValidUtf8(text);
    }
    if (!valid) violations.push_back({name, "is not UTF-8"});
    return is_message;
  });
}

}  // namespace

const v1::HeartbeatRequest* ParseRequest(std::span<const std::uint8_t> bytes, StackArena& arena) {
  auto* request = google::protobuf::Arena::CreateMessage<v1::HeartbeatRequest>(arena.get());
  return request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ? request : nullptr;
}

std::vector<common::FieldViolation> TextsThatAreNoUtf8(std::span<const std::uint8_t> bytes) {
  std::vector<common::FieldViolation> violations;
  const bool is_message = WalkTexts(bytes, [&](int field, const std::string& message) {
    return field != v1::HeartbeatRequest::kHelloFieldNumber || WalkHello(message, violations);
  });
  if (!is_message) violations.clear();
  return violations;
}

}  // namespace liveness::rpc
